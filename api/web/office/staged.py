"""Sessions that look staged: what was noticed about each, and the way to its records. A sign is no proof."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from api.fields import MAX_ID, Instant
from api.routers import bare
from api.web.arriving import VisitOf
from ledger.session import ReadTx
from timebank.access import Actor, reach
from timebank.records.flagged import Flagged, flagged_sessions
from timebank.records.review import PERMISSION

router = bare()

PAGE_SESSIONS = 20
LOOKED_BACK = timedelta(days=370)
"""A year and a little: an office looks at the year before when it draws up lists."""

Before = Annotated[Instant | None, Query()]
BeforeId = Annotated[int, Query(ge=1, le=MAX_ID)]


@dataclass(frozen=True, slots=True)
class Flags:
    """A page of sessions with signs, and the one after which the next page begins."""

    sessions: list[Flagged]
    following: Flagged | None


@router.get("/office/staged")
async def show_staged(visit: VisitOf, before: Before = None, before_id: BeforeId = MAX_ID) -> Response:
    """Show the sessions in reach that look staged, the newest first."""
    since = visit.now - LOOKED_BACK
    start: datetime = before or visit.now

    async def work(tx: ReadTx, actor: Actor) -> Flags:
        nodes = await reach(tx, actor, PERMISSION)
        found = await flagged_sessions(
            tx, before=(start, before_id), since=since, limit=PAGE_SESSIONS + 1, reach=nodes
        )
        shown = found[:PAGE_SESSIONS]
        return Flags(shown, shown[-1] if len(found) > PAGE_SESSIONS else None)

    return visit.page("office/staged.html", flags=await visit.read(work), is_first=before is None)
