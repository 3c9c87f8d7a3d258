"""Crediting records: what each puts in the books, in one transaction of the ledger per record.

Locks, in this order: the records, by id; whom the storage cap of time-coins concerns, and care funds; then the
ledger's accounts. Whoever objects to a record, disputes or voids it locks its row too, or refers to it by a foreign
key, so what is read of a record after locking it stays true.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from ledger.posting import post, post_covered
from ledger.session import WriteTx
from ledger.values import ISSUANCE, WALLET, Conflict, Draft, Move, Place, Posted, Refused, Short
from timebank.budgets.queries import Payers, payers
from timebank.budgets.waiting import Wait, keep_waiting
from timebank.notices.rules import earned_amount
from timebank.notifications.actions import tell_each
from timebank.policy.actions import PolicyHistory, load_history
from timebank.policy.rules import MINUTE, POINT, PolicyPack
from timebank.records.entries import State, enter
from timebank.timecoins.capping import Earning, within_cap

if TYPE_CHECKING:
    import asyncpg

CREDIT = "credit"
BATCH = 500

_NO_BUDGETS: Payers = {}

_LOCK = """
select r.id from service_records r
where r.bank_id = $1 and r.id = any($2::bigint[]) and r.state = $3 order by r.id for update
"""
_CREDITABLE = """
select r.id, v.owner, v.is_party_member, r.minutes, r.points, coalesce(s.ends_at, a.ends_at) as effective_at,
  r.policy_version, coalesce(a.organisation_id, a.team_id) as organisation_id
from unnest($2::bigint[]) as x (id),
  lateral (select * from service_records r where r.bank_id = $1 and r.id = x.id offset 0) r
