"""Passes: a member's phone that makes rotating codes without network."""
