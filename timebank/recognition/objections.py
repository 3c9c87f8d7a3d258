"""Objections to who is on a list: one freezes the line until an office has decided it, and nothing is approved before.

Whom it is about is not told who objects. What is struck after an objection stays among the decisions like any other.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal

from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check, reach
from timebank.errors import RefusalError
from timebank.notices.objections import MAX_OPEN, Objection
from timebank.notifications.actions import tell
from timebank.permissions import Role
from timebank.recognition.access import check_judge, lock_round, locked_round
from timebank.recognition.deciding import enter_decision
from timebank.recognition.noticing import is_notice_over
from timebank.recognition.queries import Candidate, candidate, round_of
from timebank.roles.queries import who_reaches

if TYPE_CHECKING:
    from timebank.vault.cipher import Cipher

Decision = Literal["upheld", "dismissed"]

DECIDE: Final = "objections.decide"
OBJECTION: Final = "objection"
"""The reason of an exclusion that follows from an objection."""

_IS_AGAIN = """
select exists (select from recognition_objections o where o.bank_id = $1 and o.round_id = $2 and o.number = $3
  and o.raised_by = $4 and o.decided_at is null)
"""
_OPEN_OF = """
select count(*) from recognition_objections o
join recognition_rounds r on r.bank_id = $1 and r.id = o.round_id and r.state = 'notice'
where o.bank_id = $1 and o.raised_by = $2 and o.decided_at is null
"""
_RAISE = """
insert into recognition_objections (bank_id, round_id, number, ground, raised_by, raised_at)
values ($1, $2, $3, $4, $5, $6) returning id
"""
_CONTACT = """
update recognition_objections o set contact_sealed = $3, contact_key_id = $4 where o.bank_id = $1 and o.id = $2
"""
_FREEZE = """
update recognition_candidates c set state = 'objected'
where c.bank_id = $1 and c.round_id = $2 and c.number = $3 and c.state = 'proposed' returning 1
"""
_THAW = """
update recognition_candidates c set state = 'proposed' where c.bank_id = $1 and c.round_id = $2 and c.number = $3
  and c.state = 'objected' and not exists (select from recognition_objections o
    where o.bank_id = $1 and o.round_id = $2 and o.number = $3 and o.decided_at is null)
"""
_FOUND = """
select o.round_id, o.number, o.decided_at, r.organisation_id from recognition_objections o
join recognition_rounds r on r.bank_id = $1 and r.id = o.round_id
where o.bank_id = $1 and o.id = $2
"""
_HAS_OBJECTED = """
select exists (select from recognition_objections o
  where o.bank_id = $1 and o.round_id = $2 and o.number = $3 and o.raised_by = $4)
"""
_HAS_DECIDED = """
select exists (select from recognition_decisions d
  where d.bank_id = $1 and d.round_id = $2 and d.number = $3 and d.decided_by = $4)
"""
# Upheld, the candidate is off the list for all who objected.
_DECIDE = """
update recognition_objections o set decided_at = $5, decided_by = $6, decision = $7, reason = $8
where o.bank_id = $1 and o.round_id = $2 and o.number = $3 and o.decided_at is null
  and (o.id = $4 or $7 = 'upheld') returning o.id, o.raised_by
