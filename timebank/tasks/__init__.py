"""What takes longer than a request: imports and exports, asked for at the door and done by a worker beside it."""
