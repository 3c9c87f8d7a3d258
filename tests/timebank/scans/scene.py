"""A session to scan at: this morning's cleaning in apple, two stations, members with passes and cards, and a clock."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from ledger.session import WriteTx
from tests.api.cast import Cast
from timebank.codes.rules import CodeKeys, member_code, pass_seed, poster_code, station_code
from timebank.database import Bank, Database
from timebank.people.cards import issue_card
from timebank.scans.actions import ScanAnswer, ScanRequest, record_scans
from timebank.scans.queries import SessionAttendance, attendances_of

KEYS = CodeKeys([b"v" * 32])
STARTS = datetime(2026, 5, 9, 1, 0, tzinfo=UTC)
"""A Saturday, 9 o'clock in Shanghai; two hours long."""
ENDS = STARTS + timedelta(hours=2)
LATITUDE, LONGITUDE = 25.5, 119.8

_ACTIVITY = """
insert into activities (bank_id, code, name, category, is_volunteer_service, organisation_id, leader_code, place,
  starts_at, ends_at, rest_minutes, difficulty_permille, state, kind)
values ($1, $2, '清洁日', '环境', true, $3, '', '广场', $4, $5, 0, 1000, 'published', $6) returning id
"""
_SESSION = """
insert into activity_sessions (bank_id, activity_id, starts_at, ends_at, place, rest_minutes, capacity)
values ($1, $2, $3, $4, '广场', 0, $5) returning id
"""
_STATION = """
insert into stations (bank_id, code, name, kind, place, hours, organisation_id, latitude_e6, longitude_e6,
  radius_metres)
values ($1, $2, '邻里站', 'neighbourhood', '广场', '8-18', $3, $4, $5, 100) returning id
"""
_SIGN_UP = """
insert into sign_ups (bank_id, session_id, volunteer_id, state, queued_at, changed_at, changed_by)
select $1, $2, v.id, $4, $5, $5, 'test' from volunteers v where v.bank_id = $1 and v.owner = $3
"""


@dataclass(slots=True)
class Scene:
    """Ids of what there is, and the way to scan."""

    database: Database
    bank: Bank
    session: int
    stations: list[int]
    organisation: int
    people: list[UUID] = field(default_factory=list)

    async def scan(self, *requests: ScanRequest) -> list[ScanAnswer]:
        """Record scans in one transaction."""
        return await self.database.write(self.bank, lambda tx: record_scans(tx, requests, codes=KEYS))

    async def outcomes(self, *requests: ScanRequest) -> list[str]:
        """Record scans and return what became of them."""
        return [answer.outcome for answer in await self.scan(*requests)]

    async def attendances(self, session: int | None = None) -> list[SessionAttendance]:
        """Return the attendances of a session."""
        return await self.database.read(self.bank, lambda tx: attendances_of(tx, session or self.session))

    async def kept(self) -> list[tuple[str, int | None]]:
        """Return outcome and session of every scan on record, in order."""
        rows = await self.database.read(
            self.bank,
            lambda tx: tx.connection.fetch(
                "select outcome, session_id from scans where bank_id = $1 order by id", tx.bank_id
            ),
        )
        return [(row["outcome"], row["session_id"]) for row in rows]

    def shown(self, at: datetime, *, station: int = 0, session: int | None = None) -> str:
        """Return the code that a station's screen shows."""
        return station_code(
            KEYS,
            bank_id=self.bank.id,
            station_id=self.stations[station],
            session_id=session or self.session,
            at=at,
        )

    def poster(self, *, station: int = 0, serial: int = 1) -> str:
        """Return the code on a station's poster."""
        return poster_code(KEYS, bank_id=self.bank.id, station_id=self.stations[station], serial=serial)

    async def members(self, count: int, *, signed_up: bool = True) -> list[UUID]:
        """Register so many volunteers."""
        people = [uuid4() for _ in range(count)]

        async def work(tx: WriteTx) -> None:
            await tx.connection.executemany(
                "insert into people (bank_id, id) values ($1, $2)", [(tx.bank_id, id_) for id_ in people]
            )
            await tx.connection.executemany(
                "insert into volunteers (bank_id, code, owner, organisation_id, is_party_member)"
                " values ($1, $2, $3, $4, false)",
                [(tx.bank_id, secrets.token_hex(6), id_, self.organisation) for id_ in people],
            )

        await self.database.write(self.bank, work)
        if signed_up:
            await self.sign_up(people)
        self.people += people
        return people

    async def sign_up(
        self, people: Sequence[UUID], state: str = "signed_up", session: int | None = None
    ) -> None:
        """Sign people up."""
        rows = [(self.bank.id, session or self.session, person, state, STARTS) for person in people]
        await self.database.write(self.bank, lambda tx: tx.connection.executemany(_SIGN_UP, rows))

    async def another_session(
        self,
        starts: datetime,
        *,
        stations: Sequence[int] = (0,),
        capacity: int | None = None,
        kind: str = "ordinary",
    ) -> int:
        """Plan another activity of two hours at some of the stations."""

        async def work(tx: WriteTx) -> int:
            return await _plan(
                tx, self.organisation, starts, [self.stations[n] for n in stations], capacity, kind
            )

        return await self.database.write(self.bank, work)

    async def do(self, sql: str, *arguments: object) -> None:
        """Change something of the bank, which is `$1`."""
        await self.database.write(self.bank, lambda tx: tx.connection.execute(sql, tx.bank_id, *arguments))

    async def pass_of(self, person: UUID) -> "Pass":
        """Give a member a phone that makes codes."""

        async def work(tx: WriteTx) -> int:
            id_: int = await tx.connection.fetchval(
                "insert into passes (bank_id, person_id, key_id, issued_at) values ($1, $2, $3, $4) returning id",
                tx.bank_id,
                person,
                KEYS.key_id,
                STARTS - timedelta(days=9),
            )
            return id_

        id_ = await self.database.write(self.bank, work)
        seed = pass_seed(KEYS, bank_id=self.bank.id, pass_id=id_, key_id=KEYS.key_id)
        assert seed is not None
        return Pass(self.bank.id, id_, seed)

    async def card_of(self, person: UUID) -> str:
        """Give a member a card."""
        card = await self.database.write(
            self.bank, lambda tx: issue_card(tx, person, now=STARTS - timedelta(days=9), actor="test")
        )
        return card.token


