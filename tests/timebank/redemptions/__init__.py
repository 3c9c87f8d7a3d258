"""Redemptions: limits, and confirming quotes."""
