"""People: who serves, holds roles, receives service or guards a minor, and where each belongs."""
