"""Routers whose routes name their whole path, so that the application finds every route in one flat list.

A router included in another is matched anew at each level, and counts the routes below it for every request: with forty
resources that took longer than the answer.
"""

from fastapi import APIRouter


def resource(prefix: str = "", *, tag: str) -> APIRouter:
    """Return the router of a resource of the JSON API."""
    return APIRouter(prefix=f"/api/v1{prefix}", tags=[tag], strict_content_type=False)


def bare() -> APIRouter:
    """Return a router of what is no part of the API's schema."""
    return APIRouter(include_in_schema=False, strict_content_type=False)
