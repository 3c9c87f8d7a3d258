"""One's own password and second factor (TOTP).

Who changes them proves anew who is there: by the password of now, or by a login by code or link that is minutes old.
"""

from datetime import datetime
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field

from api.edge import Caller, CallerOf
from api.entrances import Digits, Password, Phone
from api.guessing import forgive, take_or_refuse
from api.problems import problems
from api.routers import resource
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check
from timebank.errors import RefusalError
from timebank.login.passwords import find_hash, name_phone, set_password
from timebank.login.queries import beginning_of, credentials_of
from timebank.login.rules import check_password, is_fresh, plain_password
from timebank.login.sessions import end_sessions
from timebank.login.totp import begin_totp, has_totp, remove_totp, use_totp
from timebank.throttles.actions import give_back, limits_of, take
from timebank.throttles.rules import ACCOUNT

router = resource(tag="credentials")


class Credentials(BaseModel):
    """Which credentials the caller has; `needs_totp` if a role of theirs needs the second factor."""

    has_password: bool
    has_totp: bool
    needs_totp: bool
    changed_at: datetime | None


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PasswordChange(_Body):
    """A new password, and the one of now unless the login by code or link is minutes old.

    `phone` is for somebody with an office's roles who was invited by a link and has none on record yet.
    """

    new_password: Password
    password: Password | None = None
    phone: Phone | None = None


class TotpBeginning(_Body):
    """The password of now, unless the login by code or link is minutes old."""

    password: Password | None = None


class TotpUri(BaseModel):
    """What an authenticator's camera reads, shown this once."""

    uri: str = Field(examples=["otpauth://totp/…"])


class TotpConfirmation(_Body):
    """A code of the authenticator."""

    code: Digits


class TotpRemoval(_Body):
    """The password and a code of the authenticator."""

    password: Password
    code: Digits


@router.get("/me/credentials", operation_id="read_credentials", responses=problems(401, 403))
async def read_credentials(caller: CallerOf) -> Credentials:
    """Return which credentials the caller has."""

    async def work(tx: ReadTx, actor: Actor) -> Credentials:
        found = await credentials_of(tx, _person(actor), now=caller.now)
        return Credentials(
            has_password=found.has_password,
            has_totp=found.has_totp,
            needs_totp=found.needs_totp,
            changed_at=found.changed_at,
        )

    return await caller.read(work)


@router.put("/me/password", operation_id="set_password", status_code=204, responses=problems(401, 403, 409))
async def change_password(body: PasswordChange, caller: CallerOf) -> Response:
    """Set the caller's password and end their other sessions."""
    was = await _prove(caller, body.password)
    check_password(plain_password(body.new_password))
    # Counted for good: hashing is dear, and everybody who logs in waits for it.
    bank = await caller.bank()
    session = f"new password {caller.claims.session_id}"
    await take_or_refuse(caller.service, bank, limits_of(caller.service.blind, bank.id, ACCOUNT, session))
    hashed = await caller.service.passwords.hash(body.new_password)

    async def work(tx: WriteTx, actor: Actor) -> None:
        person_id = _person(actor)
        if body.phone is not None:
            if not (await credentials_of(tx, person_id, now=caller.now)).needs_totp:
                raise RefusalError("forbidden", permission="people.edit")
            await name_phone(tx, caller.service.cipher, person_id=person_id, phone=body.phone)
        await set_password(tx, person_id=person_id, password_hash=hashed, was=was, now=caller.now)
        await end_sessions(
            tx, owner_id=person_id, reason="password_changed", now=caller.now, keep=actor.session_id
        )

    await caller.write(work, action="credentials.password")
    return Response(status_code=204)


@router.post("/me/totp", operation_id="begin_totp", status_code=201, responses=problems(401, 403, 409))
async def begin(body: TotpBeginning, caller: CallerOf) -> TotpUri:
    """Set up the second factor; it counts once it is confirmed, and beginning again replaces what was not."""
    await _prove(caller, body.password)

    async def work(tx: WriteTx, actor: Actor) -> TotpUri:
        uri = await begin_totp(tx, caller.service.cipher, person_id=_person(actor), now=caller.now)
        return TotpUri(uri=uri)

    return await caller.write(work, action="credentials.totp_begin")


@router.post(
    "/me/totp/confirm", operation_id="confirm_totp", status_code=204, responses=problems(401, 403, 409)
)
async def confirm(body: TotpConfirmation, caller: CallerOf) -> Response:
    """Confirm the second factor by a code of it."""

    async def work(tx: WriteTx, actor: Actor) -> None:
        person_id = _person(actor)
        if await has_totp(tx, person_id):
            raise RefusalError("already_totp")
        if not await use_totp(tx, caller.service.cipher, person_id=person_id, code=body.code, now=caller.now):
            raise RefusalError("totp_wrong")

    await caller.write(work, action="credentials.totp_confirm")
    return Response(status_code=204)


@router.post("/me/totp/remove", operation_id="remove_totp", status_code=204, responses=problems(401, 403))
async def remove(body: TotpRemoval, caller: CallerOf) -> Response:
    """Take the second factor away, by the password and a code of it; all sessions end."""
    await _prove(caller, body.password)

    async def work(tx: WriteTx, actor: Actor) -> bool | int:
        person_id = _person(actor)
        limits = limits_of(caller.service.blind, tx.bank_id, ACCOUNT, f"totp {person_id}")
        if wait := await take(tx, limits, now=caller.now):
            return wait
        if not await use_totp(tx, caller.service.cipher, person_id=person_id, code=body.code, now=caller.now):
            return False
        await give_back(tx, limits, now=caller.now)
        await remove_totp(tx, person_id=person_id, now=caller.now)
        # Sessions that the second factor began open the office's doors; this one is of them.
        await end_sessions(tx, owner_id=person_id, reason="totp_removed", now=caller.now)
        return True

    # Returned, not raised, so that the count stays; the act on record is then that it was tried.
    done = await caller.write(work, action="credentials.totp_remove", subject=_outcome)
    if done is False:
        raise RefusalError("totp_wrong")
    if done is not True:
        raise RefusalError("throttled", retry_after=done)
    return Response(status_code=204)


def _outcome(done: bool | int) -> str:  # noqa: FBT001 -- what the work returned
    return "removed" if done is True else "refused"


async def _prove(caller: Caller, password: str | None) -> str | None:
    """Return the hash of the password of now, once the caller has proven who is there.

    Raises:
        RefusalError: `proof_needed` without a password unless the session is fresh; `password_wrong`, `throttled`.
    """

    async def look(tx: ReadTx, actor: Actor) -> tuple[UUID, str | None, bool]:
        person_id = _person(actor)
        method, began_at = await beginning_of(tx, caller.claims.session_id)
        return person_id, await find_hash(tx, person_id), is_fresh(method, began_at, caller.now)

    person_id, hash_, fresh = await caller.read(look)
    if password is None:
        if not fresh:
            raise RefusalError("proof_needed")
        return hash_
    bank = await caller.bank()
    limits = limits_of(caller.service.blind, bank.id, ACCOUNT, f"password {person_id}")
    await take_or_refuse(caller.service, bank, limits)
    if not await caller.service.passwords.verify(password, hash_):
        raise RefusalError("password_wrong")
    await forgive(caller.service, bank, limits)
    return hash_


def _person(actor: Actor) -> UUID:
    """Return the person whose credentials they are; a device has none.

    Raises:
        RefusalError: `forbidden`.
    """
    check(actor, "credentials.own")
    if actor.person_id is None:
        raise RefusalError("forbidden", permission="credentials.own")
    return actor.person_id
