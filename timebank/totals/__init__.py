"""Totals of a bank, counted from the books and the registers."""
