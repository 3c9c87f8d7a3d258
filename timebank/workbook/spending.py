"""Awards and redemption slips: stored once each, and with the credits put in the order in which they are booked."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from ledger.session import WriteTx
from timebank.records.rules import ServiceRecord
from timebank.workbook.district import District
from timebank.workbook.fates import KEPT, SheetFates, fate, noted
from timebank.workbook.lines import ACCEPTED, RECONSIDERED, known_outcomes, marks, write_rows
from timebank.workbook.replay import Award, Event, Redemption, Slips, replay
from timebank.workbook.sheets import AwardRow, GoodsRow, RedemptionRow, UnplacedSlip
from timebank.workbook.storing import Registers

_AWARDS = """
insert into awards (bank_id, digest, volunteer_id, title, points, awarded_on, outcome)
select $1, a.* from unnest($2::bytea[], $3::bigint[], $4::text[], $5::bigint[], $6::date[], $7::text[]) as a
on conflict on constraint awards_pkey do update set outcome = excluded.outcome, volunteer_id = excluded.volunteer_id
returning 1
"""

_REDEMPTIONS = """
insert into redemption_slips (bank_id, digest, receipt, volunteer_id, shop_code, sku, quantity, points, redeemed_at,
  cashier, outcome)
select $1, r.* from unnest($2::bytea[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::bigint[],
  $8::bigint[], $9::timestamptz[], $10::text[], $11::text[]) as r
returning 1
"""

_STORED_RECEIPTS = (
    "select distinct receipt from redemption_slips where bank_id = $1 and redeemed_at is not null"
)
_STORED_GOODS = """
select s.code as shop, g.sku, g.name, g.price_points, g.opening_stock
from goods g join shops s on s.bank_id = $1 and s.id = g.shop_id where g.bank_id = $1
"""


async def store_spending(
    tx: WriteTx, district: District, registers: Registers, credited: Iterable[ServiceRecord]
) -> tuple[list[Event], dict[int, bytes], dict[str, SheetFates]]:
    """Store new awards and slips; return all events that move value in order, and the fates of the others."""
    award_marks = marks(district.awards, _award_content)
    slip_marks = marks(district.redemptions, _slip_content)
    known_awards = await known_outcomes(tx, "awards")
    known_slips = await known_outcomes(tx, "redemption_slips")
    receipts = await tx.connection.fetch(_STORED_RECEIPTS, tx.bank_id)
    goods = await _load_goods(tx)
    slips = Slips(goods, registers.volunteers.keys(), [row["receipt"] for row in receipts])
    earlier = _EarlierSlips(slips, {number: known_slips.get(mark) for number, mark in slip_marks.items()})
    events: list[Event] = []
    refused: dict[str, SheetFates] = {"奖励": {}, "兑换": {}, "商品": {}}
    for item in district.goods:
        if replace(item, row_number=0) != goods[item.shop, item.sku]:
            refused["商品"][item.row_number] = noted(district.fates["商品"][item.row_number], KEPT)
    new_awards: list[tuple[object, ...]] = []
    new_slips = _unplaced_rows(district.unplaced_slips, known_slips)
    for event in replay(
        records=credited,
        awards=district.awards,
        redemptions=district.redemptions,
        slips=earlier,
        volunteers=registers.volunteers.keys(),
        zone=tx.zone,
    ):
        if isinstance(event, Award):
            mark = award_marks[event.row.row_number]
            if known_awards.get(mark, "unknown_volunteer") in RECONSIDERED:
                new_awards.append(_award_row(event, mark, registers))
        elif isinstance(event, Redemption) and slip_marks[event.row.row_number] not in known_slips:
            new_slips.append(_slip_row(event, slip_marks[event.row.row_number], registers))
        if isinstance(event, Award | Redemption) and event.refusal is not None:
            sheet = "奖励" if isinstance(event, Award) else "兑换"
            refused[sheet][event.row.row_number] = fate(event.refusal)
        else:
            events.append(event)
    await write_rows(tx, _AWARDS, new_awards)
    await write_rows(tx, _REDEMPTIONS, new_slips)
    return events, award_marks, refused


class _EarlierSlips(Slips):
    """Slips of which some were answered by an earlier import: those keep their answer."""

    def __init__(self, slips: Slips, outcomes: Mapping[int, str | None]) -> None:
        self._slips = slips
        self._outcomes = outcomes

    def refusal(self, slip: RedemptionRow) -> str | None:
        outcome = self._outcomes.get(slip.row_number)
        if outcome is None:
            return self._slips.refusal(slip)
        return None if outcome == ACCEPTED else outcome


def _unplaced_rows(slips: Iterable[UnplacedSlip], known: Collection[bytes]) -> list[tuple[object, ...]]:
    """Return the rows of slips that have no place in time: kept so that every line is counted."""
    lines = list(slips)
    digests = marks(lines, lambda slip: replace(slip, row_number=0))
    return [
        (
            mark,
            slip.receipt,
            None,
            slip.shop,
            slip.sku,
            slip.quantity,
            slip.points,
            None,
            slip.cashier,
            slip.refusal,
        )
        for slip in lines
        if (mark := digests[slip.row_number]) not in known
    ]


def _award_content(row: AwardRow) -> tuple[object, ...]:
    return (row.volunteer, row.award, row.points, row.on)


def _slip_content(row: RedemptionRow) -> tuple[object, ...]:
    return (row.receipt, row.volunteer, row.shop, row.sku, row.quantity, row.points, row.at, row.cashier)


def _award_row(event: Award, mark: bytes, registers: Registers) -> tuple[object, ...]:
    row = event.row
    person = registers.volunteers.get(row.volunteer)
    return (mark, person and person.id, row.award, row.points, row.on, event.refusal or ACCEPTED)


def _slip_row(event: Redemption, mark: bytes, registers: Registers) -> tuple[object, ...]:
    row = event.row
    person = registers.volunteers.get(row.volunteer)
    return (
        mark,
        row.receipt,
        person and person.id,
        row.shop,
        row.sku,
        row.quantity,
        row.points,
        row.at,
        row.cashier,
        event.refusal or ACCEPTED,
    )


async def _load_goods(tx: WriteTx) -> dict[tuple[str, str], GoodsRow]:
    return {
        (row["shop"], row["sku"]): GoodsRow(
            0, row["shop"], row["sku"], row["name"], row["price_points"], row["opening_stock"]
        )
        for row in await tx.connection.fetch(_STORED_GOODS, tx.bank_id)
    }
