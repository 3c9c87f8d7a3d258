"""Migrations: hand-written SQL, one file a version, and the runner that applies them."""

HEAD = "0008"
"""The version that this program runs on; it refuses any other."""
