"""Privacy: consents, the register of looks, what a person may take along, and erasure."""
