"""What people do with the pages, in a real browser without a window."""
