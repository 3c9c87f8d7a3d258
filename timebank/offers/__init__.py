"""Offers: what fufen buy at merchants, how they are taken there, and complaints."""
