"""A bank of invented people with a year of credits, drawn at random: grades, awards, reversals, debts, late service."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from ledger.holds import reversal
from ledger.posting import post
from ledger.session import WriteTx
from ledger.values import ISSUANCE, WALLET, Draft, Move, Place, Posted
from tests.sealing import seal_everything
from timebank.database import Bank, Database
from timebank.policy.actions import adopt
from timebank.policy.rules import PolicyPack, default_pack, parse_pack

ZONE: Final = ZoneInfo("Asia/Shanghai")
FROM, UNTIL = date(2025, 1, 1), date(2025, 12, 31)
NEW_YEAR = datetime(2026, 1, 8, 9, tzinfo=ZONE)
"""When the lists of 2025 are made."""

_TREE: Final = (
    ("root", "district", None),
    ("north", "street", "root"),
    ("apple", "community", "north"),
    ("grid", "grid", "apple"),
    ("birch", "community", "north"),
    ("red", "team", "apple"),
    ("blue", "team", "north"),
    ("works", "work_unit", "root"),
    ("mill", "partner_unit", "birch"),
)
_ORGANISATION = """
insert into organisations (bank_id, code, name, level, parent_id) values ($1, $2, $2, $3, $4) returning id
"""
_VOLUNTEER = """
insert into volunteers (bank_id, code, owner, organisation_id, team_id, is_party_member, registered_on)
values ($1, $2, $3, $4, $5, $6, '2024-01-01') returning id
"""
_ACTIVITY = """
insert into activities (bank_id, code, name, category, is_volunteer_service, leader_code, place, starts_at, ends_at,
  rest_minutes, difficulty_permille)
values ($1, $2, '清洁日', '环境', true, 'L', '广场', $3, $3::timestamptz + interval '10 hours', 0, 1000) returning id
"""
_RECORD = """
insert into service_records (bank_id, activity_id, volunteer_id, check_in_at, check_out_at, minutes, points,
  policy_version, outcome, grade, state, corrects_id)
