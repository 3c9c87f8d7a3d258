"""Proof for people: sealing a bank's books with its key, proving a record, auditing against what was anchored."""
