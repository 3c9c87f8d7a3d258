"""The domain of a volunteer time bank, a folder per noun."""
