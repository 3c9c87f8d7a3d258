"""Proof that history was not rewritten: Merkle trees, signed checkpoints and offline proof files."""
