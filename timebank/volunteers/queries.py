"""Reading a volunteer's standing: hours, lots, star and records. Nothing personal is read here."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from ledger.balances import Lot, wallet
from ledger.session import ReadTx
from ledger.statements import StatementLine, wallet_statement
from timebank.errors import RefusalError
from timebank.policy.actions import load_history
from timebank.policy.rules import MINUTE, POINT
from timebank.stars.queries import star_standing
from timebank.stars.rules import Way

LAST_MOVEMENTS = 10

_VOLUNTEER = """
select v.code, v.owner, v.is_party_member, v.registered_on, o.name as organisation, t.name as team
from volunteers v
left join organisations o on o.bank_id = $1 and o.id = v.organisation_id
left join organisations t on t.bank_id = $1 and t.id = v.team_id
where v.bank_id = $1 and v.code = $2
"""
_RECORDS = """
select r.id, a.code as activity, a.name, a.starts_at, r.minutes, r.points, r.outcome
from service_records r
join activities a on a.bank_id = $1 and a.id = r.activity_id
join volunteers v on v.bank_id = $1 and v.id = r.volunteer_id
where r.bank_id = $1 and v.code = $2 order by a.starts_at desc, r.id desc limit $3
"""


_CODES = "select owner, code from volunteers where bank_id = $1 and owner = any($2::uuid[])"


@dataclass(frozen=True, slots=True)
class RecordLine:
    """A service record as its volunteer sees it; minutes and points are what it earned or would earn."""

    id: int
    activity: str
    name: str
    starts_at: datetime
    minutes: int
    points: int
    outcome: str


@dataclass(frozen=True, slots=True)
class Movement:
    """A line of a statement and the unit it is in."""

    unit: str
    line: StatementLine


@dataclass(frozen=True, slots=True)
class Standing:
    """What a volunteer has: credited minutes, the star held and the way on, lots of points, what moved last."""

    code: str
    organisation: str | None
    team: str | None
    is_party_member: bool
    registered_on: date | None
    minutes: int
    star: int
    next_star: Way | None
    points: int
    lots: tuple[Lot, ...]
    movements: tuple[Movement, ...]
    records: tuple[RecordLine, ...]


async def owner_of(tx: ReadTx, code: str) -> UUID:
    """Return the owner of a volunteer's accounts.

    Raises:
        RefusalError: `unknown_volunteer`.
    """
    row = await tx.connection.fetchrow(_VOLUNTEER, tx.bank_id, code)
    if row is None:
        raise RefusalError("unknown_volunteer", volunteer=code)
    owner: UUID = row["owner"]
    return owner


async def standing(tx: ReadTx, code: str, *, today: date) -> Standing:
    """Return a volunteer's standing.

    Raises:
        RefusalError: `unknown_volunteer`.
    """
    row = await tx.connection.fetchrow(_VOLUNTEER, tx.bank_id, code)
    if row is None:
        raise RefusalError("unknown_volunteer", volunteer=code)
    owner = row["owner"]
    minutes = sum(lot.balance for lot in await wallet(tx, owner, MINUTE))
    lots = await wallet(tx, owner, POINT)
    movements = [
        Movement(unit, line)
        for unit in (MINUTE, POINT)
        for line in (await wallet_statement(tx, owner, unit, limit=LAST_MOVEMENTS)).lines
    ]
    movements.sort(key=lambda m: (m.line.transaction_id, m.line.line), reverse=True)
    stars = await star_standing(tx, owner, (await load_history(tx)).on(today))
    return Standing(
        code=row["code"],
        organisation=row["organisation"],
        team=row["team"],
        is_party_member=row["is_party_member"],
        registered_on=row["registered_on"],
        minutes=minutes,
        star=stars.star,
        next_star=stars.way,
        points=sum(lot.balance for lot in lots),
        lots=tuple(lots),
        movements=tuple(movements[:LAST_MOVEMENTS]),
        records=await records_of(tx, code, limit=LAST_MOVEMENTS),
    )


async def records_of(tx: ReadTx, code: str, *, limit: int) -> tuple[RecordLine, ...]:
    """Return a volunteer's latest service records, newest activity first."""
    rows = await tx.connection.fetch(_RECORDS, tx.bank_id, code, limit)
    return tuple(RecordLine(*row) for row in rows)


async def codes_of(tx: ReadTx, people: Collection[UUID]) -> dict[UUID, str]:
    """Return the codes of those of some people who are volunteers."""
    return {row["owner"]: row["code"] for row in await tx.connection.fetch(_CODES, tx.bank_id, list(people))}
