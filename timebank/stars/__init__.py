"""Stars: how each volunteer rises by all hours served, and never falls without a reason."""
