"""Passwords: hashing away from the event loop, finding whose a phone's password is, setting one.

A phone has at most one password, its first holder's: a login then takes one hash, known or not, and so the same time.
Others of the household log in by code. Nothing is hashed within a transaction.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from ledger.session import ReadTx, WriteTx
from timebank.errors import RefusalError
from timebank.login.rules import check_password, plain_password
from timebank.people.rules import normal_phone
from timebank.vault.actions import put_fields
from timebank.vault.blind import PHONE, BlindIndex, find
from timebank.vault.cipher import Cipher

T = TypeVar("T")

AT_ONCE = 2
"""Hashes at once in a process: each takes 64 MiB and a tenth of a second or more of a core."""
MAX_WAITING = 64

NOBODYS = "$argon2id$v=19$m=65536,t=3,p=4$jx1Hl/6/7NC3NVg2lWIAaA$QHDv6nSniXItuoVOwJHH4xHK8Jpz0ybGfsfAmHV0NHw"
"""Of a long random text that nobody kept, made with the same parameters: what an unknown phone is compared with."""

_OF = """
select c.person_id, c.password_hash from unnest($2::uuid[]) as x (id), lateral (
  select c.person_id, c.password_hash, c.changed_at from credentials c
  where c.bank_id = $1 and c.person_id = x.id and c.password_hash is not null offset 0) c
where exists (select from people p where p.bank_id = $1 and p.id = c.person_id and p.erased_at is null)
order by c.changed_at, c.person_id limit 1
"""
_FIND = "select password_hash from credentials where bank_id = $1 and person_id = $2"
_HAS_PHONE = """
select exists (select from blind_indexes where bank_id = $1 and person_id = $2 and field = 'phone')
"""
_TAKEN = """
select b.digest, exists (
    select from blind_indexes o join credentials c on c.bank_id = $1 and c.person_id = o.person_id
    where o.bank_id = $1 and o.field = 'phone' and o.digest = b.digest and o.person_id <> $2
      and c.password_hash is not null) as is_taken
from blind_indexes b where b.bank_id = $1 and b.person_id = $2 and b.field = 'phone'
"""
_FORGET = "update credentials set password_hash = null where bank_id = $1 and person_id = $2"
_SET = """
insert into credentials as c (bank_id, person_id, password_hash, changed_at) values ($1, $2, $3, $5)
on conflict on constraint credentials_pkey do update set password_hash = excluded.password_hash,
  changed_at = excluded.changed_at
where c.password_hash is not distinct from $4
returning true
"""


@dataclass(frozen=True, slots=True)
class Candidate:
    """Whose password a phone's would be."""

    person_id: UUID
    password_hash: str = field(repr=False)


class Passwords:
    """Argon2, in threads, so many at once; who comes when too many wait already is sent away."""

    def __init__(self) -> None:
        self._hasher = PasswordHash((Argon2Hasher(),))
        self._turn = asyncio.Semaphore(AT_ONCE)
        self._waiting = 0

    async def hash(self, password: str) -> str:
        """Return the hash of a password that the rules allow.

        Raises:
            RefusalError: `password_short`, `password_common`, `throttled`.
        """
        plain = plain_password(password)
        check_password(plain)
        return await self._in_thread(lambda: self._hasher.hash(plain))

    async def hash_pin(self, pin: str) -> str:
        """Return the hash of a card's PIN, whose rules are `timebank.people.pins`.

        Raises:
            RefusalError: `throttled`.
        """
        return await self._in_thread(lambda: self._hasher.hash(pin))

    async def verify(self, password: str, hash_: str | None) -> bool:
        """Tell whether a password is right; without a hash it is wrong, after the same time.

        Raises:
            RefusalError: `throttled`.
        """
        plain = plain_password(password)
        is_right = await self._in_thread(lambda: self._hasher.verify(plain, hash_ or NOBODYS))
        return is_right and hash_ is not None

    async def _in_thread(self, work: Callable[[], T]) -> T:
        if self._waiting >= MAX_WAITING:
            raise RefusalError("throttled", retry_after=5)
        self._waiting += 1
        try:
            async with self._turn:
                return await asyncio.to_thread(work)
        finally:
            self._waiting -= 1


async def find_candidate(tx: ReadTx, blind: BlindIndex, *, phone: str) -> Candidate | None:
    """Return whose password the phone's is, if it has one."""
    people = await find(tx, blind, PHONE, phone)
    row = await tx.connection.fetchrow(_OF, tx.bank_id, people)
    return Candidate(row["person_id"], row["password_hash"]) if row else None


async def find_hash(tx: ReadTx, person_id: UUID) -> str | None:
    """Return the hash of a person's password, if they have one."""
    found: str | None = await tx.connection.fetchval(_FIND, tx.bank_id, person_id)
    return found


async def set_password(
    tx: WriteTx, *, person_id: UUID, password_hash: str, was: str | None, now: datetime
) -> None:
    """Set a person's password, if it is still what it was when the old one was asked for.

    Raises:
        RefusalError: `phone_missing` without a phone to log in with; `already_password_of_phone` if somebody who
            shares it was first; `password_wrong` if it was changed meanwhile.
    """
    row = await tx.connection.fetchrow(_TAKEN, tx.bank_id, person_id)
    if row is None:
        raise RefusalError("phone_missing")
    if row["is_taken"]:
        raise RefusalError("already_password_of_phone")
    if not await tx.connection.fetchval(_SET, tx.bank_id, person_id, password_hash, was, now):
        raise RefusalError("password_wrong")


async def forget_password(tx: WriteTx, person_id: UUID) -> None:
    """Take a person's password away, with the phone that it was for: another phone may have another's already."""
    await tx.connection.execute(_FORGET, tx.bank_id, person_id)


async def name_phone(tx: WriteTx, cipher: Cipher, *, person_id: UUID, phone: str) -> None:
    """Record the phone of somebody invited without one, so that they can log in by it: a bank's first administrator.

    Nobody else has it recorded, so that no invitation reaches into another's household.

    Raises:
        RefusalError: `phone_invalid`, `already_phone`, `already_phone_of_another`.
    """
    phone = normal_phone(phone)
    if await tx.connection.fetchval(_HAS_PHONE, tx.bank_id, person_id):
        raise RefusalError("already_phone")
    if await find(tx, BlindIndex(cipher.ring), PHONE, phone):
        raise RefusalError("already_phone_of_another")
    await put_fields(tx, cipher, [(person_id, PHONE, phone)])
