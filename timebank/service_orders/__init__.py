"""Service orders: service asked for and paid with time-coins."""
