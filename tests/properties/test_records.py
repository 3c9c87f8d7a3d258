"""Whoever does whatever to a record: each is answered what the model says, and Alice has what is credited."""

import asyncio
import contextlib

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.properties.record_machine import RecordMachine
from timebank.database import APP, Address, Database

SETTINGS = settings(
    max_examples=60,
    stateful_step_count=25,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.timeout(600)  # a failure is made small before it is shown
def test_a_record_is_what_the_model_says(address: Address) -> None:
    loop = asyncio.new_event_loop()
    stack = contextlib.AsyncExitStack()
    with contextlib.closing(loop):
        connected = Database.connect(address, APP, max_size=4)
        database = loop.run_until_complete(stack.enter_async_context(connected))
        try:
            parts = {"loop": loop, "database": database}
            run_state_machine_as_test(type("Machine", (RecordMachine,), parts), settings=SETTINGS)
        finally:
            loop.run_until_complete(stack.aclose())
