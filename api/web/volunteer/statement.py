"""One's own statement of a unit: what is there, what of it ends when, and what happened, line by line in words."""

from dataclasses import dataclass
from typing import Annotated, Final, Literal, get_args

from fastapi import Query
from starlette.responses import Response

from api.routers import bare
from api.web.arriving import VisitOf
from api.web.rendering import day
from api.web.volunteer.lines import Entry, entries_of, told
from api.web.volunteer.member import member_of
from ledger.session import ReadTx
from timebank.access import Actor
from timebank.balances.matters import matters_of
from timebank.balances.queries import UnitBalance, balances_of, statement_of
from timebank.policy.rules import MINUTE, POINT

router = bare()

PERMISSION: Final = "standing.read"
ALWAYS: Final = (MINUTE, POINT, "fufen")
PAGE_LINES: Final = 20
MOST_LOTS: Final = 12

Unit = Literal["minute", "point", "fufen", "timecoin", "party_score", "unit_score"]
UNITS: Final = get_args(Unit)
"""Units that have words of their own, in the order in which they are shown: what everybody has, and what there is."""

# It says where each lot of the wallet stands, and a wallet may have dozens.
Cursor = Annotated[str | None, Query(max_length=8_000)]


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page shows: the units there are, the balance of one of them, and a page of what moved in it."""

    units: list[str]
    balance: UnitBalance
    entries: list[Entry]
    following: str | None


@router.get("/me/statement")
async def show_statement(visit: VisitOf, unit: Unit = "minute", cursor: Cursor = None) -> Response:
    """Show who is logged in what they have of a unit, and how it came and went, the newest first."""

    async def work(tx: ReadTx, actor: Actor) -> Shown:
        person_id = await member_of(visit, tx, actor, PERMISSION)
        found = {each.unit: each for each in await balances_of(tx.zone, now=visit.now).ask(tx, person_id)}
        units = [each for each in UNITS if each in ALWAYS or each in found]
        if unit not in found:
            return Shown(units, UnitBalance(unit, "", 0, 0, 0, ()), [], None)
        page = await statement_of(unit, cursor=cursor, limit=PAGE_LINES).ask(tx, person_id)
        matters = await matters_of(tx, [line.transaction_id for line in page.lines], person_id)
        return Shown(units, found[unit], entries_of(page.lines, matters), page.next)

    shown = await visit.read(work)
    zone = visit.banks_own.zone
    return visit.page(
        "volunteer/statement.html",
        unit=unit,
        shown=shown,
        lines=[told(each, visit.say, lambda at: day(at, zone, visit.language)) for each in shown.entries],
        ends=[lot for lot in shown.balance.lots if lot.expires_on is not None][:MOST_LOTS],
        is_first=cursor is None,
    )
