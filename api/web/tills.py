"""A till's day: enrolling a counter's browser as its device, opening with the drawer's cash, closing with a count."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi.exceptions import RequestValidationError
from pydantic import Field, StringConstraints
from starlette.responses import Response

from api.enrolling import enrolled_by
from api.fields import Id, PathId, Printable
from api.routers import bare
from api.web import cookies
from api.web.arriving import CARRIED_ON_AFTER, VisitOf
from api.web.forms import FormBody
from api.web.money import Yuan, cents_of, yuan_of
from api.web.visit import Visit
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check, load_actor, reach
from timebank.errors import RefusalError
from timebank.login.sessions import see_session
from timebank.shops.queries import Goods, GoodsFilter, Shop, goods_list, shops
from timebank.tills import actions
from timebank.tills.actions import OPEN, Count
from timebank.tills.queries import Till, own_till, own_tills
from timebank.tills.report import Report, report_of

router = bare()

LIST_LIMIT = 200
LAST = 2**62
KIND = "till"


class EnrolForm(FormBody):
    """What the office's page or message shows for a new device: `TBD:BANK:TOKEN`, or the token alone."""

    token: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9:-]{1,160}$", strip_whitespace=True)]


class OpenForm(FormBody):
    """Which shop, and what is in the drawer."""

    shop: Id
    cash: Yuan = "0"


class CloseForm(FormBody):
    """What was counted: cash, and of each item as many fields as there are items, `count` in the order of `goods`."""

    cash: Yuan
    goods: tuple[Id, ...] = Field(default=(), max_length=LIST_LIMIT)
    count: tuple[Annotated[str, StringConstraints(pattern=r"^\s*\d{0,9}\s*$")], ...] = Field(
        default=(), max_length=LIST_LIMIT
    )
    note: Annotated[str, StringConstraints(max_length=500, strip_whitespace=True), Printable] = ""


@dataclass(frozen=True, slots=True)
class Counter:
    """What stands behind the counter: the till that is open, the shops that could be opened, the device."""

    till: Till | None
    is_selling: bool
    shops: list[Shop]
    has_device: bool


async def counter_of(visit: Visit) -> Counter:
    """Return what a cashier has before them.

    Raises:
        RefusalError: `token_missing`, `forbidden`, and as `Visit.read`.
    """

    async def work(tx: ReadTx, actor: Actor) -> Counter:
        opened = await _opened(tx, actor)
        nodes = await reach(tx, actor, OPEN)
        found = await shops(tx, on=tx.day(visit.now), after_id=0, limit=LIST_LIMIT)
        return Counter(
            opened,
            opened is not None and opened.sells_in(actor.session_id),
            [shop for shop in found if _is_among(shop, nodes)],
            await device_of(visit, tx) is not None,
        )

    return await visit.read(work)


async def open_till_id(visit: Visit) -> int:
    """Return the till that a cashier has open; 0, which is none, if there is none.

    Raises:
        RefusalError: `token_missing`, `forbidden`, and as `Visit.read`.
    """

    async def work(tx: ReadTx, actor: Actor) -> int:
        opened = await _opened(tx, actor)
        return opened.id if opened else 0

    return await visit.read(work)


async def device_of(visit: Visit, tx: ReadTx) -> Actor | None:
    """Return the device that this browser was enrolled as, while it lives."""
    said = cookies.read(visit.request, cookies.DEVICE)
    if said is None:
        return None
    try:
        claims = visit.service.tokens.verify_cookie(said, now=visit.now)
        found = await load_actor(tx, claims.session_id, now=visit.now)
    except RefusalError:
        return None
    return found if claims.bank == tx.bank_code and found.device_kind == KIND else None


async def carry_device(visit: Visit) -> None:
    """Carry the device's own session on, at most once an hour; forget one that is over."""
    said = cookies.read(visit.request, cookies.DEVICE)
    if said is None or visit.bank is None:
        return
    try:
        claims = visit.service.tokens.verify_cookie(said, now=visit.now)
    except RefusalError:
        visit.dropped.append(cookies.DEVICE)
        return
    if visit.now - claims.signed_at < CARRIED_ON_AFTER or claims.bank != visit.bank.code:
        return

    async def work(tx: WriteTx) -> datetime | None:
        return await see_session(
            tx, session_id=claims.session_id, strong=visit.service.strong_methods, now=visit.now
        )

    ends_at = await visit.service.database.write(visit.bank, work)
    if ends_at is None:
        visit.dropped.append(cookies.DEVICE)
    else:
        visit.keep_device(claims.session_id, ends_at)


