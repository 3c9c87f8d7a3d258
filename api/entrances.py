"""What all ways of logging in share: the bank, the limits of the address, a session begun on record, the tokens."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Request
from pydantic import BaseModel, ConfigDict, StringConstraints

from api.fields import Printable
from api.guessing import limits_at, refuse_if
from api.service import Service
from ledger.session import WriteTx
from timebank.access import Actor
from timebank.acts.actions import Act, record_act
from timebank.database import Bank
from timebank.errors import RefusalError
from timebank.login.rules import MAX_PASSWORD, client_family
from timebank.login.sessions import Begun, begin_session
from timebank.throttles.actions import Limit, limits_of
from timebank.throttles.rules import ACCOUNT

BankCode = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
Phone = Annotated[str, StringConstraints(pattern=r"^\+?[0-9][0-9 -]{4,19}$")]
Password = Annotated[str, StringConstraints(min_length=1, max_length=MAX_PASSWORD), Printable]
Digits = Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]
Token = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,100}$")]


class LoginBody(BaseModel):
    """What every login names: the bank."""

    model_config = ConfigDict(extra="forbid")

    bank: BankCode


class Tokens(BaseModel):
    """An access token for minutes and the refresh token that is good for the next one.

    `needs_totp`: this session carries no office roles; they need a password with a second factor.
    """

    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 -- the name of a scheme
    access_token: str
    access_expires_at: datetime
    refresh_token: str
    session_id: UUID
    session_expires_at: datetime
    needs_totp: bool


def tokens_of(service: Service, bank: Bank, begun: Begun) -> Tokens:
    """Return what a client gets of a session begun or carried on."""
    access, expires_at = service.tokens.issue(bank.code, begun.session_id, now=service.now())
    return Tokens(
        access_token=access,
        access_expires_at=expires_at,
        refresh_token=begun.refresh_token,
        session_id=begun.session_id,
        session_expires_at=begun.expires_at,
        needs_totp=begun.needs_totp,
    )


class Entrance:
    """What the ways of logging in share: the bank, the limits of the address, beginning a session on record."""

    def __init__(self, service: Service, bank: Bank, request: Request) -> None:
        self.service, self.bank, self.request = service, bank, request
        self.now = service.now()
        self.at = limits_at(service, bank, request)

    def limits(self, who: str) -> list[Limit]:
        """Return the limits of an account and of the address."""
        return [*limits_of(self.service.blind, self.bank.id, ACCOUNT, who), *self.at]

    async def begin(self, tx: WriteTx, person_id: UUID, method: str) -> Begun:
        """Begin a session and record that."""
        begun = await begin_session(
            tx,
            person_id=person_id,
            method=method,
            client=client_family(self.request.headers.get("user-agent", "")),
            strong=self.service.strong_methods,
            now=self.now,
        )
        actor = Actor(session_id=begun.session_id, person_id=person_id)
        await record_act(tx, actor, Act(f"login.{method}", "", self.request.state.request_id))
        return begun

    def tokens(self, found: Begun | int | None) -> Tokens:
        """Return the tokens, or refuse: what the try counted is committed by now.

        Raises:
            RefusalError: `throttled`, `login_failed`.
        """
        if isinstance(found, int):
            refuse_if(found)
        if not isinstance(found, Begun):
            raise RefusalError("login_failed")
        return tokens_of(self.service, self.bank, found)
