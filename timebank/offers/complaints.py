"""Complaints of members about what a merchant took, decided by an office that is no part of it. Upheld, it is refunded.

What goes back is the very transaction, mirrored: each lot gets what it gave, and one that has lapsed meanwhile gets the
policy's days of grace. A reversal is never reversed, so there is no refund of a refund.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal
from uuid import UUID

from ledger.holds import reversal
from ledger.posting import post
from ledger.session import ReadTx, WriteTx
from ledger.values import Posted, Refused
from timebank.access import Actor, check, check_person, represented
from timebank.errors import RefusalError
from timebank.merchants.access import is_staff, merchant_in_reach
from timebank.notifications.actions import tell
from timebank.policy.queries import version_on

if TYPE_CHECKING:
    import asyncpg

OWN: Final = "complaints.own"
DECIDE: Final = "complaints.decide"

_COLUMNS = """c.id, c.acceptance_id, a.merchant_id, m.name as merchant, o.title, a.fufen, c.statement, c.raised_at,
  c.decided_at, c.decision, c.answer, c.refund_id is not null as is_refunded
from complaints c
join acceptances a on a.bank_id = $1 and a.id = c.acceptance_id
join merchants m on m.bank_id = $1 and m.id = a.merchant_id
join offers o on o.bank_id = $1 and o.id = a.offer_id"""
_ONE = f"select {_COLUMNS} where c.bank_id = $1 and c.id = $2"
_OF_PERSON = (
    f"select {_COLUMNS} where c.bank_id = $1 and c.person_id = $2 and c.id > $3 order by c.id limit $4"
)
_LIST = f"""
select {_COLUMNS}
where c.bank_id = $1 and c.id > $2 and ($3::bigint[] is null or m.organisation_id = any($3))
  and ($4::boolean is null or (c.decided_at is null) = $4) and ($5::bigint is null or a.merchant_id = $5)
order by c.id limit $6
"""
_ACCEPTANCE = "select a.person_id from acceptances a where a.bank_id = $1 and a.id = $2"
_LOCK_PERSON = "select p.id from people p where p.bank_id = $1 and p.id = $2 for no key update"
_IS_REFUNDED = """
select exists (select from complaints c where c.bank_id = $1 and c.acceptance_id = $2 and c.refund_id is not null)
"""
_RAISE = """
insert into complaints (bank_id, acceptance_id, person_id, statement, raised_at) values ($1, $2, $3, $4, $5)
on conflict (bank_id, acceptance_id) where decided_at is null do nothing returning id
"""
_CASE = """
select c.acceptance_id, c.person_id, a.merchant_id, a.transaction_id from complaints c
join acceptances a on a.bank_id = $1 and a.id = c.acceptance_id
where c.bank_id = $1 and c.id = $2
"""
_LOCK = "select c.decided_at from complaints c where c.bank_id = $1 and c.id = $2 for no key update"
_DECIDE = """
update complaints set decided_at = $3, decided_by = $4, decision = $5, answer = $6, refund_id = $7
where bank_id = $1 and id = $2
"""


@dataclass(frozen=True, slots=True)
class Complaint:
    """What a member says about fufen that a merchant took, and what was decided. It does not tell who the member is."""

    id: int
    acceptance_id: int
    merchant_id: int
    merchant: str
    title: str
    fufen: int
    statement: str
    raised_at: datetime
    decided_at: datetime | None
    decision: str | None
    answer: str | None
    is_refunded: bool


@dataclass(frozen=True, slots=True)
class ComplaintDecision:
    """What came of a complaint; `refund_id` is the transaction by which the fufen went back."""

    complaint_id: int
    acceptance_id: int
    decision: str
    refund_id: int | None


async def raise_complaint(
    tx: WriteTx, actor: Actor, *, acceptance_id: int, statement: str, now: datetime
) -> Complaint:
    """Complain about an acceptance of one's own, or of whom one acts for.

    Raises:
        RefusalError: `forbidden`, `unknown_acceptance`, `already_refunded`, `already_complained`.
    """
    if actor.person_id is None:
        raise RefusalError("forbidden", permission=OWN)
    owner = await tx.connection.fetchval(_ACCEPTANCE, tx.bank_id, acceptance_id)
    if owner is None:
        raise RefusalError("unknown_acceptance")
    try:
        await check_person(tx, actor, OWN, owner, now=now)
    except RefusalError:  # of others' acceptances nothing is said
        raise RefusalError("unknown_acceptance") from None
    await tx.connection.execute(_LOCK_PERSON, tx.bank_id, owner)
    if await tx.connection.fetchval(_IS_REFUNDED, tx.bank_id, acceptance_id):
        raise RefusalError("already_refunded")
    new = await tx.connection.fetchval(_RAISE, tx.bank_id, acceptance_id, owner, statement, now)
    if new is None:
        raise RefusalError("already_complained")
    return await _complaint(tx, new)


async def decide_complaint(
    tx: WriteTx,
    actor: Actor,
    *,
    complaint_id: int,
    decision: Literal["upheld", "dismissed"],
    answer: str,
    now: datetime,
) -> ComplaintDecision | Refused:
    """Decide a complaint about a merchant in reach, refund what is upheld, and tell the member.

    What the ledger refuses to take back is returned, and the complaint stays open.

    Raises:
        RefusalError: `forbidden`, `unknown_complaint`, `already_decided`, `already_refunded`, `decision_by_staff`,
            `complaint_of_own`.
    """
    case = await _case_in_reach(tx, actor, complaint_id)
    await _check_judge(tx, actor, case, now=now)
    await tx.connection.execute(_LOCK_PERSON, tx.bank_id, case["person_id"])
    if await tx.connection.fetchval(_LOCK, tx.bank_id, complaint_id) is not None:
        raise RefusalError("already_decided")
    refund_id = None
    if decision == "upheld":
        if await tx.connection.fetchval(_IS_REFUNDED, tx.bank_id, case["acceptance_id"]):
            raise RefusalError("already_refunded")
        draft = reversal(
            f"complaint:{complaint_id}",
            transaction_id=case["transaction_id"],
            effective_at=now,
            actor=actor.text,
            grace_on=await _grace_on(tx, tx.day(now)),
        )
        (outcome,) = await post(tx, [draft])
        if isinstance(outcome, Refused):
            return outcome
        if not isinstance(outcome, Posted):
            raise RefusalError("already_refunded")
        refund_id = outcome.transaction_id
    await tx.connection.execute(
        _DECIDE, tx.bank_id, complaint_id, now, actor.person_id, decision, answer, refund_id
    )
    await tell(
        tx,
        [case["person_id"]],
        "complaint_decided",
        complaint=complaint_id,
        acceptance=case["acceptance_id"],
        decision=decision,
    )
    return ComplaintDecision(complaint_id, case["acceptance_id"], decision, refund_id)


async def complaints_of(tx: ReadTx, person_id: UUID, *, after: int, limit: int) -> list[Complaint]:
    """Return a person's complaints by id."""
    rows = await tx.connection.fetch(_OF_PERSON, tx.bank_id, person_id, after, limit)
    return [Complaint(*row) for row in rows]


