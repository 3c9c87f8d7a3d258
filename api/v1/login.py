"""Logging in by code, password or printed link, and carrying a session on.

Whatever is wrong with a login (nobody has the phone, another code, another password), the answer is `login_failed`.
"""

from uuid import UUID

from fastapi import Request
from pydantic import BaseModel, Field

from api.edge import ServiceOf
from api.entrances import Digits, Entrance, LoginBody, Password, Phone, Token, Tokens, tokens_of
from api.guessing import address_of, take_or_refuse
from api.problems import problems
from api.routers import resource
from ledger.session import WriteTx
from timebank.errors import RefusalError
from timebank.login.codes import (
    MadeCode,
    make_code,
    make_ticket,
    phone_of_code,
    use_code,
    use_ticket,
)
from timebank.login.links import use_login_link
from timebank.login.passwords import find_candidate, find_hash
from timebank.login.rules import CODE_LIFETIME, masked_name
from timebank.login.senders import Message
from timebank.login.sessions import Begun, refresh_session
from timebank.login.totp import has_totp, use_totp
from timebank.people.rules import NAME
from timebank.throttles.actions import give_back, limits_of, take
from timebank.throttles.rules import ADDRESS_CODES, PHONE_CODES
from timebank.vault.actions import take_fields
from timebank.vault.blind import PHONE

router = resource(tag="login")


class CodeRequest(LoginBody):
    """Whose phone wants a code."""

    phone: Phone = Field(examples=["19900000001"])


class CodeSent(BaseModel):
    """The same for every phone. The message, if one is sent, names the reference."""

    code_id: UUID
    reference: str = Field(examples=["5F0C9A1E"])
    expires_in_seconds: int


class CodeGiven(LoginBody):
    """The code that came by phone."""

    code_id: UUID
    code: Digits


class ChoiceMade(LoginBody):
    """Who of those that share the phone it is."""

    ticket: Token
    person_id: UUID


class PasswordGiven(LoginBody):
    """A phone with its password, and the six digits of the second factor where there is one."""

    phone: Phone = Field(examples=["19900000001"])
    password: Password
    totp: Digits | None = None


class LinkGiven(LoginBody):
    """The token of a printed login link."""

    token: Token


class RefreshGiven(LoginBody):
    """The refresh token of the last answer; it is good once."""

    refresh_token: Token


class PersonToChoose(BaseModel):
    """One of those who share the phone."""

    person_id: UUID
    masked_name: str


class Choice(BaseModel):
    """Several people share the phone: hand the ticket back with one of them."""

    ticket: str
    expires_in_seconds: int
    people: list[PersonToChoose]


class CodeAnswer(BaseModel):
    """Tokens, or a choice to be made first."""

    tokens: Tokens | None = None
    choice: Choice | None = None


@router.post("/login/codes", operation_id="ask_for_code", status_code=202, responses=problems(404))
async def ask_for_code(body: CodeRequest, service: ServiceOf, request: Request) -> CodeSent:
    """Send a code to a phone; the answer is the same whether anybody has it."""
    if service.sender is None:
        raise RefusalError("sender_missing")
    bank = await service.bank(body.bank)
    phone = service.blind.digest(bank.id, PHONE, body.phone).hex()
    limits = [
        *limits_of(service.blind, bank.id, PHONE_CODES, phone),
        *limits_of(service.blind, bank.id, ADDRESS_CODES, address_of(request)),
    ]

    async def work(tx: WriteTx) -> MadeCode | int:
        wait = await take(tx, limits, now=service.now())
        return wait or await make_code(tx, service.blind, phone=body.phone, now=service.now())

    made = await service.database.write(bank, work)
    if isinstance(made, int):
        raise RefusalError("throttled", retry_after=made)
    if made.is_known:
        service.outgoing.hand_over(service.sender, Message(body.phone, made.code, made.reference))
    return CodeSent(
        code_id=made.id, reference=made.reference, expires_in_seconds=int(CODE_LIFETIME.total_seconds())
    )


