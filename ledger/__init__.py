"""An append-only double-entry ledger on PostgreSQL; it knows no volunteers and no HTTP. See README.md."""
