"""Settlements: monthly statements of what was taken, approved and paid from a fund."""
