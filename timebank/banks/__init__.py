"""Banks: the independent programmes, each with its own books and policy."""
