"""Taking back: a round before it is published, and afterwards one candidate or the whole list, for all to see."""

from datetime import datetime
from typing import Final, Literal

from ledger.session import WriteTx
from timebank.access import Actor
from timebank.certificates.revoking import revoke_for_candidate
from timebank.errors import RefusalError
from timebank.notifications.actions import tell
from timebank.recognition.access import APPROVE, WRITE, check_judge, locked_round
from timebank.recognition.approving import tell_listed
from timebank.recognition.deciding import enter_decision
from timebank.recognition.queries import Candidate, Round, RoundState, candidate, round_of

EndReason = Literal["mistake", "criteria", "period", "superseded", "other"]
"""Why a round is given up or revoked, in a word."""

RevokeReason = Literal["declined", "misconduct", "mistake", "records_corrected", "other"]

_UNPUBLISHED: Final[tuple[RoundState, ...]] = ("computing", "review", "notice", "approved")

_END = """
update recognition_rounds r set state = $3, ended_at = $4, ended_by = $5, end_reason = $6, version = r.version + 1
where r.bank_id = $1 and r.id = $2
"""


async def withdraw_round(
    tx: WriteTx,
    actor: Actor,
    *,
    round_id: int,
    reason: EndReason,
    expected_version: int | None = None,
    now: datetime,
) -> Round:
    """Give a round up before it is published; another may be opened of the same days.

    Raises:
        RefusalError: `forbidden`, `unknown_round`, `version_differs`, `round_at_other_step`.
    """
    await locked_round(tx, actor, WRITE, round_id, expected_version=expected_version, states=_UNPUBLISHED)
    await tx.connection.execute(_END, tx.bank_id, round_id, "withdrawn", now, actor.person_id, reason)
    return await round_of(tx, round_id)


async def revoke_round(
    tx: WriteTx,
    actor: Actor,
    *,
    round_id: int,
    reason: EndReason,
    expected_version: int | None = None,
    now: datetime,
) -> Round:
    """Revoke a published list with every certificate that was issued of it, and tell who was on it.

    Raises:
        RefusalError: `forbidden`, `unknown_round`, `version_differs`, `round_at_other_step`.
    """
    await locked_round(tx, actor, APPROVE, round_id, expected_version=expected_version, states=("published",))
    await tx.connection.execute(_END, tx.bank_id, round_id, "revoked", now, actor.person_id, reason)
    await revoke_for_candidate(tx, round_id=round_id, by=actor.text, now=now)
    await tell_listed(tx, round_id, "recognition_revoked")
    return await round_of(tx, round_id)


async def revoke_candidate(  # noqa: PLR0913 -- each is a part of the decision
    tx: WriteTx,
    actor: Actor,
    *,
    round_id: int,
    number: int,
    reason: RevokeReason,
    note: str = "",
    expected_version: int | None = None,
    now: datetime,
) -> Candidate:
    """Take one candidate off a published list, with the certificate if there is one, and tell them.

    Raises:
        RefusalError: `forbidden`, `unknown_round`, `version_differs`, `round_at_other_step`, `unknown_candidate`,
            `recognition_of_own`, `already_revoked`, `not_on_list`.
    """
    await locked_round(tx, actor, APPROVE, round_id, expected_version=expected_version, states=("published",))
    found = await candidate(tx, round_id, number)
    await check_judge(tx, actor, found, now=now)
    if found.state == "revoked":
        raise RefusalError("already_revoked")
    if found.state != "proposed":
        raise RefusalError("not_on_list")
    await enter_decision(tx, actor, found, "revoke", reason, note=note, now=now)
    await revoke_for_candidate(tx, round_id=round_id, number=number, by=actor.text, now=now)
    if found.person_id is not None:
        await tell(
            tx, [found.person_id], "recognition_revoked", round=round_id, number=number, level=found.level
        )
    return await candidate(tx, round_id, number)
