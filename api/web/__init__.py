"""The pages: server-rendered on one base template, Chinese first and English, for browsers and for nobody else.

They are no part of the API's schema. What a page does, it does through the same actions and permissions as the API.
"""

from api.web import (
    catalogue,
    login,
    member,
    merchant,
    notices,
    offering,
    office,
    scanning,
    selling,
    solvency,
    spending,
    start,
    static,
    stations,
    tills,
)

PARTS = (
    start,
    login,
    scanning,
    member,
    spending,
    catalogue,
    offering,
    merchant,
    stations,
    selling,
    tills,
    office,
    solvency,
    notices,
    static,
)
ROUTES = tuple(route for part in PARTS for route in part.router.routes)
