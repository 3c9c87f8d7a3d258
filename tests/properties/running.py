"""Running a state machine on the real database, from code that is not asynchronous."""

import asyncio
import contextlib

from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from timebank.database import APP, Address, Database


def run_on_database(machine: type[RuleBasedStateMachine], address: Address, how: settings) -> None:
    """Run a machine that finds an event loop and the database, as the app role sees it, on its class."""
    loop = asyncio.new_event_loop()
    stack = contextlib.AsyncExitStack()
    with contextlib.closing(loop):
        connected = Database.connect(address, APP, max_size=4)
        database = loop.run_until_complete(stack.enter_async_context(connected))
        try:
            parts = {"loop": loop, "database": database}
            run_state_machine_as_test(type("Machine", (machine,), parts), settings=how)
        finally:
            loop.run_until_complete(stack.aclose())
