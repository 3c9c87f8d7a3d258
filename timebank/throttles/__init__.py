"""Token buckets in the database, so that guessing secrets is slowed whichever process is asked."""
