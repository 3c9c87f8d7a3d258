"""Printed cards. A card's token finds its holder for a steward who sees them; it is no secret and logs nobody in.

Only the token's digest is kept: whoever reads the database can print no card.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from ledger.session import ReadTx, WriteTx
from timebank.errors import RefusalError
from timebank.people.memberships import lock_person

PREFIX = "TBC-"
"""Says what it is to whoever scans it; like the rest it is of QR's alphanumeric set."""

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's: nothing that is misread for something else."""

LENGTH = 16
"""80 bits."""

_MISREAD = str.maketrans("OIL", "011")

_LIST = """
select id, issued_at, revoked_at, revoked_for from cards where bank_id = $1 and person_id = $2 order by id
"""
_CURRENT = "select id from cards where bank_id = $1 and person_id = $2 and revoked_at is null"
_INSERT = """
insert into cards (bank_id, person_id, digest, issued_at, issued_by) values ($1, $2, $3, $4, $5) returning id
"""
_REVOKE = """
update cards set revoked_at = $3, revoked_for = $4 where bank_id = $1 and id = $2 and revoked_at is null
"""
_HOLDER = """
select c.person_id from cards c join people p on p.bank_id = $1 and p.id = c.person_id
where c.bank_id = $1 and c.digest = $2 and c.revoked_at is null and p.erased_at is null
"""


@dataclass(frozen=True, slots=True)
class Card:
    """A card that was issued; `revoked_for` is one of a few words."""

    id: int
    issued_at: datetime
    revoked_at: datetime | None
    revoked_for: str | None


@dataclass(frozen=True, slots=True)
class IssuedCard:
    """A new card and, this once, what is printed on it."""

    id: int
    token: str


async def cards_of(tx: ReadTx, person_id: UUID) -> list[Card]:
    """Return the cards a person has and had, the first one first."""
    return [Card(*row) for row in await tx.connection.fetch(_LIST, tx.bank_id, person_id)]


async def issue_card(tx: WriteTx, person_id: UUID, *, now: datetime, actor: str) -> IssuedCard:
    """Issue a first card, or one after the last was revoked.

    Raises:
        RefusalError: `unknown_person`, `already_has_card`.
    """
    await lock_person(tx, person_id)
    if await tx.connection.fetchval(_CURRENT, tx.bank_id, person_id) is not None:
        raise RefusalError("already_has_card")
    token = PREFIX + "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    id_ = await tx.connection.fetchval(_INSERT, tx.bank_id, person_id, digest(token), now, actor)
    return IssuedCard(id_, token)


async def reissue_card(tx: WriteTx, person_id: UUID, *, reason: str, now: datetime, actor: str) -> IssuedCard:
    """Revoke the card a person has and issue another.

    Raises:
        RefusalError: `unknown_person`, `no_card`.
    """
    await lock_person(tx, person_id)
    current = await tx.connection.fetchval(_CURRENT, tx.bank_id, person_id)
    if current is None:
        raise RefusalError("no_card")
    await tx.connection.execute(_REVOKE, tx.bank_id, current, now, reason)
    return await issue_card(tx, person_id, now=now, actor=actor)


async def revoke_card(tx: WriteTx, person_id: UUID, card_id: int, *, reason: str, now: datetime) -> Card:
    """Revoke one of a person's cards.

    Raises:
        RefusalError: `unknown_person`, `unknown_card`, `already_revoked`.
    """
    await lock_person(tx, person_id)
    found = next((card for card in await cards_of(tx, person_id) if card.id == card_id), None)
    if found is None:
        raise RefusalError("unknown_card")
    if found.revoked_at is not None:
        raise RefusalError("already_revoked")
    await tx.connection.execute(_REVOKE, tx.bank_id, card_id, now, reason)
    return Card(found.id, found.issued_at, now, reason)


async def holder_of(tx: ReadTx, token: str) -> UUID:
    """Return who holds the card of that token, as scanned or typed.

    Raises:
        RefusalError: `unknown_card`, a revoked one's too.
    """
    holder: UUID | None = await tx.connection.fetchval(_HOLDER, tx.bank_id, digest(token))
    if holder is None:
        raise RefusalError("unknown_card")
    return holder


def written(token: str) -> str:
    """Return a token as it is printed, however it was typed."""
    return PREFIX + _plain(token)


def digest(token: str) -> bytes:
    """Return what is kept of a token; how it was typed makes no difference."""
    return sha256(_plain(token).encode()).digest()


def _plain(token: str) -> str:
    plain = token.strip().upper().removeprefix(PREFIX).replace("-", "").replace(" ", "")
    return plain.translate(_MISREAD)
