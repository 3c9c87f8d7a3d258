"""The pages: server-rendered on one base template, Chinese first and English, for browsers and for nobody else.

They are no part of the API's schema. What a page does, it does through the same actions and permissions as the API.
A folder per kind of user; beside them what all pages have in common.
"""

from api.web import merchant, office, public, shop, static, station, till, volunteer

AREAS = (public, volunteer, station, till, shop, merchant, office)
ROUTES = tuple(
    route
    for part in (*(part for area in AREAS for part in area.PARTS), static)
    for route in part.router.routes
)
