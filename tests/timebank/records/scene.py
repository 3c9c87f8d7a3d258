"""What a record is made of: the cast, sessions of activities in apple, and scans as they arrived."""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from ledger.audit import audit
from ledger.session import ReadTx, WriteTx
from tests.api.cast import Cast
from timebank.access import Actor, load_actor
from timebank.database import Database
from timebank.notices.crediting import By, credit_records
from timebank.policy.actions import adopt
from timebank.policy.rules import PolicyPack, default_pack
from timebank.records.making import Closed, close_due, close_session, reconsider_session
from timebank.records.review import Reason, ReviewRequest, review_records

T = TypeVar("T")

ZONE = ZoneInfo("Asia/Shanghai")
NINE = datetime(2025, 5, 8, 9, tzinfo=ZONE)
"""A Thursday morning; a session is two hours long."""
MADE = NINE - timedelta(days=7)
EVENING = datetime(2025, 5, 8, 20, tzinfo=ZONE)

_ACTIVITY = """
insert into activities (bank_id, code, name, category, is_volunteer_service, organisation_id, leader_code, place,
  starts_at, ends_at, rest_minutes, difficulty_permille, state, kind, content, leader_id, created_by, created_at)
values ($1, $2, '清洁日', 'cleaning', $3, $4, '', '广场', $5, $6, 0, 1000, 'published', $7, '清扫广场', $8, $8, $9)
returning id
"""
_SESSION = """
insert into activity_sessions (bank_id, activity_id, starts_at, ends_at, place, rest_minutes, capacity)
values ($1, $2, $3, $4, '广场东', 0, $5) returning id
"""
_SCAN = """
insert into scans (bank_id, digest, session_id, station_id, volunteer_id, kind, mode, outcome, happened_at, received_at,
  is_doubtful, actor)
select $1, $2, $3, $4, v.id, $6, $7, $8, $9, $10, $11, $12 from volunteers v where v.bank_id = $1 and v.owner = $5
"""
_STATION = """
insert into stations (bank_id, code, name, kind, place, hours, organisation_id, latitude_e6, longitude_e6)
values ($1, $2, '站', 'other', '广场', '8-18', $3, $4, $5) returning id
"""
_VOLUNTEER = """
insert into volunteers (bank_id, code, owner, organisation_id, is_party_member, registered_on)
values ($1, $2, $3, $4, false, '2025-01-01')
"""
_PROXY = """
insert into proxies (bank_id, principal_id, agent_id, scopes, reason, from_at, until_at, made_by)
values ($1, $2, $3, '{profile}', '测试', $4, $5, 'test')
"""
_GUARDIAN = """
insert into guardianships (bank_id, minor_id, guardian_id, relation, from_on, until_on, recorded_by)
values ($1, $2, $3, 'parent', $4::timestamptz::date, $5::timestamptz::date, 'test')
"""
_RECORDS = """
select r.*, v.owner, array(select e.kind from record_entries e where e.bank_id = $1 and e.record_id = r.id
  order by e.id) as entries
from service_records r join volunteers v on v.bank_id = $1 and v.id = r.volunteer_id
where r.bank_id = $1 order by r.id
"""
_TOLD = "select kind from notifications where bank_id = $1 and person_id = $2 order by id"
_BALANCE = """
select coalesce(sum(a.balance), 0)::bigint from accounts a
join units u on u.bank_id = $1 and u.id = a.unit_id and u.code = $3
where a.bank_id = $1 and a.owner = $2 and a.kind = 'wallet'
"""


