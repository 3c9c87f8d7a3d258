"""The pages: server-rendered on one base template, Chinese first and English, for browsers and for nobody else.

They are no part of the API's schema. What a page does, it does through the same actions and permissions as the API.
"""

from fastapi import APIRouter

from api.web import login, member, notices, office, scanning, start, static, stations

router = APIRouter(include_in_schema=False, tags=["pages"])
for _part in (start, login, scanning, member, stations, office, notices, static):
    router.include_router(_part.router)
