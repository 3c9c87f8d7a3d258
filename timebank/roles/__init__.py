"""Roles granted at organisations, and proxies who act for others."""
