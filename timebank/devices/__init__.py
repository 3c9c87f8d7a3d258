"""Devices: stations and tills, actors of their own, enrolled by a QR that is good once."""
