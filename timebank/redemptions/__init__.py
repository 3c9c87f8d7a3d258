"""Redemptions: points out, goods out; and refunds: both back."""