"""


@dataclass(frozen=True, slots=True)
class Decided:
    """An objection decided, and what became of the candidate with it: on the list, frozen still, or off it."""

    objection_id: int
    decision: Decision
    candidate: Candidate


async def raise_objection(
    tx: WriteTx,
    actor: Actor,
    cipher: "Cipher",
    *,
    round_id: int,
    number: int,
    objection: Objection,
    now: datetime,
) -> int:
    """Object to a candidate on an open notice and return the objection's id; the line is frozen, the office is told.

    Raises:
        RefusalError: `forbidden`, `unknown_line` (no notice shows it), `notice_over`, `line_settled`,
            `already_objected` (by the same person), `too_many_objections`.
    """
    check(actor, "objections.raise")
    if actor.person_id is None:
        raise RefusalError("unknown_line")
    await lock_round(tx, round_id)
    shown, found = await _shown(tx, round_id, number)
    if shown != "notice" or is_notice_over(await round_of(tx, round_id), tx.day(now)):
        raise RefusalError("notice_over")
    if found.state not in {"proposed", "objected"}:
        raise RefusalError("line_settled")
    if await tx.connection.fetchval(_IS_AGAIN, tx.bank_id, round_id, number, actor.person_id):
        raise RefusalError("already_objected")
    if await tx.connection.fetchval(_OPEN_OF, tx.bank_id, actor.person_id) >= MAX_OPEN:
        raise RefusalError("too_many_objections", limit=MAX_OPEN)
    id_: int = await tx.connection.fetchval(
        _RAISE, tx.bank_id, round_id, number, objection.ground, actor.person_id, now
    )
    if objection.contact:
        sealed = cipher.seal(tx.bank_id, actor.person_id, contact_field(id_), objection.contact)
        await tx.connection.execute(_CONTACT, tx.bank_id, id_, sealed, cipher.key_id)
    is_first = await tx.connection.fetchval(_FREEZE, tx.bank_id, round_id, number)
    if is_first and found.person_id is not None:
        await tell(tx, [found.person_id], "recognition_objected", round=round_id, number=number)
    organisation_id = (await round_of(tx, round_id)).organisation_id
    office = await who_reaches(tx, Role.OFFICE, [organisation_id], now=now)
    judges = [who for who in office if who != found.person_id]
    await tell(tx, judges, "recognition_objection_raised", objection=id_, round=round_id)
    return id_


async def decide_objection(
    tx: WriteTx, actor: Actor, *, objection_id: int, decision: Decision, reason: str, now: datetime
) -> Decided:
    """Decide an objection while its notice is not approved; who objected is told.

    Dismissed, the line is shown again unless somebody else objects to it too. Upheld, the candidate is off the list,
    and every other objection to the line is decided with it.

    Raises:
        RefusalError: `forbidden`, `unknown_objection`, `round_at_other_step`, `already_decided_objection`, and where
            somebody may not judge: `decision_by_objector`, `recognition_of_own`, `decision_by_decider` (in the review).
    """
    nodes = await reach(tx, actor, DECIDE)
    row = await tx.connection.fetchrow(_FOUND, tx.bank_id, objection_id)
    if row is None or (nodes is not None and row["organisation_id"] not in nodes):
        raise RefusalError("unknown_objection")
    round_id, number = row["round_id"], row["number"]
    await locked_round(tx, actor, DECIDE, round_id, expected_version=None, states=("notice",))
    row = await tx.connection.fetchrow(_FOUND, tx.bank_id, objection_id)
    assert row is not None  # noqa: S101 -- objections are never deleted
    if row["decided_at"] is not None:
        raise RefusalError("already_decided_objection")
    # Whoever objected to the line: upheld for another, it is upheld for them.
    if await tx.connection.fetchval(_HAS_OBJECTED, tx.bank_id, round_id, number, actor.person_id):
        raise RefusalError("decision_by_objector")
    found = await candidate(tx, round_id, number)
    await check_judge(tx, actor, found, now=now)
    if await tx.connection.fetchval(_HAS_DECIDED, tx.bank_id, round_id, number, actor.person_id):
        raise RefusalError("decision_by_decider")
    told = await tx.connection.fetch(
        _DECIDE, tx.bank_id, round_id, number, objection_id, now, actor.person_id, decision, reason
    )
    if decision == "upheld":
        await enter_decision(tx, actor, found, "exclude", OBJECTION, now=now)
    else:
        await tx.connection.execute(_THAW, tx.bank_id, round_id, number)
    for each in told:
        if each["raised_by"] is not None:
            await tell(
                tx,
                [each["raised_by"]],
                "recognition_objection_decided",
                objection=each["id"],
                decision=decision,
            )
    return Decided(objection_id, decision, await candidate(tx, round_id, number))


def contact_field(objection_id: int) -> str:
    """Return the name under which an objector's contact is sealed."""
    return f"recognition_objection:{objection_id}"


async def _shown(tx: ReadTx, round_id: int, number: int) -> tuple[str, Candidate]:
    """Return a line that a notice shows or has shown, and the round's state."""
    try:
        found = await candidate(tx, round_id, number)
        round_ = await round_of(tx, round_id)
    except RefusalError:
        raise RefusalError("unknown_line") from None
    if found.masked_name is None or round_.state == "withdrawn":
        raise RefusalError("unknown_line")
    return round_.state, found
