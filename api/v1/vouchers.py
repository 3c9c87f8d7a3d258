"""Vouchers of a member: making one of an offer, showing it, taking it back; and the keys that they are checked with."""

import asyncio
from base64 import b64encode
from datetime import date, datetime
from typing import Annotated, Literal, TypeAlias
from uuid import UUID

from fastapi import Path, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from api.cursors import DEFAULT_LIMIT, Cursor, Limit, Page, before, page
from api.edge import Caller, CallerOf, IdempotencyKey, Refusal, ServiceOf
from api.fields import Id, PathId
from api.ledger_refusals import refusal_of
from api.problems import problems
from api.routers import resource
from ledger.session import ReadTx, WriteTx
from ledger.values import Refused
from timebank.access import Actor, check_person
from timebank.books.actions import books_key
from timebank.codes.images import qr_png, qr_svg
from timebank.errors import RefusalError
from timebank.vouchers.actions import cancel_voucher, issue_voucher
from timebank.vouchers.keys import VoucherKeys
from timebank.vouchers.queries import Voucher, voucher_of, vouchers_of

router = resource(tag="vouchers")

OWN = "vouchers.own"
OF_PERSON = "/people/{person_id}/vouchers"
SVG, PNG = "image/svg+xml", "image/png"

State: TypeAlias = Literal["issued", "used", "cancelled", "lapsed"]
Kind: TypeAlias = Literal["percent_off", "amount_off", "housekeeping"]

BankCode = Annotated[str, Path(pattern=r"^[a-z][a-z0-9-]{0,39}$")]


class VoucherIn(BaseModel):
    """The offer that a voucher is wanted of."""

    model_config = ConfigDict(extra="forbid")

    offer_id: Id


class VoucherOut(BaseModel):
    """A voucher: what it is good for and where, what is held for it, and its text while it is open."""

    model_config = ConfigDict(from_attributes=True)

    id: int = Field(description="Its number, which is in its text.")
    offer_id: int
    title: str
    merchant_id: int
    merchant: str
    kind: Kind
    value: int = Field(description="Percent, cents or minutes, as the kind says.")
    fufen: int
    state: State
    issued_at: datetime
    expires_on: date = Field(description="Its last day, by the bank's calendar.")
    until_at: datetime = Field(description="Until then it can be handed in; then what it held goes back.")
    resolved_at: datetime | None
    text: str | None = Field(description="What its symbol says; null once it is not open.")


class VoucherKeysOut(BaseModel):
    """What a merchant's device needs to check vouchers without network; docs/vouchers.md has the layout."""

    bank_id: int = Field(description="The bank's number, as it stands in a voucher.")
    zone: str = Field(examples=["Asia/Shanghai"])
    algorithm: Literal["Ed25519"] = "Ed25519"
    keys: list[str] = Field(description="Public keys, 32 bytes, base64; any of them may have signed.")


def _picture(media_type: str) -> dict[int | str, dict[str, object]]:
    content = {media_type: {"schema": {"type": "string", "format": "binary"}}}
    return {200: {"description": "The picture.", "content": content}}


