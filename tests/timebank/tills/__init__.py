"""Tills: opening and closing, what a member shows, quotes."""