@dataclass(frozen=True, slots=True)
class Pass:
    """A phone that makes codes."""

    bank_id: int
    id: int
    seed: bytes

    def code(self, at: datetime) -> str:
        """Return what it shows."""
        return member_code(self.seed, bank_id=self.bank_id, pass_id=self.id, at=at)


def own(person: UUID, at: datetime, **given: object) -> ScanRequest:
    """Return a member's own scan at a moment."""
    fields: dict[str, object] = {
        "digest": secrets.token_bytes(32),
        "kind": "in",
        "received_at": at,
        "person_id": person,
        "actor": f"person:{person}",
        "phone": secrets.token_bytes(32),
    }
    return ScanRequest(**(fields | given))  # type: ignore[arg-type]  # arguments of many types


def taken(scene: Scene, at: datetime, **given: object) -> ScanRequest:
    """Return a scan by a steward at a moment."""
    fields: dict[str, object] = {
        "digest": secrets.token_bytes(32),
        "kind": "in",
        "received_at": at,
        "actor": "person:steward",
        "session_id": scene.session,
        "within": frozenset({scene.organisation}),
    }
    return ScanRequest(**(fields | given))  # type: ignore[arg-type]  # arguments of many types


async def open_scene(
    database: Database, cast: Cast, *, starts: datetime = STARTS, capacity: int | None = None
) -> Scene:
    """Set the scene in the cast's bank."""
    organisation = cast.organisations["apple"]

    async def work(tx: WriteTx) -> tuple[int, list[int]]:
        stations: list[int] = [
            await tx.connection.fetchval(
                _STATION,
                tx.bank_id,
                secrets.token_hex(4),
                organisation,
                round(LATITUDE * 1e6),
                round(LONGITUDE * 1e6),
            )
            for _ in range(3)
        ]
        return await _plan(tx, organisation, starts, stations[:2], capacity, "ordinary"), stations

    session, stations = await database.write(cast.bank, work)
    return Scene(database, cast.bank, session, stations, organisation)


async def _plan(
    tx: WriteTx, organisation: int, starts: datetime, stations: list[int], capacity: int | None, kind: str
) -> int:
    ends = starts + timedelta(hours=2)
    activity = await tx.connection.fetchval(
        _ACTIVITY, tx.bank_id, secrets.token_hex(4), organisation, starts, ends, kind
    )
    session: int = await tx.connection.fetchval(_SESSION, tx.bank_id, activity, starts, ends, capacity)
    await tx.connection.executemany(
        "insert into session_stations (bank_id, session_id, station_id) values ($1, $2, $3)",
        [(tx.bank_id, session, station) for station in stations],
    )
    return session
