"""Solvency: what was issued, spent and is still out, what stands behind it, and how that will go on."""
