"""However lots end, on time or late, in batches of whatever size, past deaths: everybody has what the model says."""

import pytest
from hypothesis import HealthCheck, settings

from tests.properties.ending_machine import EndingMachine
from tests.properties.running import run_on_database
from timebank.database import Address

SETTINGS = settings(
    max_examples=15,
    stateful_step_count=20,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.timeout(600)  # a failure is made small before it is shown
def test_lots_end_as_the_model_says(address: Address) -> None:
    run_on_database(EndingMachine, address, SETTINGS)
