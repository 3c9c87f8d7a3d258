"""Confirming a mail address: a code goes to it by the outbox, and whoever types it in has the mail.

The digits are a function of the code's id and of the vault's key, so that the outbox holds no secret, and what is sent
again after a death says the same. That they are right is known, and counted, like a login code's.
"""

from datetime import datetime
from uuid import UUID, uuid4

from ledger.session import WriteTx
from timebank.errors import RefusalError
from timebank.login.codes import keep_secret, use_secret
from timebank.login.rules import CODE_DIGITS
from timebank.messages.rendering import ADDRESS_CODE
from timebank.messages.rules import EMAIL
from timebank.vault.actions import check_living, take_fields
from timebank.vault.blind import BlindIndex
from timebank.vault.cipher import Cipher

DOMAIN = "address_code"

_MAIL = """
insert into messages (bank_id, channel, person_id, kind, params, made_at, state, again_at)
values ($1, 'email', $2, $3, jsonb_build_object('code', $4::text), $5, 'waiting', timestamptz 'epoch')
"""


async def ask_to_confirm(
    tx: WriteTx, cipher: Cipher, blind: BlindIndex, *, person_id: UUID, now: datetime
) -> UUID:
    """Mail a code to a person's address and return the code's id.

    Raises:
        RefusalError: `channel_without_address`, `unknown_person`, `person_erased`.
    """
    await check_living(tx, person_id)
    id_ = uuid4()
    digest = _place(blind, tx.bank_id, person_id, await _address(tx, cipher, person_id))
    await keep_secret(tx, blind, DOMAIN, id_, digits_of(blind, tx.bank_id, id_), to_digest=digest, now=now)
    await tx.connection.execute(_MAIL, tx.bank_id, person_id, ADDRESS_CODE, str(id_), now)
    return id_


async def is_confirmed(
    tx: WriteTx,
    cipher: Cipher,
    blind: BlindIndex,
    *,
    person_id: UUID,
    code_id: UUID,
    digits: str,
    now: datetime,
) -> bool:
    """Tell whether these digits were mailed to the address that the person has now; a wrong try counts, so commit it.

    Raises:
        RefusalError: `channel_without_address`.
    """
    address = await _address(tx, cipher, person_id)
    sent_to = await use_secret(tx, blind, DOMAIN, code_id, digits, now=now)
    return sent_to is not None and sent_to in _places(blind, tx.bank_id, person_id, address)


def digits_of(blind: BlindIndex, bank_id: int, code_id: UUID) -> str:
    """Return the digits of a code."""
    number = int.from_bytes(blind.digest(bank_id, "address_digits", code_id.hex))
    return f"{number % 10**CODE_DIGITS:0{CODE_DIGITS}d}"


async def _address(tx: WriteTx, cipher: Cipher, person_id: UUID) -> str:
    address = (await take_fields(tx, cipher, person_id)).get(EMAIL)
    if address is None:
        raise RefusalError("channel_without_address", channel=EMAIL)
    return address


def _place(blind: BlindIndex, bank_id: int, person_id: UUID, address: str) -> bytes:
    return _places(blind, bank_id, person_id, address)[0]


def _places(blind: BlindIndex, bank_id: int, person_id: UUID, address: str) -> list[bytes]:
    return blind.digests(bank_id, EMAIL, f"{person_id}|{address}")
