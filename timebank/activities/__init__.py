"""Activities: what is done, its planned sessions, and who signs up for them."""
