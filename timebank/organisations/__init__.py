"""Organisations: the tree from the district down to the grid, and the teams."""
