"""Merchants: the vetted whitelist."""
