"""Every refusal of the ledger has words, a status, and what its sentence speaks of."""

import re
from datetime import date

import pytest

from api.ledger_refusals import refusal_of
from api.problems import problem_body
from ledger.values import Refused

DETAILS: dict[str, dict[str, object]] = {
    "unknown_unit": {"unit": "x"},
    "unknown_transaction": {"transaction_id": 7},
    "not_reversible": {"transaction_id": 7, "kind": "hold"},
    "not_a_hold": {"transaction_id": 7},
    "already_reversed": {"transaction_id": 7},
    "already_resolved": {"transaction_id": 7},
    "period_closed": {"closed_before": "2026-01-01T00:00:00+08:00"},
    "hold_expired": {"hold_until": "2026-01-01T00:00:00+08:00"},
    "not_spendable": {"unit": "minute"},
    "exchange_not_allowed": {"from_unit": "point", "to_unit": "x"},
    "lot_expired": {"unit": "point", "expires_on": "2025-12-31"},
    "insufficient": {"unit": "point", "class_": "value", "available": 1, "requested": 2},
}
"""What `ledger.deciding` gives with each code."""


def test_these_are_all_the_codes() -> None:
    documented = set(re.findall(r"`([a-z_]+)`", Refused.__doc__ or "")) - {"detail"}
    assert documented == DETAILS.keys()


@pytest.mark.parametrize("code", DETAILS)
def test_a_refusal_of_the_ledger_is_a_problem(code: str) -> None:
    refusal = refusal_of(Refused(code, 1, DETAILS[code]), day=date(2026, 1, 1))
    body = problem_body(refusal.code, refusal.params)
    expected = 404 if code.startswith("unknown") else 409 if code.startswith("already") else 422
    assert (body["code"], body["status"]) == (code, expected)
    assert "{" not in str(body["detail"])
