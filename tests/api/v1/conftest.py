"""The way in for tests of logins, and a clock."""

import pytest

from api.service import Service
from tests.api.cast import Cast
from tests.api.conftest import As
from tests.api.entering import Clock, Door, Phones


@pytest.fixture
def door(as_: As, cast: Cast, service: Service) -> Door:
    """Return the way in, with a sender and a clock of its own."""
    clock, phones = Clock(), Phones()
    service.now = clock
    service.sender = phones
    return Door(as_, cast, service, clock, phones)


@pytest.fixture
def clock(service: Service) -> Clock:
    """Return the clock that the service goes by; it stands still."""
    clock = Clock()
    service.now = clock
    return clock
