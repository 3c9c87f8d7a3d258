"""The schema as SQLAlchemy sees it: what `make check` holds the migrations to. Queries are SQL, not this."""

from ledger.tables import metadata

__all__ = ["metadata"]
