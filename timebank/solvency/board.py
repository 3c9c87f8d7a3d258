"""The solvency board: of the whole bank, of an organisation with all below it, and of each one of a tree."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from ledger.balances import trial_balance
from ledger.session import ReadTx
from timebank.budgets.queries import Budget, Payer, budgets, payers
from timebank.policy.queries import version_on
from timebank.settlements.queries import paid_amounts
from timebank.solvency import queries
from timebank.solvency.rules import (
    PACE_MONTHS,
    Flows,
    Month,
    cover_permille,
    first_of_month,
    flows_of,
    flows_of_bank,
    forecast,
    pace_of,
)
from timebank.stock.queries import shops_at_cost

PAGE = 1_000


@dataclass(frozen=True, slots=True)
class Ceiling:
    """What the budgets of a circle may issue of a unit in all, what is left of that, and what waits for more."""

    ceiling: int
    left: int
    waiting_records: int
    waiting_amount: int


@dataclass(frozen=True, slots=True)
class UnitBoard:
    """One unit: what came and went, what is out by the month in which it ends, and what is to come of that.

    `pace` is what was spent in a month lately. `unit_cents` is what one is settled with, `liability_cents` what all
    that is out comes to by it, `unsettled` what merchants took and no statement counts yet. `budgets` are the circle's
    own; `payer` is the budget that an organisation issues from, be it its own or one above it.
    """

    unit: str
    flows: Flows
    expiring: tuple[tuple[date | None, int], ...]
    pace: int
    forecast: tuple[Month, ...]
    unit_cents: int
    liability_cents: int
    unsettled: int
    budgets: Ceiling | None
    payer: Payer | None


@dataclass(frozen=True, slots=True)
class Board:
    """A circle's solvency at a moment: its units, and in cents what stands behind them and what is owed.

    `owed_cents` is what is settled and not paid, or taken by merchants and not settled. `cover_permille` is stock at
    cost and funds, of what is out and owed; None if that is nothing. `uncosted` items have no known cost.
    """

    as_of: datetime
    organisation_id: int | None
    units: tuple[UnitBoard, ...]
    stock_cents: int
    uncosted: int
    fund_cents: int
    owed_cents: int
    liability_cents: int
    cover_permille: int | None


@dataclass(frozen=True, slots=True)
class PlaceLine:
    """One unit at one organisation with all below it."""

    node: queries.Node
    unit: str
    flows: Flows
    expiring: tuple[tuple[date | None, int], ...]


@dataclass(frozen=True, slots=True)
class _Found:
    """What was read of a unit."""

    flows: Flows
    out: Mapping[date | None, int]
    spent: int


async def bank_board(tx: ReadTx, *, months: int, now: datetime) -> Board:
    """Return the board of the whole bank; people who belong to no organisation count too."""
    units = await queries.value_units(tx)
    balances = await trial_balance(tx)
    settled = await paid_amounts(tx)
    since, until = _pace_days(tx.day(now))
    spent = await queries.spent_in_bank(tx, list(units.values()), since=since, until=until)
    out: dict[str, Counter[date | None]] = defaultdict(Counter)
    for one in await queries.out_of_bank(tx, list(units.values())):
        out[one.unit][one.month_on] += one.amount
    found = {
        unit: _Found(
            flows_of_bank(balances.get(unit, {}), settled=settled.get(unit, 0)),
            out[unit],
            spent.get(unit, 0),
        )
        for unit in units
    }
    return await _board(tx, found, nodes=None, organisation_id=None, months=months, now=now)


async def organisation_board(tx: ReadTx, organisation_id: int, *, months: int, now: datetime) -> Board:
    """Return the board of an organisation with all below it: its people's wallets, its shops and its own funds."""
    nodes = await queries.nodes_below(tx, organisation_id)
    units = await queries.value_units(tx)
    ids = list(units.values())
    since, until = _pace_days(tx.day(now))
    came: dict[str, Counter[str]] = defaultdict(Counter)
    for moved in await queries.came_by_place(tx, nodes, ids):
        came[moved.unit][moved.kind] += moved.amount
    out: dict[str, Counter[date | None]] = defaultdict(Counter)
    for _, one in await queries.out_by_place(tx, nodes, ids):
        out[one.unit][one.month_on] += one.amount
    spent: Counter[str] = Counter()
    for (_, unit), amount in (await queries.spent_by_place(tx, nodes, ids, since=since, until=until)).items():
        spent[unit] += amount
    found = {unit: _Found(flows_of(came[unit]), out[unit], spent[unit]) for unit in units}
    return await _board(tx, found, nodes=nodes, organisation_id=organisation_id, months=months, now=now)


