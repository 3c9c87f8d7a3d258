"""Public notices: the masked list before crediting, objections, and the credit."""
