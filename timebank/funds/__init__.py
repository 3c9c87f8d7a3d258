"""Funds: money that settles shops and merchants, and time-coins donated for elders."""
