"""Vouchers: numbered, signed, expiring promises of an offer, each backed by a hold."""
