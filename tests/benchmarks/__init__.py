"""What the project promises about speed and size, measured as ratios against plain PostgreSQL on the same machine."""
