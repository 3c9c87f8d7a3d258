"""The standing cast of the API's tests: a small district, and who does what where.

    root district ── north street ── apple community ── grid
                  │               └─ birch community
                  └─ south street

Alice volunteers in apple, Bob in birch. Wen works for apple, Xu for birch. Olga is of the district's office, Audrey
audits, Adam administers; Ada administers north street only. Carl is a cashier, Stella a steward, Mia a shop manager,
Max a merchant, all in apple. Nobody here has a name in the books.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from ledger.session import WriteTx
from timebank.database import Bank, Database
from timebank.permissions import Role

TREE = (
    ("root", "district", None),
    ("north", "street", "root"),
    ("south", "street", "root"),
    ("apple", "community", "north"),
    ("birch", "community", "north"),
    ("grid", "grid", "apple"),
)
VOLUNTEERS = {"alice": "apple", "bob": "birch"}
STAFF = {
    "wen": (Role.COMMUNITY_WORKER, "apple"),
    "xu": (Role.COMMUNITY_WORKER, "birch"),
    "olga": (Role.OFFICE, "root"),
    "audrey": (Role.AUDITOR, "root"),
    "adam": (Role.ADMINISTRATOR, "root"),
    "ada": (Role.ADMINISTRATOR, "north"),
    "carl": (Role.CASHIER, "apple"),
    "stella": (Role.STEWARD, "apple"),
    "mia": (Role.SHOP_MANAGER, "apple"),
    "max": (Role.MERCHANT, "apple"),
}
SINCE = datetime(2025, 1, 1, tzinfo=UTC)
"""When the staff took office: tests set clocks to days after it."""
DEVICES = {"station": "apple", "till": "apple"}


@dataclass(frozen=True, slots=True)
class Cast:
    """Ids by name: organisations, people, devices, and a living session of each."""

    bank: Bank
    organisations: Mapping[str, int]
    people: Mapping[str, UUID]
    devices: Mapping[str, UUID]
    sessions: Mapping[str, UUID]


async def enter(database: Database, bank: Bank) -> Cast:
    """Bring the cast into a bank."""

    async def work(tx: WriteTx) -> Cast:
        run = tx.connection
        now = datetime.now(UTC)
        organisations: dict[str, int] = {}
        for code, level, parent in TREE:
            organisations[code] = await run.fetchval(
                "insert into organisations (bank_id, code, name, level, parent_id) values ($1, $2, $3, $4, $5)"
                " returning id",
                tx.bank_id,
                code,
                f"测试{code}",
                level,
                organisations.get(parent or ""),
            )
        people = {name: uuid4() for name in (*VOLUNTEERS, *STAFF)}
        devices = {kind: uuid4() for kind in DEVICES}
        sessions = {name: uuid4() for name in (*people, *devices)}
        await run.executemany(
            "insert into people (bank_id, id) values ($1, $2)", [(tx.bank_id, id_) for id_ in people.values()]
        )
        await run.executemany(
            "insert into volunteers (bank_id, code, owner, organisation_id, is_party_member, registered_on)"
            " values ($1, $2, $3, $4, false, '2025-01-01')",
            [(tx.bank_id, name.upper(), people[name], organisations[at]) for name, at in VOLUNTEERS.items()],
        )
        await run.executemany(
            "insert into role_grants (bank_id, person_id, role, organisation_id, from_at, granted_by)"
            " values ($1, $2, $3, $4, $5, 'test')",
            [
                (tx.bank_id, people[name], role, organisations[at], SINCE)
                for name, (role, at) in STAFF.items()
            ],
        )
        await run.executemany(
            "insert into devices (bank_id, id, kind, name, organisation_id, enrolled_at, enrolled_by)"
            " values ($1, $2, $3, $3, $4, $5, 'test')",
            [(tx.bank_id, devices[kind], kind, organisations[at], now) for kind, at in DEVICES.items()],
        )
        await run.executemany(
            "insert into sessions (bank_id, id, person_id, device_id, method, began_at, seen_at, expires_at)"
            " values ($1, $2, $3, $4, $5, $6, $6, $7)",
            [
                (
                    tx.bank_id,
                    session,
                    people.get(name),
                    devices.get(name),
                    "device" if name in devices else "password_totp",
                    now,
                    now + timedelta(days=1),
                )
                for name, session in sessions.items()
            ],
        )
        return Cast(bank, organisations, people, devices, sessions)

    return await database.write(bank, work)
