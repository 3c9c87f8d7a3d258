"""A till's day: enrolling a counter's browser as its device, opening with the drawer's cash, closing with a count."""

from typing import Annotated

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi.exceptions import RequestValidationError
from pydantic import Field, StringConstraints
from starlette.responses import Response

from api.enrolling import enrolled_by
from api.fields import Id, PathId, Printable
from api.problems import status_of
from api.routers import bare
from api.web.arriving import VisitOf
from api.web.forms import FormBody, typed_of
from api.web.money import Yuan, cents_of
from api.web.till.counters import KIND, counter_of, device_of, open_till_of
from api.web.till.selling import Said, till_page
from api.web.visit import Visit
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check
from timebank.errors import RefusalError
from timebank.shops.queries import Goods, GoodsFilter, goods_list
from timebank.tills import actions
from timebank.tills.actions import CLOSE_OTHERS, OPEN, Count
from timebank.tills.queries import Till, own_till, till_in_reach

router = bare()

GOODS_LIMIT = 500


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
    goods: tuple[Id, ...] = Field(default=(), max_length=GOODS_LIMIT)
    count: tuple[Annotated[str, StringConstraints(pattern=r"^\s*\d{0,9}\s*$")], ...] = Field(
        default=(), max_length=GOODS_LIMIT
    )
    note: Annotated[str, StringConstraints(max_length=500, strip_whitespace=True), Printable] = ""


@router.post("/till/enrol")
async def enrol_browser(visit: VisitOf) -> Response:
    """Make this browser the device that an office prepared, once."""
    try:
        form = await visit.form(EnrolForm)
    except RequestValidationError:
        return await _asked_again(visit, "enrolment_refused")
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
    """Open a till of a shop at this device; sent again, it is open already."""
    try:
        form = await visit.form(OpenForm)
    except RequestValidationError:
        return await _asked_again(visit, "page.till.open_wrong")

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

    try:
        await visit.write(work, action="tills.open", subject=lambda till: str(till.id))
    except RefusalError as refusal:
        if refusal.code != "already_open_till" or not (await counter_of(visit)).is_selling:
            raise
    return visit.go("/till")


@router.get("/till/close")
async def show_closing(visit: VisitOf) -> Response:
    """Show the form to count by: what is sold here, and not how much of it should be there."""
    till = await open_till_of(visit)
    return visit.go("/till") if till is None else await _closing(visit, till)


@router.get("/till/{till_id}/close")
async def show_closing_of(visit: VisitOf, till_id: PathId) -> Response:
    """Show the form to count by of a till that may be another's, to who keeps the shop's stock."""
    till = await _till_to_close(visit, till_id)
    return visit.go(f"/till/{till_id}") if till.closing else await _closing(visit, till)


@router.post("/till/{till_id}/close")
async def close_till(visit: VisitOf, till_id: PathId) -> Response:
    """Close the till with what was counted, once, and show what should have been there."""
    try:
        form = await visit.form(CloseForm)
    except RequestValidationError:
        till = await _till_to_close(visit, till_id)
        return await _closing(visit, till, problem="page.form_invalid")
    counts = [
        Count(goods_id, int(text))
        for goods_id, text in zip(form.goods, form.count, strict=False)
        if text.strip()
    ]

    async def work(tx: WriteTx, actor: Actor) -> Till:
        return await actions.close_till(
            tx, actor, till_id, cash_cents=cents_of(form.cash), counts=counts, note=form.note, now=visit.now
        )

    try:
        await visit.write(work, action=actions.CLOSE, subject=str(till_id))
    except RefusalError as refusal:
        # Sent again after the answer was lost: what was counted first stands, and is shown.
        if refusal.code != "already_closed_till":
            raise
    return visit.go(f"/till/{till_id}")


async def _asked_again(visit: Visit, code: str) -> Response:
    """Return the page with the form as it was filled in, and what is wrong with it."""
    said = Said(problem=visit.say(code), typed=await typed_of(visit.request))
    return await till_page(visit, None, said, status=status_of(code))


async def _till_to_close(visit: Visit, till_id: int) -> Till:
    async def work(tx: ReadTx, actor: Actor) -> Till:
        check(actor, actions.CLOSE)
        try:
            return await own_till(tx, actor, actions.CLOSE, till_id)
        except RefusalError:
            return await till_in_reach(tx, actor, CLOSE_OTHERS, till_id)

    return await visit.read(work)


async def _closing(visit: Visit, till: Till, *, problem: str = "") -> Response:
    async def work(tx: ReadTx, _actor: Actor) -> list[Goods]:
        wanted = GoodsFilter(tx.day(visit.now), till.shop.id, unlisted_too=True)
        return await goods_list(tx, wanted, after_id=0, limit=GOODS_LIMIT)

    return visit.page(
        "till/till_close.html", has_camera=True, till=till, goods=await visit.read(work), problem=problem
    )