@router.post("/till/enrol")
async def enrol_browser(visit: VisitOf) -> Response:
    """Make this browser the device that an office prepared, once."""
    try:
        form = await visit.form(EnrolForm)
    except RequestValidationError:
        raise RefusalError("enrolment_refused") from None
    # A browser keeps no key of its own: what it holds is its cookie, which no script reads.
    key = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    token = form.token.rsplit(":", 1)[-1]
    _, begun = await enrolled_by(
        visit.service, visit.banks_own, visit.request, token=token, public_key=key, kind=KIND
    )
    visit.keep_device(begun.session_id, begun.expires_at)
    return visit.go("/till")


@router.post("/till/open")
async def open_till(visit: VisitOf) -> Response:
    """Open a till of a shop at this device."""
    form = await visit.form(OpenForm)

    async def work(tx: WriteTx, actor: Actor) -> Till:
        check(actor, OPEN)
        device = await device_of(visit, tx)
        if device is None:
            raise RefusalError("device_login_over")
        return await actions.open_till(
            tx,
            actor,
            shop_id=form.shop,
            device=device,
            opening_cash_cents=cents_of(form.cash),
            now=visit.now,
        )

    await visit.write(work, action="tills.open", subject=lambda till: str(till.id))
    return visit.go("/till")


@router.get("/till/close")
async def show_closing(visit: VisitOf) -> Response:
    """Show the form to count by: what is sold here, and not how much of it should be there."""
    return await _closing(visit)


@router.post("/till/close")
async def close_till(visit: VisitOf) -> Response:
    """Close the till with what was counted, and show what should have been there."""
    try:
        form = await visit.form(CloseForm)
    except RequestValidationError:
        return await _closing(visit, problem="page.form_invalid")
    counts = [
        Count(goods_id, int(text))
        for goods_id, text in zip(form.goods, form.count, strict=False)
        if text.strip()
    ]
    counter = await counter_of(visit)
    if counter.till is None:
        return visit.go("/till")
    till_id = counter.till.id

    async def work(tx: WriteTx, actor: Actor) -> Till:
        return await actions.close_till(
            tx, actor, till_id, cash_cents=cents_of(form.cash), counts=counts, note=form.note, now=visit.now
        )

    await visit.write(work, action=actions.CLOSE, subject=str(till_id))
    return visit.go(f"/till/{till_id}")


@router.get("/till/{till_id}")
async def show_report(visit: VisitOf, till_id: PathId) -> Response:
    """Show what one of one's own tills took, and what was counted."""

    async def work(tx: ReadTx, actor: Actor) -> tuple[Till, Report]:
        return await own_till(tx, actor, OPEN, till_id), await report_of(tx, till_id)

    till, report = await visit.read(work)
    return visit.page("till_report.html", till=till, report=report, yuan=yuan_of)


async def _closing(visit: Visit, *, problem: str = "") -> Response:
    counter = await counter_of(visit)
    if counter.till is None:
        return visit.go("/till")
    shop_id = counter.till.shop.id

    async def work(tx: ReadTx, _actor: Actor) -> list[Goods]:
        wanted = GoodsFilter(tx.day(visit.now), shop_id, unlisted_too=True)
        return await goods_list(tx, wanted, after_id=0, limit=LIST_LIMIT)

    return visit.page("till_close.html", till=counter.till, goods=await visit.read(work), problem=problem)


async def _opened(tx: ReadTx, actor: Actor) -> Till | None:
    check(actor, OPEN)
    assert actor.person_id is not None  # noqa: S101 -- no device may open one
    last = await own_tills(tx, actor.person_id, before_id=LAST, limit=1)
    return next((till for till in last if till.closing is None), None)


def _is_among(shop: Shop, nodes: list[int] | None) -> bool:
    return shop.organisation_id is not None and (nodes is None or shop.organisation_id in nodes)
