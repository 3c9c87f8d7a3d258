"""Whose word counts."""

from uuid import uuid4

import pytest

from timebank.errors import RefusalError
from timebank.privacy.rules import Purpose, check_declarer

SELF, MOTHER, AGENT, STRANGER = uuid4(), uuid4(), uuid4(), uuid4()


def said(
    purpose: Purpose, *, is_given: bool, by: object, is_minor: bool = False, has_agent: bool = True
) -> str:
    """Return what a declaration comes to."""
    try:
        check_declarer(
            purpose,
            is_given=is_given,
            person_id=SELF,
            declared_by=by,  # type: ignore[arg-type]  # None is what it refuses
            guardians={MOTHER} if is_minor else set(),
            agents={AGENT} if has_agent else set(),
        )
    except RefusalError as refusal:
        return refusal.code
    return "declared"


def test_a_grown_up_and_their_agent_give_and_withdraw() -> None:
    for purpose in set(Purpose) - {Purpose.GUARDIAN}:
        for by in (SELF, AGENT):
            assert said(purpose, is_given=True, by=by) == "declared"
            assert said(purpose, is_given=False, by=by) == "declared"
        assert said(purpose, is_given=True, by=AGENT, has_agent=False) == "declarer_not_entitled"


def test_for_a_minor_a_guardian_gives_and_everybody_concerned_withdraws() -> None:
    for purpose in Purpose:
        assert said(purpose, is_given=True, by=MOTHER, is_minor=True) == "declared"
        for by in (SELF, AGENT):
            assert said(purpose, is_given=True, by=by, is_minor=True) == "guardian_needed"
        for by in (SELF, MOTHER, AGENT):
            assert said(purpose, is_given=False, by=by, is_minor=True) == "declared"


def test_consent_as_a_guardian_is_given_by_one_only() -> None:
    assert said(Purpose.GUARDIAN, is_given=True, by=SELF) == "guardian_needed"
    assert said(Purpose.GUARDIAN, is_given=False, by=SELF) == "declared"


@pytest.mark.parametrize("is_given", [True, False])
def test_nobody_else_says_anything(is_given: bool) -> None:
    for is_minor in (True, False):
        assert (
            said(Purpose.LOCATION, is_given=is_given, by=STRANGER, is_minor=is_minor)
            == "declarer_not_entitled"
        )
