"""A month of a district: who lives and works there, what they do, and the sums that somebody else keeps beside it."""
