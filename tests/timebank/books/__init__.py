"""Taking transactions back."""
