"""Stock: receiving, transferring, counting and writing off, by somebody other than the cashier."""
