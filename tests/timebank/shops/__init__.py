"""Scans: rules, recording, receipts, offline queues."""
