"""Reservations: making, cancelling, picking up, lapsing."""
