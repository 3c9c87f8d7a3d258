"""The PIN of one's card, set by oneself or at a worker's desk; nobody reads it."""

from typing import Annotated
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from api.edge import CallerOf
from api.guessing import take_or_refuse
from api.problems import problems
from api.routers import resource
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check_person
from timebank.people.pins import check_has_card, check_pin, set_pin
from timebank.throttles.actions import limits_of
from timebank.throttles.rules import ACCOUNT

router = resource(tag="cards")

PIN = "cards.pin"


class PinIn(BaseModel):
    """The new PIN: 4 to 8 digits, not all alike and not counting up or down."""

    model_config = ConfigDict(extra="forbid")

    pin: Annotated[str, StringConstraints(pattern=r"^[0-9]{4,8}$")] = Field(examples=["4071"])


@router.put(
    "/people/{person_id}/cards/pin",
    operation_id="set_card_pin",
    status_code=204,
    responses=problems(401, 403, 404),
)
async def set_card_pin(caller: CallerOf, person_id: UUID, body: PinIn) -> Response:
    """Set the PIN of the card that a person has; a lock after too many misses ends with it, and they are told."""
    check_pin(body.pin)

    async def allow(tx: ReadTx, actor: Actor) -> None:
        await check_person(tx, actor, PIN, person_id, now=caller.now)
        await check_has_card(tx, person_id)

    await caller.read(allow)
    # Counted for good: hashing is dear, and everybody who logs in waits for it.
    bank = await caller.bank()
    await take_or_refuse(
        caller.service, bank, limits_of(caller.service.blind, bank.id, ACCOUNT, f"new pin {person_id}")
    )
    pin_hash = await caller.service.passwords.hash_pin(body.pin)

    async def work(tx: WriteTx, actor: Actor) -> int:
        await check_person(tx, actor, PIN, person_id, now=caller.now)
        return await set_pin(tx, person_id, pin_hash=pin_hash, now=caller.now)

    await caller.write(work, action=PIN, subject=str)
    return Response(status_code=204)