@dataclass(frozen=True, slots=True)
class Scene:
    """A bank with its cast, in which things are done by somebody at a time."""

    database: Database
    cast: Cast

    async def adopt(self, pack: PolicyPack | None = None, *, effective_from: date = date(2021, 1, 1)) -> None:
        """Adopt a pack; the default one unless another is given."""
        chosen = pack or default_pack()
        await self.write(lambda tx: adopt(tx, chosen, effective_from=effective_from, actor="test"))

    async def write(self, work: Callable[[WriteTx], Awaitable[T]]) -> T:
        """Do something in a transaction."""
        return await self.database.write(self.cast.bank, work)

    async def read(self, work: Callable[[ReadTx], Awaitable[T]]) -> T:
        """Look at something."""
        return await self.database.read(self.cast.bank, work)

    async def do(self, who: str, work: Callable[[WriteTx, Actor], Awaitable[T]]) -> T:
        """Do something as one of the cast."""

        async def inner(tx: WriteTx) -> T:
            return await work(tx, await load_actor(tx, self.cast.sessions[who], now=datetime.now(UTC)))

        return await self.write(inner)

    async def volunteer(self, who: str, *, at: str = "apple") -> None:
        """Let one of the staff be a volunteer too."""
        place, person = self.cast.organisations[at], self.cast.people[who]
        await self.write(lambda tx: tx.connection.execute(_VOLUNTEER, tx.bank_id, who.upper(), person, place))

    async def represent(self, agent: str, principal: str, *, as_guardian: bool = False) -> None:
        """Let one of the cast act for another, as agent (代办) for a month around, or as guardian."""
        of, by = self.cast.people[principal], self.cast.people[agent]
        await self.write(
            lambda tx: tx.connection.execute(
                _GUARDIAN if as_guardian else _PROXY, tx.bank_id, of, by, MADE, MADE + timedelta(days=30)
            )
        )

    async def session(
        self,
        *,
        at: str | None = "apple",
        starts_at: datetime = NINE,
        hours: float = 2,
        creator: str | None = "adam",
        service: bool = True,
        kind: str = "ordinary",
        capacity: int | None = None,
    ) -> int:
        """Enter an activity with one session."""

        async def work(tx: WriteTx) -> int:
            ends_at = starts_at + timedelta(hours=hours)
            place = at and self.cast.organisations[at]
            made_by = creator and self.cast.people[creator]
            activity = await tx.connection.fetchval(
                _ACTIVITY,
                tx.bank_id,
                secrets.token_hex(6),
                service,
                place,
                starts_at,
                ends_at,
                kind,
                made_by,
                MADE,
            )
            id_: int = await tx.connection.fetchval(
                _SESSION, tx.bank_id, activity, starts_at, ends_at, capacity
            )
            return id_

        return await self.write(work)

    async def station(self, latitude: float, longitude: float) -> int:
        """Enter a station at a place."""
        place = self.cast.organisations["apple"]

        async def work(tx: WriteTx) -> int:
            position = (round(latitude * 1_000_000), round(longitude * 1_000_000))
            id_: int = await tx.connection.fetchval(
                _STATION, tx.bank_id, secrets.token_hex(6), place, *position
            )
            return id_

        return await self.write(work)

    async def scan(  # noqa: PLR0913 -- each is a part of a scan
        self,
        session: int,
        who: str | UUID,
        kind: str,
        hour: float,
        *,
        mode: str = "station_code",
        station: int | None = None,
        outcome: str = "accepted",
        doubtful: bool = False,
        actor: str = "test",
        received_at: datetime | None = None,
    ) -> None:
        """Enter a scan at an hour of the day, by the clock of 8 May."""
        person = who if isinstance(who, UUID) else self.cast.people[who]
        happened_at = NINE + timedelta(hours=hour - 9)
        await self.write(
            lambda tx: tx.connection.execute(
                _SCAN,
                tx.bank_id,
                uuid4().bytes,
                session,
                station,
                person,
                kind,
                mode,
                outcome,
                happened_at,
                received_at or happened_at,
                doubtful,
                actor,
            )
        )

    async def attend(
        self,
        session: int,
        who: str | UUID,
        came: float = 9,
        went: float | None = 11,
        *,
        mode: str = "station_code",
    ) -> None:
        """Enter a scan in and, unless it was forgotten, one out."""
        await self.scan(session, who, "in", came, mode=mode)
        if went is not None:
            await self.scan(session, who, "out", went, mode=mode)

    async def close(self, session: int, who: str = "stella", *, now: datetime = EVENING) -> Closed:
        """Close a session as one of the cast."""
        return await self.do(who, lambda tx, actor: close_session(tx, actor, session_id=session, now=now))

    async def reconsider(self, session: int, who: str = "stella", *, now: datetime = EVENING) -> Closed:
        """Look at a closed session again."""
        return await self.do(
            who, lambda tx, actor: reconsider_session(tx, actor, session_id=session, now=now)
        )

    async def served(self, who: str = "alice", *, mode: str = "station_code", **plan: object) -> int:
        """Let one of the cast serve a session of two hours that is closed, and return the record."""
        session = await self.session(**plan)  # type: ignore[arg-type]  # parts of a plan by name
        starts_at = plan.get("starts_at", NINE)
        assert isinstance(starts_at, datetime)
        hour = (starts_at - NINE) / timedelta(hours=1) + 9
        await self.attend(session, who, hour, hour + float(str(plan.get("hours", 2))), mode=mode)
        evening = starts_at + timedelta(hours=24)
        closed = await self.write(lambda tx: close_due(tx, session_id=session, actor="test", now=evening))
        assert closed is not None
        (record,) = closed.records
        return record.id

    async def review(
        self, who: str, *ids: int, decision: str = "approve", reason: Reason | None = None
    ) -> list[str]:
        """Decide on records alike, and return the new state or the refusal of each."""
        requests = [ReviewRequest(id_, decision, reason) for id_ in ids]  # type: ignore[arg-type]  # one of two
        answers = await self.do(who, lambda tx, actor: review_records(tx, actor, requests, now=EVENING))
        assert [answer.record_id for answer in answers] == list(ids)
        return [str(answer.refusal or answer.state) for answer in answers]

    async def credit(self, record: int) -> None:
        """Credit an approved record without a notice."""
        done = await self.write(
            lambda tx: credit_records(tx, record_ids=[record], state="approved", by=By("test"), now=EVENING)
        )
        assert done.credited == 1

    async def records(self) -> list[Mapping[str, object]]:
        """Return every record, with the kinds of its entries."""
        rows = await self.read(lambda tx: tx.connection.fetch(_RECORDS, tx.bank_id))
        return [dict(row) for row in rows]

    async def record(self, record_id: int) -> Mapping[str, object]:
        """Return one record, with the kinds of its entries."""
        return next(row for row in await self.records() if row["id"] == record_id)

    async def told(self, who: str) -> list[str]:
        """Return what one of the cast was told, in order."""
        person = self.cast.people[who]
        rows = await self.read(lambda tx: tx.connection.fetch(_TOLD, tx.bank_id, person))
        return [row["kind"] for row in rows]

    async def balance(self, who: str, unit: str) -> int:
        """Return what one of the cast has of a unit."""
        person = self.cast.people[who]
        found: int = await self.read(lambda tx: tx.connection.fetchval(_BALANCE, tx.bank_id, person, unit))
        return found

    async def assert_sound(self) -> None:
        """Assert that an audit finds nothing."""
        assert await self.read(lambda tx: audit(tx, verifier=None, anchors=())) == []
