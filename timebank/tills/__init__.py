"""Tills: a cashier's open session at an enrolled device, and the basket of who stands there."""
