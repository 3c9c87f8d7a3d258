"""The pages: server-rendered on one base template, Chinese first and English, for browsers and for nobody else.

They are no part of the API's schema. What a page does, it does through the same actions and permissions as the API.
"""

from api.web import login, member, notices, office, scanning, start, static, stations

ROUTES = tuple(
    route
    for part in (start, login, scanning, member, stations, office, notices, static)
    for route in part.router.routes
)
