"""The vault: personal fields, sealed one by one with a key that is not in the database."""
