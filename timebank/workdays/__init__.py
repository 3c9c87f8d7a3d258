"""Working days by the Chinese calendar, with what a bank changes of it."""
