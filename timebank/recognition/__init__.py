"""Recognition: standings by the day, and the rounds that make, show and publish a list."""
