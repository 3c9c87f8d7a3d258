"""What a notice needs: the cast with invented names, a pack that earns fufen too, and records that were approved."""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from ledger.session import ReadTx, WriteTx
from tests.api.cast import Cast
from timebank.access import Actor, load_actor
from timebank.database import Database
from timebank.notices.actions import Opened, open_notice
from timebank.notices.objections import Decided, Decision, Objection, decide_objection, raise_objection
from timebank.policy.actions import adopt
from timebank.policy.rules import PolicyPack, default_pack, parse_pack
from timebank.vault.actions import put_fields
from timebank.vault.cipher import Cipher

T = TypeVar("T")

CIPHER = Cipher(b"n" * 32)
ZONE = ZoneInfo("Asia/Shanghai")
NAMES = {"alice": "测小明", "bob": "测乙"}
SERVICE = datetime(2025, 9, 26, 9, tzinfo=ZONE)
"""A Friday morning."""

OPENED = datetime(2025, 9, 30, 10, tzinfo=ZONE)
"""A Tuesday; the holidays are 1 to 8 October, and Saturday the 11th is worked on in their stead."""

LAST_DAY = date(2025, 10, 11)
LAST_EVENING = datetime(2025, 10, 11, 23, 59, tzinfo=ZONE)
OVER = datetime(2025, 10, 12, 0, 1, tzinfo=ZONE)

_ACTIVITY = """
insert into activities (bank_id, code, name, category, is_volunteer_service, organisation_id, leader_code, place,
  starts_at, ends_at, rest_minutes, difficulty_permille, created_by)
values ($1, $2, '清洁日', '环境', true, $3, 'L', '广场', $4, $5, 0, 1000, $6) returning id
"""
_SESSION = """
insert into activity_sessions (bank_id, activity_id, starts_at, ends_at, place, rest_minutes)
values ($1, $2, $3, $4, '广场', 0) returning id
"""
_RECORD = """
insert into service_records (bank_id, activity_id, volunteer_id, check_in_at, check_out_at, served_from, served_until,
  minutes, points, policy_version, outcome, session_id, grade, origin, state, made_by)
select $1, $2, v.id, $5, $6, $5, $6, $7, $8, 1, 'accepted', $3, 'B',
  case when $10::text is null then 'scans' else 'correction' end, $9, coalesce($10, 'test')
from volunteers v where v.bank_id = $1 and v.owner = $4 returning id
"""
_APPROVED = """
insert into record_entries (bank_id, record_id, kind, actor, person_id, detail, entered_at)
values ($1, $2, 'approved', 'test', $3, '{}', $4)
"""
_WALLETS = """
select u.code, a.expires_on, a.balance from accounts a join units u on u.bank_id = $1 and u.id = a.unit_id
where a.bank_id = $1 and a.owner = $2 and a.kind = 'wallet' and a.balance <> 0
"""
_STATE = """
select r.state, r.credited_transaction_id, array(select e.kind from record_entries e
  where e.bank_id = $1 and e.record_id = r.id order by e.id) as kinds
from service_records r where r.bank_id = $1 and r.id = $2
"""


def earning_pack(**changes: object) -> PolicyPack:
    """Return the default pack, by which an hour also earns a fufen and a half, and a party member a score."""
    pack = default_pack().model_dump(mode="json", by_alias=True)
    pack["earned"] = [
        {"unit": "fufen", "per_hour_permille": 1500},
        {"unit": "party_score", "per_hour_permille": 1000, "party_members_only": True},
    ]
    pack["attendance"].update(changes)
    return parse_pack(PolicyPack.model_validate(pack, strict=False).model_dump_json(by_alias=True))


