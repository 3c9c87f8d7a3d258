"""Programs of others that are told of what happens, signed."""