values ($1, $2, $3, $4, $4::timestamptz + interval '10 hours', $5, $6, 1, 'accepted', $7, 'credited', $8) returning id
"""
_MEMBERSHIP = """
insert into memberships (bank_id, person_id, organisation_id, kind, from_on, until_on, recorded_by)
values ($1, $2, $3, $4, $5, $6, 'test')
"""


@dataclass(slots=True)
class Year:
    """The bank, its organisations by code, its people with their volunteer's number, and its credits."""

    database: Database
    bank: Bank
    random: Random
    organisations: dict[str, int] = field(default_factory=dict)
    people: dict[UUID, int] = field(default_factory=dict)
    credits: list[tuple[int, UUID, int]] = field(default_factory=list)
    """(transaction, owner, record)"""

    async def settle(self, people: int) -> None:
        """Enter the tree and so many people, here and there in it, and adopt the default pack."""

        async def work(tx: WriteTx) -> None:
            for code, level, parent in _TREE:
                self.organisations[code] = await tx.connection.fetchval(
                    _ORGANISATION, tx.bank_id, code, level, self.organisations.get(parent or "")
                )
            for number in range(people):
                await self._enter(tx, number)

        await self.database.write(
            self.bank, lambda tx: adopt(tx, default_pack(), effective_from=FROM, actor="test")
        )
        await self.database.write(self.bank, work)

    async def _enter(self, tx: WriteTx, number: int) -> None:
        random, places = self.random, self.organisations
        id_ = UUID(int=random.getrandbits(128), version=4)
        await tx.connection.execute("insert into people (bank_id, id) values ($1, $2)", tx.bank_id, id_)
        home = random.choice(["apple", "grid", "birch", "birch", "north", None])
        team = random.choice([None, None, "red"])
        self.people[id_] = await tx.connection.fetchval(
            _VOLUNTEER,
            tx.bank_id,
            f"V{number:03}",
            id_,
            home and places[home],
            team and places[team],
            random.random() < 0.4,
        )
        for kind, at in (("team", "blue"), ("team", "red"), ("work_unit", "works"), ("party_unit", "mill")):
            if random.random() < 0.3:
                since = FROM + timedelta(days=random.randrange(-60, 300))
                until = since + timedelta(days=random.randrange(1, 300)) if random.random() < 0.5 else None
                await tx.connection.execute(_MEMBERSHIP, tx.bank_id, id_, places[at], kind, since, until)

    async def serve(self, times: int) -> None:
        """Let people serve, be awarded, and have some of it taken back; few different amounts, so that many tie."""
        random = self.random

        async def work(tx: WriteTx) -> None:
            for _ in range(times):
                owner = random.choice([*self.people])
                day = FROM + timedelta(days=random.randrange(-20, 385))
                at = datetime(day.year, day.month, day.day, random.randrange(24), tzinfo=ZONE)
                await self.credit(
                    tx, owner, at, random.choice([60, 120, 120, 600]), random.choice([0, 10, 10])
                )
            for _ in range(times // 8):
                await self.award(tx, random.choice([*self.people]), random.choice([5, 10]))
            for _ in range(times // 6):
                await self.take_back(tx, *random.choice(self.credits), is_corrected=random.random() < 0.5)

        await self.database.write(self.bank, work)

    async def credit(
        self,
        tx: WriteTx,
        owner: UUID,
        at: datetime,
        minutes: int,
        points: int,
        *,
        corrects: int | None = None,
    ) -> int:
        """Enter a record and its credit; return the transaction."""
        random, number = self.random, len(self.credits)
        activity = await tx.connection.fetchval(_ACTIVITY, tx.bank_id, f"A{number}", at)
        grade = random.choice(["A", "B", "C", "D", "E", None])
        record = await tx.connection.fetchval(
            _RECORD, tx.bank_id, activity, self.people[owner], at, minutes, points, grade, corrects
        )
        moves = [Move(Place(ISSUANCE), Place(WALLET, owner), "minute", minutes)]
        if points:
            lot = Place(WALLET, owner, random.choice([date(2027, 12, 31), date(2028, 12, 31)]))
            moves.append(Move(Place(ISSUANCE), lot, "point", points))
        draft = Draft("credit", f"record:{record}", at, "test", tuple(moves), metadata={"record": record})
        id_ = await _posted(tx, draft)
        self.credits.append((id_, owner, record))
        return id_

    async def award(self, tx: WriteTx, owner: UUID, points: int) -> None:
        """Award somebody points in summer."""
        move = Move(Place(ISSUANCE), Place(WALLET, owner, date(2027, 12, 31)), "point", points)
        key = f"award:{self.random.getrandbits(64)}"
        await _posted(tx, Draft("award", key, datetime(2025, 7, 1, tzinfo=UTC), "test", (move,)))

    async def take_back(
        self, tx: WriteTx, transaction: int, owner: UUID, record: int, *, is_corrected: bool = False
    ) -> None:
        """Reverse a credit, in place of another or for good; sometimes a debt stays behind."""
        (outcome,) = await post(
            tx, [reversal(f"void:{record}", transaction_id=transaction, effective_at=NEW_YEAR, actor="test")]
        )
        if not isinstance(outcome, Posted) or outcome.replayed:
            return
        if is_corrected:
            at = datetime(2025, 6, 1, 9, tzinfo=ZONE)
            await self.credit(tx, owner, at, 120, 10, corrects=record)
        elif self.random.random() < 0.4:
            move = Move(Place(ISSUANCE), Place(WALLET, owner, date(2027, 12, 31)), "point", 3)
            await _posted(tx, Draft("debt", f"debt:{record}", NEW_YEAR, "test", (move,)))

    async def seal(self, home: Path) -> None:
        """Seal what was done so far."""
        await seal_everything(self.database, self.bank, home, now=NEW_YEAR)


def pack_with(*schemes: dict[str, object]) -> PolicyPack:
    """Return the default pack with these lists of recognition."""
    pack = default_pack().model_dump(mode="json", by_alias=True) | {"recognitions": list(schemes)}
    return parse_pack(PolicyPack.model_validate(pack, strict=False).model_dump_json(by_alias=True))


async def _posted(tx: WriteTx, draft: Draft) -> int:
    (outcome,) = await post(tx, [draft])
    assert isinstance(outcome, Posted), outcome
    return outcome.transaction_id
