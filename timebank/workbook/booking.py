"""Booking a stored workbook in the ledger, in the order of the replay, batch by batch.

Every draft's key is made of what it books, so a run that dies is simply run again: what was posted is
replayed with the outcome it had, and the rest follows in the same order.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import zip_longest
from typing import Protocol, TypeVar
from uuid import UUID

from ledger.posting import post
from ledger.session import WriteTx
from ledger.values import (
    HANDED_OUT,
    ISSUANCE,
    SHELF,
    SUPPLY,
    TAKINGS,
    WALLET,
    Draft,
    Move,
    Outcome,
    Place,
    Posted,
    Refused,
    Wallet,
)
from timebank.errors import RefusalError
from timebank.notices.crediting import CreditableRecord, credit_draft
from timebank.policy.actions import PolicyHistory
from timebank.policy.rules import POINT
from timebank.shops.rules import goods_unit
from timebank.workbook.facts import BookedRecord, Facts
from timebank.workbook.fates import Fate, SheetFates, fate
from timebank.workbook.replay import Award, Credit, Event, Redemption
from timebank.workbook.storing import Registers

T = TypeVar("T")

BATCH = 2_000
LONGEST_RECEIPT = 100
AWARD, REDEMPTION, RECEIPT = "award", "redemption", "receipt"

_GOODS = """
select s.owner, g.unit_code, g.opening_stock as stock, g.opening_at
from goods g join shops s on s.bank_id = $1 and s.id = g.shop_id
where g.bank_id = $1 and g.opening_stock > 0 order by g.id
"""


@dataclass(frozen=True, slots=True)
class Drafting:
    """Turns events into drafts by the registers and the policy."""

    facts: Facts
    registers: Registers
    policies: PolicyHistory
    actor: str

    def drafts(self, events: Sequence[Event]) -> list[Draft]:
        """Return the drafts of events that move value, in the same order."""
        return [self._draft(event) for event in events]

    def _draft(self, event: Event) -> Draft:
        if isinstance(event, Credit):
            return self._credit(self.facts.records[event.record.activity, event.record.volunteer])
        if isinstance(event, Award):
            return self._award(event)
        return self._redemption(event)

    def _credit(self, booked: BookedRecord) -> Draft:
        record = booked.record
        volunteer = self.registers.volunteers[record.volunteer]
        found = CreditableRecord(
            record_id=booked.record_id,
            owner=volunteer.owner,
            is_party_member=volunteer.is_party_member,
            minutes=record.minutes,
            points=record.points,
            effective_at=record.effective_at,
            policy_version=booked.policy_version,
        )
        return credit_draft(found, self.policies.numbered(booked.policy_version), actor=self.actor)

    def _award(self, event: Award) -> Draft:
        owner = self.registers.volunteers[event.row.volunteer].owner
        move = Move(Place(ISSUANCE), self._lot(owner, event.at), POINT, event.row.points)
        return Draft(
            AWARD,
            f"award:{self.facts.award_marks[event.row.row_number].hex()}",
            event.at,
            self.actor,
            (move,),
            metadata={"policy": self.policies.on(event.at.date()).version},
        )

    def _redemption(self, event: Redemption) -> Draft:
        slip = event.row
        shop = self.registers.shops[slip.shop].owner
        owner = self.registers.volunteers[slip.volunteer].owner
        unit = goods_unit(slip.shop, slip.sku)
        moves = [Move(Place(SHELF, shop), Place(HANDED_OUT, shop), unit, slip.quantity or 0)]
        if slip.points:
            moves.insert(0, Move(Wallet(owner), Place(TAKINGS, shop), POINT, slip.points))
        return Draft(
            REDEMPTION,
            f"receipt:{_plain_key(slip.receipt)}",
            event.row.at,
            self.actor,
            tuple(moves),
            metadata={"receipt": slip.receipt, "policy": self.policies.on(event.at.date()).version},
        )

    def _lot(self, owner: UUID, effective_at: datetime) -> Place:
        day = effective_at.date()
        return Place(WALLET, owner, self.policies.on(day).pack.expires_on(POINT, day))


def _plain_key(receipt: str) -> str:
    """Return what stands for a receipt number in a key, which has an end where a cell has none."""
    if len(receipt) <= LONGEST_RECEIPT:
        return receipt
    return hashlib.blake2b(receipt.encode(), digest_size=16).hexdigest()


class Run(Protocol):
    """Runs a batch of work in a transaction: of its own, or in a dry run in the one that is taken back."""

    async def __call__(self, work: Callable[[WriteTx], Awaitable[T]], /) -> T:
        """Return what the work returns."""


async def book_opening_stock(run: Run, *, actor: str) -> None:
    """Put the opening stock of every item on its shelf, once."""

    async def work(tx: WriteTx) -> None:
        drafts = [
            Draft(
                RECEIPT,
                f"opening:{row['unit_code']}",
                row["opening_at"],
                actor,
                (
                    Move(
                        Place(SUPPLY, row["owner"]),
                        Place(SHELF, row["owner"]),
                        row["unit_code"],
                        row["stock"],
                    ),
                ),
            )
            for row in await tx.connection.fetch(_GOODS, tx.bank_id)
        ]
        # A conflict is the same stock, put there by somebody else's import.
        if any(isinstance(outcome, Refused) for outcome in await post(tx, drafts)):
            raise RefusalError("opening_stock_refused")

    await run(work)


async def book_events(
    run: Run, drafting: Drafting, *, progress: Callable[[int], None]
) -> Mapping[str, SheetFates]:
    """Post all events in order and return the fate of each row; `progress` hears of each batch's size.

    While the server works on one batch, a thread makes the drafts of the next.
    """
    fates: dict[str, SheetFates] = {"签到": {}, "奖励": {}, "兑换": {}}
    batches = list(_batches(drafting.facts.events))
    upcoming = asyncio.create_task(asyncio.to_thread(drafting.drafts, batches[0] if batches else ()))
    for batch, following in zip_longest(batches, batches[1:], fillvalue=()):
        drafts = await upcoming
        upcoming = asyncio.create_task(asyncio.to_thread(drafting.drafts, following))
        outcomes = await run(partial(_post, drafts))
        for event, outcome in zip(batch, outcomes, strict=True):
            _keep_fate(fates, event, outcome)
        progress(len(batch))
    await upcoming
    return fates


async def _post(drafts: Sequence[Draft], tx: WriteTx) -> list[Outcome]:
    return await post(tx, drafts)


def _batches(events: Sequence[Event]) -> Iterator[Sequence[Event]]:
    for start in range(0, len(events), BATCH):
        yield events[start : start + BATCH]


def _keep_fate(fates: Mapping[str, SheetFates], event: Event, outcome: Outcome) -> None:
    if isinstance(event, Credit):
        fates["签到"][event.record.row_number] = _fate(
            outcome, fate("credited", event.record.minutes, event.record.points)
        )
    elif isinstance(event, Award):
        fates["奖励"][event.row.row_number] = _fate(outcome, fate("awarded", event.row.points))
    else:
        fates["兑换"][event.row.row_number] = _fate(outcome, fate("redeemed", event.row.points or 0))


def _fate(outcome: Outcome, posted: Fate) -> Fate:
    """Return the row's fate; a shortage is one of goods or of points."""
    if isinstance(outcome, Posted):
        return posted
    if isinstance(outcome, Refused):
        if outcome.code == "insufficient":
            return fate("out_of_stock" if outcome.detail["class_"] == "goods" else "insufficient_points")
        return fate(outcome.code)
    # The key is made of the row: an earlier import booked it, by somebody else or under another policy pack.
    return fate("already_recorded")