async def complaints(
    tx: ReadTx,
    *,
    reach: Sequence[int] | None,
    is_open: bool | None = None,
    merchant_id: int | None = None,
    after: int,
    limit: int,
) -> list[Complaint]:
    """Return complaints about merchants in `reach` (None: all) by id: open ones, decided ones, or both."""
    rows = await tx.connection.fetch(_LIST, tx.bank_id, after, reach, is_open, merchant_id, limit)
    return [Complaint(*row) for row in rows]


async def _complaint(tx: ReadTx, complaint_id: int) -> Complaint:
    (row,) = await tx.connection.fetch(_ONE, tx.bank_id, complaint_id)
    return Complaint(*row)


async def _case_in_reach(tx: WriteTx, actor: Actor, complaint_id: int) -> "asyncpg.Record":
    check(actor, DECIDE)
    found = await tx.connection.fetchrow(_CASE, tx.bank_id, complaint_id)
    if found is None:
        raise RefusalError("unknown_complaint")
    try:
        await merchant_in_reach(tx, actor, DECIDE, found["merchant_id"])
    except RefusalError:
        raise RefusalError("unknown_complaint") from None
    return found


async def _check_judge(tx: WriteTx, actor: Actor, case: "asyncpg.Record", *, now: datetime) -> None:
    """Refuse to let somebody decide who takes fufen there, or whose complaint it is, or who speaks for them."""
    if await is_staff(tx, actor.person_id, case["merchant_id"], now=now):
        raise RefusalError("decision_by_staff")
    if actor.person_id == case["person_id"] or await represented(
        tx, actor.person_id, [case["person_id"]], now=now
    ):
        raise RefusalError("complaint_of_own")


async def _grace_on(tx: WriteTx, today: date) -> date | None:
    """Return the last day of what comes back to a lapsed lot; None if it lapses again at once."""
    version = await version_on(tx, today)
    days = 0 if version is None else version.pack.redemption.refund_grace_days
    return today + timedelta(days=days) if days else None
