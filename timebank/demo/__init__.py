"""A small invented community, booked through the real import."""
