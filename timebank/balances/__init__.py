"""What a person has: balances by unit and lot, statements, and the standing that comes of them."""
