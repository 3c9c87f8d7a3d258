"""Service records: what becomes of attendances."""
