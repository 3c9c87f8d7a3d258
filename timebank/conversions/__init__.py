"""Conversions: one unit into another by the rates of the policy pack."""
