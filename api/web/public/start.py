"""The start page: what this is, and the ways on from here; of the demo bank, a login as each kind of user."""

from dataclasses import dataclass

from starlette.responses import Response

from api.routers import bare
from api.web.arriving import VisitOf
from api.web.public.demo import PEOPLE, TRIES, address_of, demo_of, token_of
from ledger.session import ReadTx
from timebank.access import Actor

router = bare()


@dataclass(frozen=True, slots=True)
class Path:
    """A step of the way of an hour, from signing up to the proof."""

    words: str
    icon: str


PATHS = (
    Path("sign_up", "calendar-days"),
    Path("scan", "qr-code"),
    Path("notice", "megaphone"),
    Path("spend", "gift"),
    Path("honour", "award"),
    Path("proof", "shield-check"),
)
"""The bank in a minute; the words are `page.start.path.…`."""


@router.get("/")
async def show_start(visit: VisitOf) -> Response:
    """Show what this is; to who is logged in, the ways to what is theirs."""
    demo = visit.service.demo
    if visit.bank is None and demo is not None:
        visit.come_to(await visit.service.bank(demo.bank))
    if visit.bank is not None:
        await visit.read_as_anybody(_nothing)
    shown = demo_of(visit)
    if shown is None:
        return visit.page("public/start.html", paths=PATHS)
    return visit.page(
        "public/demo.html",
        paths=PATHS,
        shown=shown,
        people=PEOPLE,
        tries=TRIES,
        token=token_of(visit),
        address_of=lambda to: address_of(shown, to),
    )


async def _nothing(tx: ReadTx, actor: Actor) -> None:
    """Let the visit know who it is of."""
    del tx, actor