@router.get(OF_PERSON, operation_id="list_vouchers", responses=problems(401, 403, 404))
async def list_vouchers(
    caller: CallerOf,
    person_id: UUID,
    *,
    state: Annotated[State | None, Query(description="Only those.")] = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[VoucherOut]:
    """Return a person's vouchers, newest first."""
    before_id = before(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[Voucher]:
        await check_person(tx, actor, OWN, person_id, now=caller.now)
        return await vouchers_of(tx, person_id, state=state, before_id=before_id, limit=limit + 1)

    found = await caller.read_of(person_id, "vouchers", OWN, work)
    keys, bank_id = await _keys(caller)
    items, following = page(found, limit, lambda one: (one.id,))
    return Page(items=[_out(one, keys, bank_id) for one in items], next_cursor=following)


@router.post(
    OF_PERSON,
    operation_id="issue_voucher",
    status_code=201,
    response_model=VoucherOut,
    responses=problems(401, 403, 404, 409),
)
async def issue(caller: CallerOf, person_id: UUID, body: VoucherIn, key: IdempotencyKey) -> Response:
    """Make a voucher of an offer, once for the Idempotency-Key: what it costs is held until it is used or given up."""
    keys, bank_id = await _keys(caller)

    async def work(tx: WriteTx, actor: Actor) -> VoucherOut | Refusal:
        await check_person(tx, actor, OWN, person_id, now=caller.now)
        made = await issue_voucher(
            tx,
            actor,
            keys,
            offer_id=body.offer_id,
            person_id=person_id,
            key=books_key("voucher", actor, key),
            now=caller.now,
        )
        if isinstance(made, Refused):
            return refusal_of(made, day=tx.day(caller.now))
        return _out(made, keys, bank_id)

    request = {"person_id": str(person_id), "offer_id": body.offer_id}
    return await caller.write_once(key, request, work, action="vouchers.issue", subject=str(body.offer_id))


@router.get(OF_PERSON + "/{voucher_id}", operation_id="get_voucher", responses=problems(401, 403, 404))
async def get_voucher(caller: CallerOf, person_id: UUID, voucher_id: PathId) -> VoucherOut:
    """Return one voucher of a person."""
    keys, bank_id = await _keys(caller)
    return _out(await _voucher(caller, person_id, voucher_id), keys, bank_id)


@router.get(
    OF_PERSON + "/{voucher_id}/code.svg",
    operation_id="get_voucher_svg",
    response_class=Response,
    responses=problems(401, 403, 404) | _picture(SVG),
)
async def get_voucher_svg(caller: CallerOf, person_id: UUID, voucher_id: PathId) -> Response:
    """Return the symbol of an open voucher as SVG."""
    text = await _text(caller, person_id, voucher_id)
    return Response(await asyncio.to_thread(qr_svg, text), media_type=SVG)


@router.get(
    OF_PERSON + "/{voucher_id}/code.png",
    operation_id="get_voucher_png",
    response_class=Response,
    responses=problems(401, 403, 404) | _picture(PNG),
)
async def get_voucher_png(caller: CallerOf, person_id: UUID, voucher_id: PathId) -> Response:
    """Return the symbol of an open voucher as PNG."""
    text = await _text(caller, person_id, voucher_id)
    return Response(await asyncio.to_thread(qr_png, text), media_type=PNG)


@router.post(
    OF_PERSON + "/{voucher_id}/cancellation",
    operation_id="cancel_voucher",
    response_model=VoucherOut,
    responses=problems(401, 403, 404, 409),
)
async def cancel(caller: CallerOf, person_id: UUID, voucher_id: PathId, key: IdempotencyKey) -> Response:
    """Take an open voucher back, once for the Idempotency-Key: what it held goes back to its lots."""
    keys, bank_id = await _keys(caller)

    async def work(tx: WriteTx, actor: Actor) -> VoucherOut | Refusal:
        await check_person(tx, actor, OWN, person_id, now=caller.now)
        done = await cancel_voucher(
            tx, person_id=person_id, voucher_id=voucher_id, by=actor.text, now=caller.now
        )
        if isinstance(done, Refused):
            return refusal_of(done, day=tx.day(caller.now))
        return _out(done, keys, bank_id)

    request = {"person_id": str(person_id), "voucher_id": voucher_id}
    return await caller.write_once(
        key, request, work, action="vouchers.cancel", subject=str(voucher_id), status=200
    )


@router.get("/banks/{bank}/voucher-keys", operation_id="read_voucher_keys", responses=problems(404))
async def read_voucher_keys(service: ServiceOf, bank: BankCode) -> VoucherKeysOut:
    """Return what vouchers of a bank are checked with; no login."""
    found = await service.bank(bank)
    public = VoucherKeys(service.codes.ring, found.id).public_keys
    return VoucherKeysOut(
        bank_id=found.id, zone=found.zone.key, keys=[b64encode(key).decode() for key in public]
    )


async def _keys(caller: Caller) -> tuple[VoucherKeys, int]:
    bank_id = (await caller.bank()).id
    return VoucherKeys(caller.service.codes.ring, bank_id), bank_id


async def _voucher(caller: Caller, person_id: UUID, voucher_id: int) -> Voucher:
    async def work(tx: ReadTx, actor: Actor) -> Voucher:
        await check_person(tx, actor, OWN, person_id, now=caller.now)
        return await voucher_of(tx, person_id, voucher_id)

    return await caller.read_of(person_id, "vouchers", OWN, work)


async def _text(caller: Caller, person_id: UUID, voucher_id: int) -> str:
    keys, bank_id = await _keys(caller)
    text = (await _voucher(caller, person_id, voucher_id)).text(keys, bank_id)
    if text is None:
        raise RefusalError("voucher_not_open")
    return text


def _out(found: Voucher, keys: VoucherKeys, bank_id: int) -> VoucherOut:
    """Return a voucher as it is answered. Nothing of its text is kept but in answers to repetitions, for its own."""
    said = {name: getattr(found, name) for name in VoucherOut.model_fields if name != "text"}
    return VoucherOut(**said, text=found.text(keys, bank_id))
