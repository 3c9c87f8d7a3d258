"""The command line: every command opens the database itself, says what it did, and ends with a meaning."""

from timebank.cli.app import main

__all__ = ["main"]
