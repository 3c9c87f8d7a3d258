"""Objections (异议): one freezes a line of a notice until the office has decided it.

Whom it is about is not told who objects: entries of the record name the notice, not the objector. The record's row
is locked first, so that a line is never credited while somebody objects to it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal
from uuid import UUID

from ledger.session import WriteTx
from timebank.access import Actor, check, reach, represented
from timebank.errors import RefusalError
from timebank.notices.crediting import By, credit_records
from timebank.notices.rules import is_over
from timebank.notifications.actions import tell
from timebank.permissions import Role
from timebank.records.entries import Kind, State, enter, move
from timebank.records.queries import IS_BY_HAND
from timebank.roles.queries import who_reaches

if TYPE_CHECKING:
    import asyncpg

    from timebank.vault.cipher import Cipher

Decision = Literal["upheld", "dismissed"]

MAX_OPEN = 20
"""Undecided objections of one person: nobody freezes a whole board."""

_RECORD = "select record_id from notice_lines where bank_id = $1 and notice_id = $2 and line = $3"
_LOCK = "select r.id from service_records r where r.bank_id = $1 and r.id = $2 for update"
_LINE = """
select l.state, r.state as record_state, n.closes_on, n.closed_at, n.organisation_id, a.organisation_id as activity_of,
  a.team_id, v.owner,
  exists (select from objections o where o.bank_id = $1 and o.notice_id = $2 and o.record_id = $3
    and o.raised_by = $4 and o.decided_at is null) as is_again
from notice_lines l
join notices n on n.bank_id = $1 and n.id = l.notice_id
join service_records r on r.bank_id = $1 and r.id = l.record_id
join activities a on a.bank_id = $1 and a.id = r.activity_id
join volunteers v on v.bank_id = $1 and v.id = r.volunteer_id
where l.bank_id = $1 and l.notice_id = $2 and l.record_id = $3
"""
_OPEN_OF = "select count(*) from objections where bank_id = $1 and raised_by = $2 and decided_at is null"
_RAISE = """
insert into objections (bank_id, notice_id, record_id, ground, raised_by, raised_at)
values ($1, $2, $3, $4, $5, $6) returning id
"""
_CONTACT = "update objections set contact_sealed = $3, contact_key_id = $4 where bank_id = $1 and id = $2"
_SET_LINE = "update notice_lines set state = $4 where bank_id = $1 and notice_id = $2 and record_id = $3"
_FOUND = """
select o.notice_id, o.record_id, n.organisation_id, a.organisation_id as activity_of, a.team_id
from objections o
join notices n on n.bank_id = $1 and n.id = o.notice_id
join service_records r on r.bank_id = $1 and r.id = o.record_id
join activities a on a.bank_id = $1 and a.id = r.activity_id
where o.bank_id = $1 and o.id = $2
"""
_STANDING = f"""
select o.decided_at, n.closes_on, v.owner,
  coalesce(a.created_by = $3, false) or {IS_BY_HAND.format(n=4)} as has_entered,
  exists (select from record_entries e where e.bank_id = $1 and e.record_id = o.record_id
    and e.kind in ('approved', 'approved_second') and e.person_id = $3) as has_approved,
  exists (select from objections x where x.bank_id = $1 and x.notice_id = o.notice_id and x.record_id = o.record_id
    and x.raised_by = $3) as has_objected
