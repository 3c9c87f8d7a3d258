"""Budgets: what an organisation may issue of a unit, and the credits that wait for more of it."""