async def place_lines(tx: ReadTx, nodes: Sequence[int] | None) -> list[PlaceLine]:
    """Return a line for each of some organisations, or of all, and each unit of which its people ever had something.

    Each counts what is at it and at all below it, as far as those are among `nodes`.
    """
    tree = await queries.tree(tx, nodes)
    units = await queries.value_units(tx)
    ids, places = list(units.values()), [node.id for node in tree]
    parents = {node.id: node.parent_id for node in tree}
    came: dict[tuple[int, str], Counter[str]] = defaultdict(Counter)
    for moved in await queries.came_by_place(tx, places, ids):
        for place in _upwards(moved.place, parents):
            came[place, moved.unit][moved.kind] += moved.amount
    out: dict[tuple[int, str], Counter[date | None]] = defaultdict(Counter)
    for at, one in await queries.out_by_place(tx, places, ids):
        for place in _upwards(at, parents):
            out[place, one.unit][one.month_on] += one.amount
    return [
        PlaceLine(node, unit, flows_of(came[node.id, unit]), _by_month(out[node.id, unit]))
        for node in tree
        for unit in units
        if (node.id, unit) in came
    ]


def _upwards(place: int, parents: Mapping[int, int | None]) -> Iterable[int]:
    found: int | None = place
    while found is not None and found in parents:
        yield found
        found = parents[found]


def _pace_days(today: date) -> tuple[date, date]:
    """Return the first day of the months that the pace is taken of, and the first day after them."""
    return first_of_month(today, -PACE_MONTHS), first_of_month(today)


def _by_month(out: Mapping[date | None, int]) -> tuple[tuple[date | None, int], ...]:
    return tuple(sorted(out.items(), key=lambda lot: lot[0] or date.max))


async def _board(
    tx: ReadTx,
    found: Mapping[str, _Found],
    *,
    nodes: list[int] | None,
    organisation_id: int | None,
    months: int,
    now: datetime,
) -> Board:
    today = tx.day(now)
    version = await version_on(tx, today)
    prices = {} if version is None else version.pack.settlement.unit_cents
    unit_ids = list((await queries.value_units(tx)).values())
    unsettled = await queries.unsettled(tx, nodes, unit_ids)
    ceilings = _ceilings(await _all_budgets(tx, nodes))
    paying = {} if organisation_id is None else await payers(tx, list(found), [organisation_id])
    units = tuple(
        UnitBoard(
            unit,
            one.flows,
            _by_month(one.out),
            pace_of(one.spent),
            tuple(forecast(one.out, pace=pace_of(one.spent), today=today, months=months)),
            prices.get(unit, 0),
            sum(one.out.values()) * prices.get(unit, 0),
            unsettled.get(unit, 0),
            ceilings.get(unit),
            paying.get((organisation_id, unit)),
        )
        for unit, one in found.items()
    )
    shops = await shops_at_cost(tx, organisations=nodes)
    stock, funds = sum(shop.cost_cents for shop in shops), await queries.fund_cents(tx, nodes)
    owed = await queries.unpaid_cents(tx, nodes) + sum(one.unsettled * one.unit_cents for one in units)
    liability = sum(one.liability_cents for one in units)
    return Board(
        now,
        organisation_id,
        units,
        stock,
        sum(shop.uncosted for shop in shops),
        funds,
        owed,
        liability,
        cover_permille(stock + funds, liability + owed),
    )


async def _all_budgets(tx: ReadTx, nodes: Sequence[int] | None) -> list[Budget]:
    found: list[Budget] = []
    after = (0, "")
    while page := await budgets(tx, organisations=nodes, after=after, limit=PAGE):
        found += page
        after = (page[-1].organisation_id, page[-1].unit)
    return found


def _ceilings(found: Iterable[Budget]) -> dict[str, Ceiling]:
    """Return what budgets come to together, by unit."""
    sums: dict[str, Ceiling] = {}
    for one in found:
        have = sums.get(one.unit, Ceiling(0, 0, 0, 0))
        sums[one.unit] = Ceiling(
            have.ceiling + one.ceiling,
            have.left + one.left,
            have.waiting_records + one.waiting_records,
            have.waiting_amount + one.waiting_amount,
        )
    return sums
