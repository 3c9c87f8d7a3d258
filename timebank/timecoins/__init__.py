"""Time-coins: service for service. How many somebody keeps, up to the pack's cap, and where the rest goes."""
