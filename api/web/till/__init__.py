"""The counter of a points supermarket."""

from api.web.till import refunds, selling, shifts, tills

PARTS = (selling, refunds, tills, shifts)