@router.post("/login/codes/verify", operation_id="log_in_by_code", responses=problems(401, 404))
async def log_in_by_code(body: CodeGiven, service: ServiceOf, request: Request) -> CodeAnswer:
    """Log in with a code, or get the choice among those who share the phone."""
    entrance = Entrance(service, await service.bank(body.bank), request)

    async def work(tx: WriteTx) -> Begun | Choice | int | None:
        phone = await phone_of_code(tx, body.code_id)
        limits = entrance.at if phone is None else entrance.limits(f"code {phone.hex()}")
        if wait := await take(tx, limits, now=entrance.now):
            return wait
        proven = await use_code(tx, service.blind, code_id=body.code_id, code=body.code, now=entrance.now)
        if proven is None:
            return None
        await give_back(tx, limits, now=entrance.now)
        if len(proven.people) == 1:
            return await entrance.begin(tx, proven.people[0], "code")
        people = [
            PersonToChoose(
                person_id=who,
                masked_name=masked_name((await take_fields(tx, service.cipher, who)).get(NAME, "")),
            )
            for who in proven.people
        ]
        return Choice(
            ticket=await make_ticket(tx, service.blind, proven=proven, now=entrance.now),
            expires_in_seconds=int(CODE_LIFETIME.total_seconds()),
            people=people,
        )

    found = await service.database.write(entrance.bank, work)
    if isinstance(found, Choice):
        return CodeAnswer(choice=found)
    return CodeAnswer(tokens=entrance.tokens(found))


@router.post("/login/codes/choose", operation_id="choose_who_logs_in", responses=problems(401, 404))
async def choose_who_logs_in(body: ChoiceMade, service: ServiceOf, request: Request) -> Tokens:
    """Log in as one of those who share the phone, after a right code."""
    entrance = Entrance(service, await service.bank(body.bank), request)

    async def work(tx: WriteTx) -> Begun | int | None:
        if wait := await take(tx, entrance.at, now=entrance.now):
            return wait
        person_id = await use_ticket(
            tx, service.blind, ticket=body.ticket, person_id=body.person_id, now=entrance.now
        )
        if person_id is None:
            return None
        await give_back(tx, entrance.at, now=entrance.now)
        return await entrance.begin(tx, person_id, "code")

    return entrance.tokens(await service.database.write(entrance.bank, work))


@router.post("/login/passwords", operation_id="log_in_by_password", responses=problems(401, 404))
async def log_in_by_password(body: PasswordGiven, service: ServiceOf, request: Request) -> Tokens:
    """Log in with a phone's password; `totp_required` if it is right and the second factor is missing."""
    entrance = Entrance(service, await service.bank(body.bank), request)
    phone = service.blind.digest(entrance.bank.id, PHONE, body.phone).hex()
    limits = entrance.limits(f"password {phone}")
    await take_or_refuse(service, entrance.bank, limits)
    candidate = await service.database.read(
        entrance.bank, lambda tx: find_candidate(tx, service.blind, phone=body.phone)
    )
    is_right = await service.passwords.verify(body.password, candidate.password_hash if candidate else None)
    if candidate is None or not is_right:
        raise RefusalError("login_failed")

    async def work(tx: WriteTx) -> Begun | str | None:
        person_id = candidate.person_id
        if await find_hash(tx, person_id) != candidate.password_hash:  # changed meanwhile
            return None
        method = "password"
        if await has_totp(tx, person_id):
            if body.totp is None:
                await give_back(tx, limits, now=entrance.now)
                return "totp_required"
            if not await use_totp(tx, service.cipher, person_id=person_id, code=body.totp, now=entrance.now):
                return None
            method = "password_totp"
        await give_back(tx, limits, now=entrance.now)
        return await entrance.begin(tx, person_id, method)

    begun = await service.database.write(entrance.bank, work)
    if isinstance(begun, str):
        raise RefusalError(begun)
    return entrance.tokens(begun)


@router.post("/login/links", operation_id="log_in_by_link", responses=problems(401, 404))
async def log_in_by_link(body: LinkGiven, service: ServiceOf, request: Request) -> Tokens:
    """Log in with the token of a printed link."""
    entrance = Entrance(service, await service.bank(body.bank), request)

    async def work(tx: WriteTx) -> Begun | int | None:
        if wait := await take(tx, entrance.at, now=entrance.now):
            return wait
        person_id = await use_login_link(tx, token=body.token, now=entrance.now)
        if person_id is None:
            return None
        await give_back(tx, entrance.at, now=entrance.now)
        return await entrance.begin(tx, person_id, "link")

    return entrance.tokens(await service.database.write(entrance.bank, work))


@router.post("/login/refresh", operation_id="refresh", responses=problems(401, 404))
async def refresh(body: RefreshGiven, service: ServiceOf) -> Tokens:
    """Carry a session on; a refresh token that was used before ends it."""
    bank = await service.bank(body.bank)

    async def work(tx: WriteTx) -> Begun | None:
        return await refresh_session(
            tx, token=body.refresh_token, strong=service.strong_methods, now=service.now()
        )

    begun = await service.database.write(bank, work)
    if begun is None:
        raise RefusalError("refresh_refused")
    return tokens_of(service, bank, begun)
