"""The pages: server-rendered on one base template, Chinese first and English, for browsers and for nobody else.

They are no part of the API's schema. What a page does, it does through the same actions and permissions as the API.
"""

from api.web import (
    candidate,
    catalogue,
    jobs,
    login,
    member,
    merchant,
    notices,
    offering,
    office,
    recognised,
    recognition,
    scanning,
    selling,
    solvency,
    spending,
    start,
    static,
    stations,
    tills,
    told,
    verifying,
    workspace,
    workspace_files,
)

PARTS = (
    start,
    login,
    scanning,
    member,
    told,
    spending,
    catalogue,
    offering,
    merchant,
    stations,
    selling,
    tills,
    office,
    jobs,
    recognition,
    workspace,
    workspace_files,
    candidate,
    recognised,
    solvency,
    notices,
    verifying,
    static,
)
ROUTES = tuple(route for part in PARTS for route in part.router.routes)
