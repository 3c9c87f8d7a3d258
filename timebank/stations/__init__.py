"""Stations: where people check in, and the codes they show."""
