"""By which channels a member is told: on, off, and their mail address, which counts once its code was typed in."""

import re
from typing import Annotated, Literal
from uuid import UUID

from pydantic import StringConstraints
from starlette.responses import Response

from api.fields import Printable
from api.routers import bare
from api.v1 import channels as doors
from api.v1 import people as people_doors
from api.v1.channels import Channel, ChannelChoice
from api.v1.people import EDIT, PersonEdit
from api.web.arriving import VisitOf
from api.web.asking import problem_of
from api.web.forms import FormBody
from api.web.volunteer.member import own_person
from api.web.volunteer.privacy import shown
from timebank.errors import RefusalError

router = bare()

_DIGITS = re.compile(r"[0-9]{6}")


class ChannelForm(FormBody):
    """A channel to be told by, or not any more."""

    channel: Channel
    act: Literal["choose", "leave"]


class SendForm(FormBody):
    """That a code is to be mailed."""


class ConfirmForm(FormBody):
    """The code that was mailed."""

    code_id: UUID
    code: Annotated[str, StringConstraints(max_length=20, strip_whitespace=True), Printable]


class AddressForm(FormBody):
    """A mail address; none is none."""

    email: Annotated[str, StringConstraints(max_length=200, strip_whitespace=True), Printable]


@router.post("/me/privacy/channels")
async def choose(visit: VisitOf) -> Response:
    """Be told by a channel from now on, or no more."""
    form = await visit.form(ChannelForm)
    try:
        if form.act == "leave":
            await doors.delete_channel(visit.caller, form.channel)
        else:
            await doors.put_channel(visit.caller, form.channel, ChannelChoice())
    except RefusalError as refusal:
        return await shown(visit, problem=problem_of(visit, refusal))
    return visit.go(f"/me/privacy?done={'left' if form.act == 'leave' else 'chosen'}")


@router.post("/me/privacy/email/code")
async def send_code(visit: VisitOf) -> Response:
    """Mail a code, and show the page with the box for it."""
    await visit.form(SendForm)
    try:
        sent = await doors.ask_for_address_code(visit.caller)
    except RefusalError as refusal:
        return await shown(visit, problem=problem_of(visit, refusal))
    return await shown(visit, done="mailed", code_id=sent.code_id)


@router.post("/me/privacy/email/confirm")
async def confirm(visit: VisitOf) -> Response:
    """Be told by mail from now on, if the code is the one that was mailed."""
    form = await visit.form(ConfirmForm)
    if not _DIGITS.fullmatch(form.code):
        wrong = problem_of(visit, RefusalError("channel_code_wrong"))
        return await shown(visit, problem=wrong, code_id=form.code_id)
    try:
        body = ChannelChoice(code_id=form.code_id, code=form.code)
        await doors.put_channel(visit.caller, "email", body)
    except RefusalError as refusal:
        return await shown(visit, problem=problem_of(visit, refusal), code_id=form.code_id)
    return visit.go("/me/privacy?done=chosen")


@router.post("/me/privacy/email")
async def change_address(visit: VisitOf) -> Response:
    """Keep another mail address; nothing is mailed to it until it is confirmed."""
    form = await visit.form(AddressForm)
    try:
        person_id = await own_person(visit, EDIT)
        body = PersonEdit(email=form.email or None)
        await people_doors.edit_person(visit.caller, person_id, body, Response(), "*")
    except RefusalError as refusal:
        return await shown(visit, problem=problem_of(visit, refusal), typed=form.email)
    return visit.go("/me/privacy?done=address")