from objections o
join notices n on n.bank_id = $1 and n.id = o.notice_id
join service_records r on r.bank_id = $1 and r.id = o.record_id
join activities a on a.bank_id = $1 and a.id = r.activity_id
join volunteers v on v.bank_id = $1 and v.id = r.volunteer_id
where o.bank_id = $1 and o.id = $2
"""  # noqa: S608 -- ours
_DISMISS = """
update objections set decided_at = $3, decided_by = $4, decision = 'dismissed', reason = $5
where bank_id = $1 and id = $2 returning raised_by
"""
# The line is struck for all who objected to it.
_UPHOLD = """
update objections set decided_at = $4, decided_by = $5, decision = 'upheld', reason = $6
where bank_id = $1 and notice_id = $2 and record_id = $3 and decided_at is null returning raised_by
"""
_IS_OPEN = """
select exists (select from objections where bank_id = $1 and notice_id = $2 and record_id = $3 and decided_at is null)
"""


@dataclass(frozen=True, slots=True)
class Objection:
    """What somebody says against a line, and how to reach them if they wish."""

    ground: str
    contact: str | None = None


@dataclass(frozen=True, slots=True)
class Decided:
    """An objection decided, and whether the line was credited with it because the notice was over."""

    objection_id: int
    decision: Decision
    is_credited: bool


async def raise_objection(
    tx: WriteTx,
    actor: Actor,
    cipher: "Cipher",
    *,
    notice_id: int,
    line: int,
    objection: Objection,
    now: datetime,
) -> int:
    """Object to a line of an open notice and return the objection's id; the line is frozen, the office is told.

    Raises:
        RefusalError: `forbidden`, `unknown_line`, `notice_over`, `line_settled` (struck or credited),
            `already_objected` (by the same person), `too_many_objections`.
    """
    check(actor, "objections.raise")
    record_id = await tx.connection.fetchval(_RECORD, tx.bank_id, notice_id, line)
    if record_id is None or actor.person_id is None:
        raise RefusalError("unknown_line")
    await tx.connection.execute(_LOCK, tx.bank_id, record_id)
    found = await tx.connection.fetchrow(_LINE, tx.bank_id, notice_id, record_id, actor.person_id)
    if found is None:
        raise RefusalError("unknown_line")
    _check_open(found, now=now, tx=tx)
    if await tx.connection.fetchval(_OPEN_OF, tx.bank_id, actor.person_id) >= MAX_OPEN:
        raise RefusalError("too_many_objections", limit=MAX_OPEN)
    id_: int = await tx.connection.fetchval(
        _RAISE, tx.bank_id, notice_id, record_id, objection.ground, actor.person_id, now
    )
    if objection.contact:
        key_id = cipher.key_id
        sealed = cipher.seal(tx.bank_id, actor.person_id, contact_field(id_), objection.contact)
        await tx.connection.execute(_CONTACT, tx.bank_id, id_, sealed, key_id)
    if found["state"] == "shown":
        await tx.connection.execute(_SET_LINE, tx.bank_id, notice_id, record_id, "objected")
        await move(tx, [record_id], since=["noticed"], to="objected")
        await tell(tx, [found["owner"]], "record_objected", record=record_id, notice=notice_id)
    await enter(
        tx,
        "objected",
        {record_id: {"notice": notice_id, "objection": id_}},
        actor=f"notice:{notice_id}",
        person_id=None,
        now=now,
    )
    places = {found["organisation_id"], found["activity_of"], found["team_id"]} - {None}
    office = await who_reaches(tx, Role.OFFICE, places, now=now)
    await tell(tx, office, "objection_raised", objection=id_, notice=notice_id)
    return id_


def contact_field(objection_id: int) -> str:
    """Return the name under which an objector's contact is sealed."""
    return f"objection:{objection_id}"


def _check_open(found: "asyncpg.Record", *, now: datetime, tx: WriteTx) -> None:
    if found["closed_at"] is not None or is_over(found["closes_on"], tx.day(now)):
        raise RefusalError("notice_over")
    if found["state"] not in {"shown", "objected"} or found["record_state"] not in {"noticed", "objected"}:
        raise RefusalError("line_settled")
    if found["is_again"]:
        raise RefusalError("already_objected")


