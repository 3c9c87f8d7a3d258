"""Notifications: what a person is told inside the service."""
