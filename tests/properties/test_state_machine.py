"""Whatever is posted in whatever order: the ledger answers and shows what the naive model says."""

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.properties.machine import LedgerMachine
from tests.properties.world import World
from timebank.database import Address

SETTINGS = settings(
    max_examples=60,
    stateful_step_count=35,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.timeout(600)  # a failure is made small before it is shown
def test_it_answers_and_shows_what_the_model_says(address: Address) -> None:
    with World.open(address) as world:
        machine = type("Machine", (LedgerMachine,), {"world": world})
        run_state_machine_as_test(machine, settings=SETTINGS)