join volunteers v on v.bank_id = $1 and v.id = r.volunteer_id
join activities a on a.bank_id = $1 and a.id = r.activity_id
left join activity_sessions s on s.bank_id = $1 and s.id = r.session_id
"""
_FACTS = f"""{_CREDITABLE}
where not exists (select from disputes d where d.bank_id = $1 and d.record_id = r.id and d.decided_at is null)
order by r.id
"""
_CLOSED_BEFORE = "select max(closed_before) from closures where bank_id = $1"
_IS_REFUSED = "select refusal is not null from transactions where bank_id = $1 and id = $2"
_CREDITED = """
update service_records r set state = 'credited', credited_transaction_id = x.transaction_id, version = r.version + 1
from unnest($2::bigint[], $3::bigint[]) as x (id, transaction_id) where r.bank_id = $1 and r.id = x.id
"""
_LINES = """
update notice_lines l set state = 'credited'
from unnest($2::bigint[]) as x (id) where l.bank_id = $1 and l.record_id = x.id and l.state = 'shown'
"""
_NOTED = """
select distinct e.record_id from unnest($2::bigint[]) as x (id)
join record_entries e on e.bank_id = $1 and e.record_id = x.id and e.kind = 'noted'
where e.detail ? 'credit_refused'
"""


@dataclass(frozen=True, slots=True)
class CreditableRecord:
    """What of a record the books take; `effective_at`, its session's planned end, lies in the bank's zone.

    `organisation_id` is whose activity it was: whose budget pays for it.
    """

    record_id: int
    owner: UUID
    is_party_member: bool
    minutes: int
    points: int
    effective_at: datetime
    policy_version: int
    organisation_id: int | None = None


@dataclass(frozen=True, slots=True)
class Credited:
    """How many records were credited, how many the ledger refused, and how many wait for a budget to be raised."""

    credited: int = 0
    refused: int = 0
    waiting: int = 0

    def __add__(self, other: "Credited") -> "Credited":
        """Return both together."""
        return Credited(
            self.credited + other.credited, self.refused + other.refused, self.waiting + other.waiting
        )


@dataclass(frozen=True, slots=True)
class By:
    """Who credits, as books and entries name it: a person at a door, or a job."""

    actor: str
    person_id: UUID | None = None


def credit_drafts(
    records: Iterable[CreditableRecord], history: PolicyHistory, *, actor: str, budgets: Payers = _NO_BUDGETS
) -> list[Draft]:
    """Return what each record puts in the books, by the version of the policy that it carries, in the same order."""
    return [
        credit_draft(record, history.numbered(record.policy_version), actor=actor, budgets=budgets)
        for record in records
    ]


def credit_draft(
    record: CreditableRecord, pack: PolicyPack, *, actor: str, budgets: Payers = _NO_BUDGETS
) -> Draft:
    """Return what a record puts in the books: the minutes, which never end, the points, and what else the pack says.

    What rounds to nothing is not moved. A record that comes to nothing at all makes no draft: leave it out. Without
    `budgets` nothing of it is under a ceiling: an import, which tells of what was issued before, has none.
    """

    def issuer(unit: str) -> Place:
        payer = budgets.get((record.organisation_id, unit))
        return Place(ISSUANCE) if payer is None else payer.place

    owner, day = record.owner, record.effective_at.date()
    moves = []
    if record.minutes:
        moves.append(Move(Place(ISSUANCE), Place(WALLET, owner), MINUTE, record.minutes))
    if record.points:
        lot = Place(WALLET, owner, pack.expires_on(POINT, day))
        moves.append(Move(issuer(POINT), lot, POINT, record.points))
    for earned in pack.earned:
        amount = earned_amount(record.minutes, earned.per_hour_permille)
        if amount and (record.is_party_member or not earned.party_members_only):
            lot = Place(WALLET, owner, pack.expires_on(earned.unit, day))
            moves.append(Move(issuer(earned.unit), lot, earned.unit, amount))
    return Draft(
        CREDIT,
        f"record:{record.record_id}",
        record.effective_at,
        actor,
        tuple(moves),
        metadata={"record": record.record_id, "policy": record.policy_version},
    )


async def credit_records(
    tx: WriteTx,
    *,
    record_ids: Sequence[int],
    state: State,
    by: By,
    now: datetime,
) -> Credited:
    """Credit those of the records that are in that state and have no open dispute; tell each volunteer.

    Crediting twice credits once. What is to take effect in a closed period takes effect now: a closed period takes
    nothing more, and what comes late is a correction made today. What a budget does not cover waits, hours and all,
    and leaves no trace in the books: a later call credits it once the ceiling was raised, and what takes less goes
    before it. What the ledger refuses all the same stays as it is, with an entry that says why; the others go on.
    """
    locked = [row["id"] for row in await tx.connection.fetch(_LOCK, tx.bank_id, list(record_ids), state)]
    # A statement of its own, begun after the locks: it sees every dispute that was raised before them.
    rows = await tx.connection.fetch(_FACTS, tx.bank_id, locked)
    closed_before = await tx.connection.fetchval(_CLOSED_BEFORE, tx.bank_id)
    records = [_creditable(row, tx, closed_before, now) for row in rows if row["minutes"] or row["points"]]
    # A refusal is final under its key, so what the ledger would take later is not tried before.
    records = [one for one in records if closed_before is None or one.effective_at >= closed_before]
    if not records:
        return Credited()
    history = await load_history(tx)
    budgets = await payers(tx, _issued(records, history), {one.organisation_id for one in records})
    drafts, notes = await _capped(
        tx, records, credit_drafts(records, history, actor=by.actor, budgets=budgets), history, now=now
    )
    outcomes = list(zip(records, await post_covered(tx, drafts), strict=True))
    posted = [(one, outcome) for one, outcome in outcomes if isinstance(outcome, Posted)]
    await _keep(tx, [(one, outcome.transaction_id) for one, outcome in posted], notes, by=by, now=now)
    waits = [
        _wait(one, draft, outcome, budgets)
        for (one, outcome), draft in zip(outcomes, drafts, strict=True)
        if isinstance(outcome, Short)
    ]
    await keep_waiting(tx, waits, no_longer=[one.record_id for one, _ in posted], now=now)
    refused = {one.record_id: outcome for one, outcome in outcomes if isinstance(outcome, Refused | Conflict)}
    await _note_refusals(tx, refused, by=by, now=now)
    return Credited(len(posted), len(refused), len(waits))


async def settle_credit(tx: WriteTx, record_id: int, *, actor: str, now: datetime) -> int | None:
    """Return the transaction of a credited record that is not known to have one; None if nothing came of it.

    An import says that a record is credited before it has booked it, batch by batch, and may have died in between. A
    key is taken once: whoever comes second, we or the import, finds the credit of the first, and only one is in
    the books, where a reversal finds it.
    """
    (row,) = await tx.connection.fetch(_CREDITABLE, tx.bank_id, [record_id])
    if not row["minutes"] and not row["points"]:
        return None
    closed_before = await tx.connection.fetchval(_CLOSED_BEFORE, tx.bank_id)
    record = _creditable(row, tx, closed_before, now)
    (outcome,) = await post(tx, credit_drafts([record], await load_history(tx), actor=actor))
    if isinstance(outcome, Conflict):
        is_refused = await tx.connection.fetchval(_IS_REFUSED, tx.bank_id, outcome.transaction_id)
        return None if is_refused else outcome.transaction_id
    return outcome.transaction_id if isinstance(outcome, Posted) else None


def _creditable(
    row: "asyncpg.Record", tx: WriteTx, closed_before: datetime | None, now: datetime
) -> CreditableRecord:
    record = CreditableRecord(*row)
    is_late = closed_before is not None and record.effective_at < closed_before
    return replace(record, effective_at=(now if is_late else record.effective_at).astimezone(tx.zone))


def _issued(records: Iterable[CreditableRecord], history: PolicyHistory) -> set[str]:
    """Return the units that the records may put in the books, but for hours."""
    packs = {record.policy_version: history.numbered(record.policy_version) for record in records}
    return {POINT} | {earned.unit for pack in packs.values() for earned in pack.earned}


def _wait(record: CreditableRecord, draft: Draft, short: Short, budgets: Payers) -> Wait:
    """Return what a record waits for: all that its draft takes of the unit that was short first."""
    unit = str(short.detail["unit"])
    amount = sum(move.amount for move in draft.moves if move.unit == unit)
    return Wait(record.record_id, budgets[record.organisation_id, unit].organisation_id, unit, amount)


async def _capped(
    tx: WriteTx,
    records: Sequence[CreditableRecord],
    drafts: Sequence[Draft],
    history: PolicyHistory,
    *,
    now: datetime,
) -> tuple[list[Draft], Mapping[int, Mapping[str, object]]]:
    """Return the drafts within the storage cap of time-coins, and what is to be said of each record besides."""
    rules = [history.numbered(record.policy_version).timecoins for record in records]
    earnings = [
        Earning(draft, record.owner, None if rule is None else rule.storage_cap)
        for record, draft, rule in zip(records, drafts, rules, strict=True)
    ]
    capped = await within_cap(tx, earnings, now=now)
    notes = {record.record_id: one.note for record, one in zip(records, capped, strict=True)}
    return [one.draft for one in capped], notes


async def _keep(
    tx: WriteTx,
    posted: Sequence[tuple[CreditableRecord, int]],
    notes: Mapping[int, Mapping[str, object]],
    *,
    by: By,
    now: datetime,
) -> None:
    """Note on each record and its line that it is credited, and by which transaction; tell the volunteers."""
    if not posted:
        return
    ids = [record.record_id for record, _ in posted]
    await tx.connection.execute(_CREDITED, tx.bank_id, ids, [transaction_id for _, transaction_id in posted])
    await tx.connection.execute(_LINES, tx.bank_id, ids)
    details: dict[int, dict[str, object]] = {
        record.record_id: {"transaction": transaction_id, **notes[record.record_id]}
        for record, transaction_id in posted
    }
    await enter(tx, "credited", details, actor=by.actor, person_id=by.person_id, now=now)
    told = [
        (
            record.owner,
            {"record": record.record_id, "minutes": record.minutes, "points": record.points} | detail,
        )
        for (record, _), detail in zip(posted, details.values(), strict=True)
    ]
    await tell_each(tx, told, "record_credited")


async def _note_refusals(
    tx: WriteTx, refused: Mapping[int, Refused | Conflict], *, by: By, now: datetime
) -> None:
    """Enter why the ledger refused, once: later runs meet the same answer."""
    noted = {row["record_id"] for row in await tx.connection.fetch(_NOTED, tx.bank_id, list(refused))}
    details = {
        record_id: {
            "credit_refused": "idempotency_conflict" if isinstance(outcome, Conflict) else outcome.code,
            "transaction": outcome.transaction_id,
        }
        for record_id, outcome in refused.items()
        if record_id not in noted
    }
    await enter(tx, "noted", details, actor=by.actor, person_id=by.person_id, now=now)
