"""Reservations: goods set aside for a member until they are picked up."""
