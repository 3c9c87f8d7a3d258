"""By which channels somebody is told: chosen by themselves, and a mail address only once it is confirmed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, TypeAlias
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel, ConfigDict

from api.edge import Caller, CallerOf
from api.entrances import Digits
from api.problems import problems
from api.routers import resource
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check
from timebank.errors import RefusalError
from timebank.login.rules import CODE_LIFETIME
from timebank.messages.choices import Choice, check_offered, choices_of, choose_channel, forget_channel
from timebank.messages.confirming import ask_to_confirm, is_confirmed
from timebank.messages.rules import EMAIL
from timebank.throttles.actions import limits_of, take
from timebank.throttles.rules import PHONE_CODES

router = resource("/me/channels", tag="channels")

PERMISSION = "channels.own"
Channel: TypeAlias = Literal["email", "sms", "wechat"]


class ChannelOut(BaseModel):
    """A channel: whether the installation has it, there is a phone or address for it, and since when it is chosen."""

    model_config = ConfigDict(from_attributes=True)

    channel: Channel
    is_offered: bool
    has_address: bool
    chosen_at: datetime | None


class Channels(BaseModel):
    """Every channel there is. In the service itself everybody is told anyway."""

    items: list[ChannelOut]


class ChannelChoice(BaseModel):
    """The code that was mailed, for `email`; nothing for the others."""

    model_config = ConfigDict(extra="forbid")

    code_id: UUID | None = None
    code: Digits | None = None


class AddressCodeSent(BaseModel):
    """A code is on its way to the address."""

    code_id: UUID
    expires_in_seconds: int


@router.get("", operation_id="list_channels", responses=problems(401, 403))
async def list_channels(caller: CallerOf) -> Channels:
    """Return the channels, and which of them the caller chose."""

    async def work(tx: ReadTx, actor: Actor) -> Sequence[Choice]:
        return await choices_of(tx, _person(actor), offered=caller.service.offered)

    return Channels(items=[ChannelOut.model_validate(choice) for choice in await caller.read(work)])


@router.post(
    "/email/code", operation_id="ask_for_address_code", status_code=202, responses=problems(401, 403)
)
async def ask_for_address_code(caller: CallerOf) -> AddressCodeSent:
    """Mail a code to the caller's address, which confirms it."""

    async def work(tx: WriteTx, actor: Actor) -> UUID | int:
        person_id = _person(actor)
        check_offered(EMAIL, caller.service.offered)
        limits = limits_of(caller.service.blind, tx.bank_id, PHONE_CODES, f"mail {person_id}")
        if wait := await take(tx, limits, now=caller.now):
            return wait
        service = caller.service
        return await ask_to_confirm(tx, service.cipher, service.blind, person_id=person_id, now=caller.now)

    sent = await caller.write(work, action="channels.code")
    if isinstance(sent, int):
        raise RefusalError("throttled", retry_after=sent)
    return AddressCodeSent(code_id=sent, expires_in_seconds=int(CODE_LIFETIME.total_seconds()))


@router.put("/{channel}", operation_id="choose_channel", responses=problems(401, 403))
async def put_channel(caller: CallerOf, channel: Channel, body: ChannelChoice) -> ChannelOut:
    """Be told by a channel from now on; a mail address takes the code that was mailed to it."""

    async def work(tx: WriteTx, actor: Actor) -> Choice | None:
        person_id, offered = _person(actor), caller.service.offered
        check_offered(channel, offered)
        found = await _choice(tx, person_id, channel, caller)
        if found.chosen_at is not None:
            return found
        if channel == EMAIL and not await _is_confirmed(tx, person_id, body, caller):
            return None
        await choose_channel(tx, person_id=person_id, channel=channel, offered=offered, now=caller.now)
        return await _choice(tx, person_id, channel, caller)

    # Returned, not raised, so that a wrong try stays counted; the act on record is then that it was tried.
    chosen = await caller.write(work, action="channels.choose", subject=channel)
    if chosen is None:
        raise RefusalError("channel_code_wrong")
    return ChannelOut.model_validate(chosen)


@router.delete("/{channel}", operation_id="leave_channel", status_code=204, responses=problems(401, 403))
async def delete_channel(caller: CallerOf, channel: Channel) -> Response:
    """Be told by a channel no more; what is on its way is not sent either."""

    async def work(tx: WriteTx, actor: Actor) -> None:
        await forget_channel(tx, person_id=_person(actor), channel=channel)

    await caller.write(work, action="channels.leave", subject=channel)
    return Response(status_code=204)


async def _choice(tx: ReadTx, person_id: UUID, channel: Channel, caller: Caller) -> Choice:
    found = await choices_of(tx, person_id, offered=caller.service.offered)
    return next(choice for choice in found if choice.channel == channel)


async def _is_confirmed(tx: WriteTx, person_id: UUID, body: ChannelChoice, caller: Caller) -> bool:
    if body.code_id is None or body.code is None:
        raise RefusalError("channel_code_missing")
    service = caller.service
    return await is_confirmed(
        tx,
        service.cipher,
        service.blind,
        person_id=person_id,
        code_id=body.code_id,
        digits=body.code,
        now=caller.now,
    )


def _person(actor: Actor) -> UUID:
    """Return who chooses; a device does not.

    Raises:
        RefusalError: `forbidden`.
    """
    check(actor, PERMISSION)
    if actor.person_id is None:
        raise RefusalError("forbidden", permission=PERMISSION)
    return actor.person_id
