"""What ends when, and who was warned of it."""
