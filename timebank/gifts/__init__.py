"""Gifts: time-coins given to kin, donated to a care fund, granted from it."""
