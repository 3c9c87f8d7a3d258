"""Review: taking a candidate off the list or putting one on it, each with a word why. What was found stays as it is."""

from datetime import datetime
from typing import Final, Literal

from ledger.session import WriteTx
from timebank.access import Actor
from timebank.errors import RefusalError
from timebank.recognition.access import WRITE, check_judge, locked_round
from timebank.recognition.queries import Candidate, candidate

Reason = Literal[
    "declined", "misconduct", "mistake", "duplicate", "not_eligible", "special_merit", "cleared", "other"
]
"""Why, in a word that stays; what a note says of a person goes with the person."""

_SET = "update recognition_candidates c set state = $4 where c.bank_id = $1 and c.round_id = $2 and c.number = $3"
_ENTER = """
insert into recognition_decisions (bank_id, round_id, number, decision, reason, note, decided_by, decided_at)
values ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_TOUCH = "update recognition_rounds r set version = r.version + 1 where r.bank_id = $1 and r.id = $2"
_STATE: Final = {"exclude": "excluded", "include": "proposed", "revoke": "revoked"}


async def decide_candidate(  # noqa: PLR0913 -- each is a part of the decision
    tx: WriteTx,
    actor: Actor,
    *,
    round_id: int,
    number: int,
    decision: Literal["exclude", "include"],
    reason: Reason,
    note: str = "",
    expected_version: int | None = None,
    now: datetime,
) -> Candidate:
    """Take a candidate of a round in review off the list, or put one on it whatever was found.

    Raises:
        RefusalError: `forbidden`, `unknown_round`, `version_differs`, `round_at_other_step`, `unknown_candidate`,
            `recognition_of_own`, `already_excluded`, `already_proposed`.
    """
    await locked_round(tx, actor, WRITE, round_id, expected_version=expected_version, states=("review",))
    found = await candidate(tx, round_id, number)
    await check_judge(tx, actor, found, now=now)
    if found.state == _STATE[decision]:
        raise RefusalError("already_excluded" if decision == "exclude" else "already_proposed")
    await enter_decision(tx, actor, found, decision, reason, note=note, now=now)
    return await candidate(tx, round_id, number)


async def enter_decision(
    tx: WriteTx,
    actor: Actor,
    found: Candidate,
    decision: Literal["exclude", "include", "revoke"],
    reason: str,
    *,
    note: str = "",
    now: datetime,
) -> None:
    """Note a decision about a candidate of a locked round, and let its state follow; the round is another then."""
    await tx.connection.execute(
        _ENTER, tx.bank_id, found.round_id, found.number, decision, reason, note, actor.person_id, now
    )
    await tx.connection.execute(_SET, tx.bank_id, found.round_id, found.number, _STATE[decision])
    await tx.connection.execute(_TOUCH, tx.bank_id, found.round_id)