@dataclass(frozen=True, slots=True)
class Scene:
    """A bank with its cast, in which things are done by somebody at a time."""

    database: Database
    cast: Cast

    async def adopt(self, pack: PolicyPack, *, effective_from: date = date(2021, 1, 1)) -> None:
        """Adopt a pack."""
        await self.write(lambda tx: adopt(tx, pack, effective_from=effective_from, actor="test"))

    async def name_people(self) -> None:
        """Put names into the vault."""
        fields = [(self.cast.people[who], "name", name) for who, name in NAMES.items()]
        await self.write(lambda tx: put_fields(tx, CIPHER, fields))

    async def grant(self, who: str, role: str, at: str) -> None:
        """Give somebody a role since before the notices: the cast's own grants begin today."""
        person, place = self.cast.people[who], self.cast.organisations[at]
        await self.write(
            lambda tx: tx.connection.execute(
                "insert into role_grants (bank_id, person_id, role, organisation_id, from_at, granted_by)"
                " values ($1, $2, $3, $4, '2025-01-01', 'test')",
                tx.bank_id,
                person,
                role,
                place,
            )
        )

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

    async def record(  # noqa: PLR0913 -- each is a part of a record
        self,
        who: str,
        *,
        minutes: int = 120,
        points: int = 20,
        at: str | None = "apple",
        starts_at: datetime = SERVICE,
        state: str = "approved",
        approver: str = "wen",
        creator: str | None = None,
        corrector: str | None = None,
    ) -> int:
        """Enter a record of two hours' session, which somebody approved; a correction, if somebody made it."""

        async def work(tx: WriteTx) -> int:
            run, ends_at = tx.connection, starts_at + timedelta(hours=2)
            place = at and self.cast.organisations[at]
            activity = await run.fetchval(
                _ACTIVITY,
                tx.bank_id,
                secrets.token_hex(6),
                place,
                starts_at,
                ends_at,
                creator and self.cast.people[creator],
            )
            session = await run.fetchval(_SESSION, tx.bank_id, activity, starts_at, ends_at)
            id_: int = await run.fetchval(
                _RECORD,
                tx.bank_id,
                activity,
                session,
                self.cast.people[who],
                starts_at,
                ends_at,
                minutes,
                points,
                state,
                corrector and f"person:{self.cast.people[corrector]}",
            )
            await run.execute(_APPROVED, tx.bank_id, id_, self.cast.people[approver], starts_at)
            return id_

        return await self.write(work)

    async def open(self, who: str = "wen", *, at: str = "apple", now: datetime = OPENED) -> Opened:
        """Open a notice as one of the cast."""
        place = self.cast.organisations[at]
        return await self.do(
            who, lambda tx, actor: open_notice(tx, actor, CIPHER, organisation_id=place, now=now)
        )

    async def notice(self, *, now: datetime = OPENED) -> int:
        """Open a notice of apple's and return its id."""
        opened = await self.open(now=now)
        assert opened.notice_id is not None
        return opened.notice_id

    async def object_to(
        self,
        notice_id: int,
        line: int,
        who: str = "xu",
        *,
        now: datetime = LAST_EVENING,
        contact: str | None = None,
    ) -> int:
        """Object to a line as one of the cast."""
        objection = Objection("测试：当日未见其人", contact)
        return await self.do(
            who,
            lambda tx, actor: raise_objection(
                tx, actor, CIPHER, notice_id=notice_id, line=line, objection=objection, now=now
            ),
        )

    async def decide(
        self, objection_id: int, decision: Decision, who: str = "olga", *, now: datetime = LAST_EVENING
    ) -> Decided:
        """Decide an objection as one of the cast."""
        return await self.do(
            who,
            lambda tx, actor: decide_objection(
                tx, actor, objection_id=objection_id, decision=decision, reason="测试：查实", now=now
            ),
        )

    async def dispute(self, record_id: int, *, decided: bool = False) -> None:
        """Let a volunteer dispute their record, or let that be dismissed."""
        sql = (
            "update disputes set decided_at = $3, decision = 'dismissed' where bank_id = $1 and record_id = $2"
            if decided
            else "insert into disputes (bank_id, record_id, person_id, statement, raised_at)"
            " select $1, r.id, v.owner, '测试', $3 from service_records r"
            " join volunteers v on v.bank_id = $1 and v.id = r.volunteer_id where r.bank_id = $1 and r.id = $2"
        )
        await self.write(lambda tx: tx.connection.execute(sql, tx.bank_id, record_id, OPENED))

    async def wallet(self, who: str) -> Mapping[tuple[str, date | None], int]:
        """Return what one of the cast has, by unit and last day."""
        owner = self.cast.people[who]
        rows = await self.read(lambda tx: tx.connection.fetch(_WALLETS, tx.bank_id, owner))
        return {(row["code"], row["expires_on"]): row["balance"] for row in rows}

    async def state(self, record_id: int) -> tuple[str, list[str]]:
        """Return a record's state and the kinds of its entries."""
        row = await self.read(lambda tx: tx.connection.fetchrow(_STATE, tx.bank_id, record_id))
        assert row is not None
        assert (row["credited_transaction_id"] is not None) == (row["state"] in {"credited", "voided"})
        return row["state"], row["kinds"]

    async def told(self, who: str) -> list[str]:
        """Return what one of the cast was told, in order."""
        owner: UUID = self.cast.people[who]
        rows = await self.read(
            lambda tx: tx.connection.fetch(
                "select kind from notifications where bank_id = $1 and person_id = $2 order by id",
                tx.bank_id,
                owner,
            )
        )
        return [row["kind"] for row in rows]
