"""Whoever does whatever to a record: each is answered what the model says, and Alice has what is credited."""

import pytest
from hypothesis import HealthCheck, settings

from tests.properties.record_machine import RecordMachine
from tests.properties.running import run_on_database
from timebank.database import Address

SETTINGS = settings(
    max_examples=60,
    stateful_step_count=25,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.timeout(600)  # a failure is made small before it is shown
def test_a_record_is_what_the_model_says(address: Address) -> None:
    run_on_database(RecordMachine, address, SETTINGS)
