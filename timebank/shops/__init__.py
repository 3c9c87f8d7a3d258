"""Shops: where points are redeemed, what they hold, and what was handed out."""
