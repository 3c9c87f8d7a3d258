"""A merchant's offers, their codes, and what was settled."""

from api.web.merchant import editing, merchant, offering, statements

PARTS = (merchant, offering, editing, statements)
