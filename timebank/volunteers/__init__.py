"""Volunteers: who serves, known to the ledger only by a pseudonymous owner."""
