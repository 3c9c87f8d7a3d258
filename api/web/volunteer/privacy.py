"""A member's own privacy: what they agree to, who looked at them, who acts for them, and taking everything along."""

from dataclasses import dataclass
from typing import Annotated, Final, Literal
from uuid import UUID

from fastapi import Query
from starlette.responses import Response

from api.fields import MAX_ID, Id
from api.routers import bare
from api.v1 import privacy as export_doors
from api.web.arriving import VisitOf
from api.web.asking import Problem, problem_of
from api.web.forms import FormBody
from api.web.visit import Visit
from api.web.volunteer.member import member_of, own_person
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor
from timebank.errors import RefusalError
from timebank.messages.choices import Choice, choices_of
from timebank.people.guardianships import guardianships_of
from timebank.people.queries import masked_names
from timebank.people.rules import EMAIL, FIELDS
from timebank.privacy.actions import declare_consent
from timebank.privacy.queries import Declaration, LookUp, consents_of, look_ups_of
from timebank.privacy.rules import Purpose
from timebank.roles.proxies import Proxy, end_proxy, proxies_of
from timebank.vault.actions import take_fields

router = bare()

CONSENTS, CONSENT, LOOKS = "consents.read", "consents.write", "look_ups.read"
EXPORT = "privacy.export"
TEXT_VERSION: Final = "page-1"
"""Of the words that stand beside the buttons: whoever changes what they mean gives them another."""

SHOWN_LOOKS, SHOWN_PROXIES = 20, 50
SEEN: Final = frozenset(
    {
        *FIELDS,
        *("consents", "balances", "statement", "records", "redemptions", "reservations", "vouchers"),
        *("conversions", "acceptances", "sign_ups", "standing", "stars", "timecoins", "gifts", "kinships"),
        *("service_orders", "disputes", "complaints", "contact", "all"),
    }
)
"""What a look may name and the pages have a word for; anything else is other details."""

Before = Annotated[int, Query(alias="before", ge=1, le=MAX_ID)]
DONE: Final = frozenset({"given", "withdrawn", "chosen", "left", "address", "proxy"})


class ConsentForm(FormBody):
    """Consent to one purpose, given or withdrawn."""

    purpose: Purpose
    act: Literal["give", "withdraw"]


class EndForm(FormBody):
    """The proxy that is to end."""

    id: Id


class ExportForm(FormBody):
    """The button."""


@dataclass(frozen=True, slots=True)
class Looks:
    """A page of who looked, newest first, and where the next begins."""

    lines: list[LookUp]
    following: int


@dataclass(frozen=True, slots=True)
class Privacy:
    """What the page shows; `others` are the masked names of those whom proxies name, `email` one's own address."""

    consents: dict[Purpose, Declaration]
    is_guarded: bool
    looks: Looks
    channels: list[Choice]
    email: str
    proxies: list[Proxy]
    others: dict[UUID, str]


@router.get("/me/privacy")
async def show_privacy(visit: VisitOf, done: Annotated[str, Query(max_length=20)] = "") -> Response:
    """Show a member their consents, channels, proxies, and who looked at them last."""
    return await shown(visit, done=done if done in DONE else "")


@router.post("/me/privacy/consents")
async def declare(visit: VisitOf) -> Response:
    """Give or withdraw consent to one purpose, by the words on the page."""
    form = await visit.form(ConsentForm)

    async def work(tx: WriteTx, actor: Actor) -> Declaration:
        person_id = await member_of(visit, tx, actor, CONSENT)
        return await declare_consent(
            tx,
            actor,
            person_id,
            purpose=form.purpose,
            is_given=form.act == "give",
            text_version=TEXT_VERSION,
            declared_by=None,
            now=visit.now,
        )

    try:
        made = await visit.write(work, action="consent.declare", subject=lambda made: str(made.id))
    except RefusalError as refusal:
        return await shown(visit, problem=problem_of(visit, refusal))
    return visit.go(f"/me/privacy?done={'given' if made.is_given else 'withdrawn'}")


@router.post("/me/privacy/proxies")
async def end(visit: VisitOf) -> Response:
    """End a proxy that one gave or has."""
    form = await visit.form(EndForm)

    async def work(tx: WriteTx, actor: Actor) -> Proxy:
        return await end_proxy(tx, actor, proxy_id=form.id, now=visit.now)

    try:
        await visit.write(work, action="proxy.end", subject=str(form.id))
    except RefusalError as refusal:
        return await shown(visit, problem=problem_of(visit, refusal))
    return visit.go("/me/privacy?done=proxy")


@router.get("/me/privacy/look-ups")
async def show_looks(visit: VisitOf, before: Before = MAX_ID) -> Response:
    """Show a page of who looked at the member."""

    async def work(tx: ReadTx, actor: Actor) -> Looks:
        return await _looks(tx, await member_of(visit, tx, actor, LOOKS), before)

    return visit.page("volunteer/look_ups.html", looks=await visit.read(work), known=SEEN)


@router.post("/me/privacy/export")
async def export(visit: VisitOf) -> Response:
    """Hand a member everything about them as one ZIP; that it was taken is on record."""
    await visit.form(ExportForm)
    person_id = await own_person(visit, EXPORT)
    try:
        return visit.finish(await export_doors.export_person(visit.caller, person_id))
    except RefusalError as refusal:
        return await shown(visit, problem=problem_of(visit, refusal))


async def shown(
    visit: Visit,
    *,
    done: str = "",
    problem: Problem | None = None,
    code_id: UUID | None = None,
    typed: str = "",
) -> Response:
    """Return the page; with `code_id` it asks for the code that was mailed, `typed` is an address that was refused."""

    async def work(tx: ReadTx, actor: Actor) -> Privacy:
        person_id = await member_of(visit, tx, actor, CONSENTS)
        today = tx.day(visit.now)
        proxies = await proxies_of(tx, person_id, after_id=0, limit=SHOWN_PROXIES, current_at=visit.now)
        others = {each for proxy in proxies for each in (proxy.principal_id, proxy.agent_id)} - {person_id}
        return Privacy(
            {each.purpose: each for each in await consents_of(tx, person_id)},
            any(
                each.minor_id == person_id
                and each.from_on <= today
                and not (each.until_on and each.until_on <= today)
                for each in await guardianships_of(tx, person_id)
            ),
            await _looks(tx, person_id, MAX_ID),
            [
                each
                for each in await choices_of(tx, person_id, offered=visit.service.offered)
                if each.is_offered
            ],
            (await take_fields(tx, visit.service.cipher, person_id)).get(EMAIL, ""),
            proxies,
            await masked_names(tx, visit.service.cipher, sorted(others)),
        )

    return visit.page(
        "volunteer/privacy.html",
        own=await visit.read(work),
        purposes=list(Purpose),
        known=SEEN,
        done=done,
        problem=problem,
        code_id=code_id,
        typed=typed,
        status=problem.status if problem else 200,
    )


async def _looks(tx: ReadTx, person_id: UUID, before: int) -> Looks:
    found = await look_ups_of(tx, person_id, before=before, limit=SHOWN_LOOKS + 1)
    return Looks(found[:SHOWN_LOOKS], found[SHOWN_LOOKS - 1].id if len(found) > SHOWN_LOOKS else 0)
