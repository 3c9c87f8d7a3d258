"""Dossiers: what 民政部令第67号 wants recorded of each volunteer, put together for who must hand it on."""
