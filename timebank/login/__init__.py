"""Logging in: codes, passwords with TOTP, printed links; the sessions that come of it and their tokens."""
