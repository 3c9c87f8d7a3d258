"""The second factor: time-based one-time passwords (RFC 6238), each good once. The key is sealed by the vault."""

import hmac
from datetime import datetime
from uuid import UUID

import pyotp

from ledger.session import ReadTx, WriteTx
from timebank.errors import RefusalError
from timebank.vault.cipher import Cipher

STEP_SECONDS = 30
STEPS_ASIDE = 1
"""A phone's clock may be half a minute off to either side."""
FIELD = "totp"
ISSUER = "时间银行"

_FIND = """
select totp_confirmed_at is not null from credentials where bank_id = $1 and person_id = $2
"""
_LOCK = "select totp_sealed from credentials where bank_id = $1 and person_id = $2 for update"
_BEGIN = """
insert into credentials as c (bank_id, person_id, totp_sealed, totp_key_id, changed_at) values ($1, $2, $3, $4, $5)
on conflict on constraint credentials_pkey do update set totp_sealed = excluded.totp_sealed,
  totp_key_id = excluded.totp_key_id, totp_last_step = null, changed_at = excluded.changed_at
where c.totp_confirmed_at is null
returning true
"""
# The condition makes a code good once, also for two who bring it at the same moment.
_STEP = """
update credentials set totp_last_step = $3, totp_confirmed_at = coalesce(totp_confirmed_at, $4)
where bank_id = $1 and person_id = $2 and totp_sealed is not null and (totp_last_step is null or totp_last_step < $3)
returning true
"""
_REMOVE = """
update credentials set totp_sealed = null, totp_key_id = null, totp_confirmed_at = null, totp_last_step = null,
  changed_at = $3
where bank_id = $1 and person_id = $2
"""


async def has_totp(tx: ReadTx, person_id: UUID) -> bool:
    """Tell whether a person has a second factor, confirmed by a code of it."""
    return bool(await tx.connection.fetchval(_FIND, tx.bank_id, person_id))


async def begin_totp(tx: WriteTx, cipher: Cipher, *, person_id: UUID, now: datetime) -> str:
    """Make a key, keep it sealed until a code confirms it, and return it as an otpauth URI: this once.

    The URI names the bank and a part of the person's id, and nothing personal.

    Raises:
        RefusalError: `already_totp` while a confirmed one is there.
    """
    secret = pyotp.random_base32()
    key_id = cipher.key_id
    sealed = cipher.seal(tx.bank_id, person_id, FIELD, secret)
    if not await tx.connection.fetchval(_BEGIN, tx.bank_id, person_id, sealed, key_id, now):
        raise RefusalError("already_totp")
    label = f"{tx.bank_code} {str(person_id)[:8]}"
    return pyotp.TOTP(secret, interval=STEP_SECONDS).provisioning_uri(name=label, issuer_name=ISSUER)


async def use_totp(tx: WriteTx, cipher: Cipher, *, person_id: UUID, code: str, now: datetime) -> bool:
    """Tell whether a code is right, and use it up; the first right one confirms the set-up.

    Raises:
        RefusalError: `vault_key_wrong`.
    """
    sealed = await tx.connection.fetchval(_LOCK, tx.bank_id, person_id)
    if sealed is None:
        return False
    step = matching_step(cipher.open(tx.bank_id, person_id, FIELD, sealed), code, now)
    if step is None:
        return False
    return bool(await tx.connection.fetchval(_STEP, tx.bank_id, person_id, step, now))


async def remove_totp(tx: WriteTx, *, person_id: UUID, now: datetime) -> None:
    """Take the second factor away."""
    await tx.connection.execute(_REMOVE, tx.bank_id, person_id, now)


def matching_step(secret: str, code: str, now: datetime) -> int | None:
    """Return the half minute whose code it is, this one or one to either side; None if it is none's."""
    totp = pyotp.TOTP(secret, interval=STEP_SECONDS)
    this = int(now.timestamp()) // STEP_SECONDS
    steps = range(this - STEPS_ASIDE, this + STEPS_ASIDE + 1)
    right = [step for step in steps if hmac.compare_digest(totp.generate_otp(step).encode(), code.encode())]
    return right[-1] if right else None
