"""Recognition: stars and the annual list."""
