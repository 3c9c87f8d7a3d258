"""Whatever is done with vouchers in whatever order: each is answered as the model says, and the books are whole."""

import pytest
from hypothesis import HealthCheck, settings

from tests.properties.running import run_on_database
from tests.properties.voucher_machine import VoucherMachine
from timebank.database import Address

SETTINGS = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    print_blob=True,
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.timeout(600)  # a failure is made small before it is shown
def test_vouchers_are_what_the_model_says(address: Address) -> None:
    run_on_database(VoucherMachine, address, SETTINGS)
