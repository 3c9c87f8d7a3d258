"""A rush over HTTP: thousands of members check in to one session at its start, each by their own phone and login.

Every rush has a session, logins and phones of its own, so nothing about it is in any cache. The baseline is the empty
route of the same app, asked by as many clients at once. Whatever was answered is counted in the table afterwards.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from ledger.session import WriteTx
from tests.benchmarks.arena import Arena, Books
from tests.benchmarks.empty_route import CLIENTS, Crowd, take_turns
from tests.benchmarks.figures import Figure, Target
from tests.benchmarks.scale import Scale
from tests.conftest import new_bank
from tests.served import served, token
from tests.serving import VAULT_KEY
from tests.wire import Wire
from timebank.codes.rules import CodeKeys, station_code
from timebank.database import Bank

NAME = "scans"
MINUTE_MS = 60_000

_PLAN = """
with activity as (
  insert into activities (bank_id, code, name, category, is_volunteer_service, organisation_id, leader_code, place,
    starts_at, ends_at, rest_minutes, difficulty_permille, state)
  values ($1, $2, '清洁日', '环境', true, null, '', '广场', $3, $4, 0, 1000, 'published') returning id
)
insert into activity_sessions (bank_id, activity_id, starts_at, ends_at, place, rest_minutes)
select $1, id, $3, $4, '广场', 0 from activity returning id
"""


@dataclass(frozen=True, slots=True)
class _Rush:
    """Who checks in, by whose login, where."""

    session: int
    station: int
    tokens: Sequence[str]


async def run(arena: Arena, scale: Scale) -> list[Figure]:
    """Take turns between the empty route and a rush of all members."""
    async with arena.books("scans") as books:
        bank = await new_bank(books.database)
        owners = [uuid4() for _ in range(scale.volunteers)]
        station = await _register(books, bank, owners)
        async with served(books.address) as port:
            rushes: list[_Rush] = []

            async def gather(number: int) -> Crowd:
                rush = await _gather_at(books, bank, owners, station, number)
                rushes.append(rush)
                await _settle(books)
                return lambda: _hold(port, bank, rush)

            turns = await take_turns(port, scale, gather)
            for rush in rushes:
                await _check(books, bank, rush.session, len(owners))
    measured = f"{len(owners):,} members check in at once, {CLIENTS} connections, none lost, none doubled"
    whole = [1000 * len(owners) / rate for rate in turns.rates]
    return [
        *turns.figures(NAME, measured, "a check-in", at_least=0.5),
        Figure(NAME, "the whole rush", "ms", whole, target=Target("≤", MINUTE_MS)),
    ]


async def _hold(port: int, bank: Bank, rush: _Rush) -> list[float]:
    """Let everybody check in, and return how long each waited."""
    keys, waiting, waits = CodeKeys([VAULT_KEY]), list(enumerate(rush.tokens)), []

    async def client() -> None:
        wire = Wire("127.0.0.1", port)
        while waiting:
            number, wire.token = waiting.pop()
            code = station_code(
                keys, bank_id=bank.id, station_id=rush.station, session_id=rush.session, at=datetime.now(UTC)
            )
            begun = time.perf_counter()
            answer = await wire.request(
                "POST", "/api/v1/scans", {"kind": "in", "code": code}, {"X-Phone": f"{number:032x}"}
            )
            waits.append(time.perf_counter() - begun)
            if answer.status != 201 or answer.json["outcome"] != "accepted":
                raise AssertionError(answer)
        wire.close()

    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    return waits


async def _check(books: Books, bank: Bank, session: int, count: int) -> None:
    """Count what is on record."""
    row = await books.database.read(
        bank,
        lambda tx: tx.connection.fetchrow(
            "select count(*) as kept, count(distinct volunteer_id) as members from scans"
            " where bank_id = $1 and session_id = $2 and outcome = 'accepted'",
            tx.bank_id,
            session,
        ),
    )
    if row is None or tuple(row) != (count, count):
        raise AssertionError(row)


async def _register(books: Books, bank: Bank, owners: Sequence[UUID]) -> int:
    """Make the owners volunteers of the bank, and open a station."""

    async def work(tx: WriteTx) -> int:
        place = await tx.connection.fetchval(
            "insert into organisations (bank_id, code, name, level) values ($1, 'a', '测试', 'district') returning id",
            bank.id,
        )
        await tx.connection.executemany(
            "insert into people (bank_id, id) values ($1, $2)", [(bank.id, owner) for owner in owners]
        )
        await tx.connection.executemany(
            "insert into volunteers (bank_id, code, owner, is_party_member) values ($1, $2, $3, false)",
            [(bank.id, f"V{n}", owner) for n, owner in enumerate(owners)],
        )
        station: int = await tx.connection.fetchval(
            "insert into stations (bank_id, code, name, kind, place, hours, organisation_id)"
            " values ($1, 'S', '站', 'other', '广场', '8-18', $2) returning id",
            bank.id,
            place,
        )
        return station

    return await books.database.write(bank, work)


async def _gather_at(books: Books, bank: Bank, owners: Sequence[UUID], station: int, number: int) -> _Rush:
    """Plan a session that starts now, sign everybody up and log everybody in."""
    now = datetime.now(UTC)
    logins = [uuid4() for _ in owners]

    async def work(tx: WriteTx) -> int:
        session: int = await tx.connection.fetchval(
            _PLAN, bank.id, f"A{number}", now, now + timedelta(hours=2)
        )
        await tx.connection.execute(
            "insert into session_stations (bank_id, session_id, station_id) values ($1, $2, $3)",
            bank.id,
            session,
            station,
        )
        await tx.connection.execute(
            "insert into sign_ups (bank_id, session_id, volunteer_id, state, queued_at, changed_at, changed_by)"
            " select $1, $2, v.id, 'signed_up', $3, $3, 'bench' from volunteers v where v.bank_id = $1",
            bank.id,
            session,
            now,
        )
        await tx.connection.executemany(
            "insert into sessions (bank_id, id, person_id, method, began_at, seen_at, expires_at)"
            " values ($1, $2, $3, 'link', $4, $4, $5)",
            [(bank.id, *pair, now, now + timedelta(days=1)) for pair in zip(logins, owners, strict=True)],
        )
        return session

    session = await books.database.write(bank, work)
    return _Rush(session, station, [token(bank, login) for login in logins])


async def _settle(books: Books) -> None:
    async with books.superuser() as connection:
        await connection.execute("vacuum (analyze) sessions, people, volunteers, sign_ups, scans")
        await connection.execute("checkpoint")
