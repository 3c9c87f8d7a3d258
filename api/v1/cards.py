"""Printed cards: issuing, printing, replacing and revoking them, and finding the holder of one that was scanned."""

import asyncio
from datetime import datetime
from typing import Annotated, Literal, TypeAlias
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api.edge import CallerOf
from api.fields import PathId, Printable
from api.problems import problems
from api.routers import resource
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check, check_person
from timebank.errors import RefusalError
from timebank.people import cards
from timebank.people.cards import Card, IssuedCard
from timebank.people.printing import render_card
from timebank.people.queries import masked_names, person
from timebank.people.rules import NAME
from timebank.privacy.actions import record_look_up

router = resource(tag="cards")

PDF = "application/pdf"
READ, ISSUE, RESOLVE = "cards.read", "cards.issue", "cards.resolve"

Reason: TypeAlias = Literal["lost", "stolen", "damaged", "replaced", "other"]


class CardOut(BaseModel):
    """A card, without what is printed on it."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    issued_at: datetime
    revoked_at: datetime | None
    revoked_for: Reason | None


class CardsOut(BaseModel):
    """The cards a person has and had; at most one of them is good."""

    items: list[CardOut]


class IssuedOut(BaseModel):
    """A new card. The token is shown this once; only its digest is kept."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    token: str = Field(examples=["TBC-0123456789ABCDEF"])


class Revocation(BaseModel):
    """Why the card is good no longer."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason


class Scanned(BaseModel):
    """What was scanned or typed, in a body because addresses are logged."""

    model_config = ConfigDict(extra="forbid")

    token: Annotated[str, StringConstraints(min_length=1, max_length=60), Printable] = Field(
        examples=["TBC-0123456789ABCDEF"]
    )


class HolderOut(BaseModel):
    """Who holds a card, as a steward needs it to look at who stands there."""

    person_id: UUID
    masked_name: str | None


@router.get("/people/{person_id}/cards", operation_id="list_cards", responses=problems(401, 403, 404))
async def list_cards(caller: CallerOf, person_id: UUID) -> CardsOut:
    """Return the cards of a person, the first one first."""

    async def work(tx: ReadTx, actor: Actor) -> list[Card]:
        await check_person(tx, actor, READ, person_id, now=caller.now)
        await person(tx, person_id)
        return await cards.cards_of(tx, person_id)

    return CardsOut(items=[CardOut.model_validate(card) for card in await caller.read(work)])


@router.post(
    "/people/{person_id}/cards",
    operation_id="issue_card",
    status_code=201,
    responses=problems(401, 403, 404, 409),
)
async def issue_card(caller: CallerOf, person_id: UUID) -> IssuedOut:
    """Issue a card to who has none; if the answer is lost, the card is replaced."""

    async def work(tx: WriteTx, actor: Actor) -> IssuedCard:
        await check_person(tx, actor, ISSUE, person_id, now=caller.now)
        return await cards.issue_card(tx, person_id, now=caller.now, actor=actor.text)

    return IssuedOut.model_validate(
        await caller.write(work, action="cards.issue", subject=lambda card: str(card.id))
    )


@router.post(
    "/people/{person_id}/cards/reissue",
    operation_id="reissue_card",
    status_code=201,
    responses=problems(401, 403, 404),
)
async def reissue_card(caller: CallerOf, person_id: UUID, body: Revocation) -> IssuedOut:
    """Revoke the card that a person has and issue another."""

    async def work(tx: WriteTx, actor: Actor) -> IssuedCard:
        await check_person(tx, actor, ISSUE, person_id, now=caller.now)
        return await cards.reissue_card(tx, person_id, reason=body.reason, now=caller.now, actor=actor.text)

    return IssuedOut.model_validate(
        await caller.write(work, action="cards.reissue", subject=lambda card: str(card.id))
    )


@router.post(
    "/people/{person_id}/cards/{card_id}/revoke",
    operation_id="revoke_card",
    responses=problems(401, 403, 404, 409),
)
async def revoke_card(caller: CallerOf, person_id: UUID, card_id: PathId, body: Revocation) -> CardOut:
    """Revoke a card for good."""

    async def work(tx: WriteTx, actor: Actor) -> Card:
        await check_person(tx, actor, ISSUE, person_id, now=caller.now)
        return await cards.revoke_card(tx, person_id, card_id, reason=body.reason, now=caller.now)

    return CardOut.model_validate(
        await caller.write(work, action="cards.revoke", subject=lambda card: str(card.id))
    )


@router.post(
    "/people/{person_id}/cards/print",
    operation_id="print_card",
    response_class=Response,
    responses=problems(401, 403, 404)
    | {
        200: {
            "description": "The card.",
            "content": {PDF: {"schema": {"type": "string", "format": "binary"}}},
        }
    },
)
async def print_card(caller: CallerOf, person_id: UUID, body: Scanned) -> Response:
    """Return a person's good card as a PDF of a bank card's size, its token told again: nobody else knows it."""

    async def work(tx: WriteTx, actor: Actor) -> str:
        await check_person(tx, actor, ISSUE, person_id, now=caller.now)
        if await cards.holder_of(tx, body.token) != person_id:
            raise RefusalError("unknown_card")
        await record_look_up(tx, actor, person_id, purpose="card", fields=[NAME])
        return (await masked_names(tx, caller.service.cipher, [person_id])).get(person_id, "")

    name = await caller.write(work, action="cards.print", subject=str(person_id))
    bank = await caller.bank()
    sheet = await asyncio.to_thread(
        render_card, bank=bank.name, masked_name=name, token=cards.written(body.token)
    )
    return Response(sheet, media_type=PDF)


@router.post("/cards/resolve", operation_id="resolve_card", responses=problems(401, 403, 404))
async def resolve_card(caller: CallerOf, body: Scanned) -> HolderOut:
    """Return who holds a card, to a steward or station in whose reach they are."""

    async def work(tx: WriteTx, actor: Actor) -> HolderOut:
        check(actor, RESOLVE)
        holder = await cards.holder_of(tx, body.token)
        try:
            await check_person(tx, actor, RESOLVE, holder, now=caller.now)
        except RefusalError:
            # As if it were no card: out of reach is what is not there.
            raise RefusalError("unknown_card") from None
        await record_look_up(tx, actor, holder, purpose="card", fields=[NAME])
        names = await masked_names(tx, caller.service.cipher, [holder])
        return HolderOut(person_id=holder, masked_name=names.get(holder))

    return await caller.write(work, action=RESOLVE, subject=lambda found: str(found.person_id))
