"""Scans: check-ins and check-outs as they arrive, decided by many at once."""
