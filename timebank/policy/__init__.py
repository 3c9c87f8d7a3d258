"""Policy packs: the versioned, effective-dated rules of a bank, as data."""