async def decide_objection(
    tx: WriteTx, actor: Actor, *, objection_id: int, decision: Decision, reason: str, now: datetime
) -> Decided:
    """Decide an objection; the volunteer and who objected are told.

    Dismissed, the line is shown again, and credited at once if the notice is over. Upheld, the line is struck and the
    record rejected, and every other objection to the line is decided with it.

    Raises:
        RefusalError: `forbidden`, `unknown_objection`, `already_decided_objection`, and where somebody may not judge:
            `decision_by_objector`, `decision_on_own`, `decision_by_approver`, `decision_by_enterer`.
    """
    nodes = await reach(tx, actor, "objections.decide")
    found = await tx.connection.fetchrow(_FOUND, tx.bank_id, objection_id)
    places = set() if found is None else {found["organisation_id"], found["activity_of"], found["team_id"]}
    if found is None or (nodes is not None and not places & set(nodes)):
        raise RefusalError("unknown_objection")
    await tx.connection.execute(_LOCK, tx.bank_id, found["record_id"])
    standing = await tx.connection.fetchrow(_STANDING, tx.bank_id, objection_id, actor.person_id, actor.text)
    if standing is None:
        raise RefusalError("unknown_objection")
    principals = await represented(tx, actor.person_id, [standing["owner"]], now=now)
    _check_judge(standing, actor, principals)
    case = _Case(found["notice_id"], found["record_id"], objection_id, By(actor.text, actor.person_id), now)
    if decision == "upheld":
        told = await _uphold(tx, case, reason)
        is_credited = False
    else:
        told = await _dismiss(tx, case, reason)
        is_credited = await _show_again(tx, case, is_notice_over=is_over(standing["closes_on"], tx.day(now)))
    await tell(tx, told, "objection_decided", objection=objection_id, decision=decision)
    await tell(
        tx,
        [standing["owner"]],
        f"objection_{decision}",
        record=case.record_id,
        notice=case.notice_id,
    )
    return Decided(objection_id, decision, is_credited)


@dataclass(frozen=True, slots=True)
class _Case:
    notice_id: int
    record_id: int
    objection_id: int
    by: By
    now: datetime


def _check_judge(standing: "asyncpg.Record", actor: Actor, principals: Collection[UUID]) -> None:
    if standing["decided_at"] is not None:
        raise RefusalError("already_decided_objection")
    # Whoever objected to the line: upheld for another, it is upheld for them.
    if standing["has_objected"]:
        raise RefusalError("decision_by_objector")
    if actor.person_id == standing["owner"] or standing["owner"] in principals:
        raise RefusalError("decision_on_own")
    if standing["has_approved"]:
        raise RefusalError("decision_by_approver")
    if standing["has_entered"]:
        raise RefusalError("decision_by_enterer")


async def _uphold(tx: WriteTx, case: _Case, reason: str) -> list[UUID]:
    """Strike the line and reject the record; return who had objected."""
    told = await tx.connection.fetch(
        _UPHOLD, tx.bank_id, case.notice_id, case.record_id, case.now, case.by.person_id, reason
    )
    await tx.connection.execute(_SET_LINE, tx.bank_id, case.notice_id, case.record_id, "struck")
    await _move(tx, case, to="rejected", kind="rejected")
    return [row["raised_by"] for row in told]


async def _dismiss(tx: WriteTx, case: _Case, reason: str) -> list[UUID]:
    """Dismiss the one objection; return who had raised it."""
    told = await tx.connection.fetch(
        _DISMISS, tx.bank_id, case.objection_id, case.now, case.by.person_id, reason
    )
    return [row["raised_by"] for row in told]


async def _show_again(tx: WriteTx, case: _Case, *, is_notice_over: bool) -> bool:
    """Show the line again unless somebody else objects to it too; tell whether it was credited at once."""
    if await tx.connection.fetchval(_IS_OPEN, tx.bank_id, case.notice_id, case.record_id):
        return False
    if not await _move(tx, case, to="noticed", kind="cleared"):
        return False  # voided meanwhile, and its line struck
    await tx.connection.execute(_SET_LINE, tx.bank_id, case.notice_id, case.record_id, "shown")
    if not is_notice_over:
        return False
    done = await credit_records(tx, record_ids=[case.record_id], state="noticed", by=case.by, now=case.now)
    return done.credited > 0


async def _move(tx: WriteTx, case: _Case, *, to: State, kind: Kind) -> bool:
    """Bring a frozen record into another state, and tell whether it was: one that was voided meanwhile stays so."""
    if not await move(tx, [case.record_id], since=["objected"], to=to):
        return False
    details = {case.record_id: {"notice": case.notice_id, "objection": case.objection_id}}
    await enter(tx, kind, details, actor=case.by.actor, person_id=case.by.person_id, now=case.now)
    return True
