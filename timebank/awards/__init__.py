"""Awards: points given by hand, by the office."""
