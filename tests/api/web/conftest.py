"""Browsers of the cast, and a morning to check in to."""

from datetime import timedelta

import pytest
import pytest_asyncio
from fastapi import FastAPI

from api.service import Service
from tests.api.cast import Cast
from tests.api.conftest import As
from tests.api.entering import Clock, Door, Phones
from tests.api.web.browser import Browser, Browsers, logged_in
from tests.api.web.counter import Counter
from tests.timebank.scans.scene import Scene, open_scene
from tests.timebank.shops.scene import NOW
from tests.timebank.tills.scene import open_desk
from timebank.database import Database


@pytest.fixture
def door(as_: As, cast: Cast, service: Service) -> Door:
    """Return the way in, with a sender and a clock of its own."""
    clock, phones = Clock(), Phones()
    service.now = clock
    service.sender = phones
    return Door(as_, cast, service, clock, phones)


@pytest.fixture
def browser(app: FastAPI, door: Door) -> Browser:
    """Return a stranger's browser."""
    del door  # which sets the clock
    return Browser(app)


@pytest.fixture
def of(app: FastAPI, service: Service, cast: Cast, door: Door) -> Browsers:
    """Return the way to a browser in which one of the cast is logged in."""
    del door  # which sets the clock
    return lambda name: logged_in(app, service, cast, name)


@pytest_asyncio.fixture
async def scene(database: Database, cast: Cast, door: Door) -> Scene:
    """Return a session that begins in ten minutes, on the same day, with two stations in apple."""
    now = door.clock.at.astimezone(cast.bank.zone)
    if now.date() != (now + timedelta(minutes=10)).date():
        door.clock.pass_(minutes=10)
    return await open_scene(database, cast, starts=door.clock.at + timedelta(minutes=10))


@pytest_asyncio.fixture
async def counter(database: Database, cast: Cast, door: Door) -> Counter:
    """Return a counter on a Saturday morning; no till is open yet."""
    door.clock.at = NOW
    return Counter(door, await open_desk(database, cast))
