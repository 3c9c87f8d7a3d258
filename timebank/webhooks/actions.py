"""Making, changing, trying out and ending endpoints. A secret is shown once and kept sealed."""

import base64
import json
import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import asyncpg

from ledger.session import WriteTx
from timebank.errors import RefusalError
from timebank.messages.rendering import ENDPOINT_TEST
from timebank.vault.cipher import Cipher
from timebank.webhooks.queries import Endpoint, endpoint
from timebank.webhooks.rules import MAX_ENDPOINTS, check_url, checked_kinds

SECRET_BYTES = 32
PREFIX = "whsec_"

NOBODY = UUID(int=0)
"""Whose the secrets are in the vault's eyes: nobody's in particular."""

_COUNT = "select count(*) from webhook_endpoints where bank_id = $1 and ended_at is null"
_INSERT = """
insert into webhook_endpoints (bank_id, url, kinds, key_id, sealed_secret, made_by, made_at)
values ($1, $2, $3, '', '', $4, $5) returning id
"""
_SEAL = "update webhook_endpoints set key_id = $3, sealed_secret = $4 where bank_id = $1 and id = $2"
_EDIT = """
update webhook_endpoints set url = $3, kinds = $4, version = version + 1 where bank_id = $1 and id = $2
"""
_TOUCH = "update webhook_endpoints set version = version + 1 where bank_id = $1 and id = $2"
_END = "update webhook_endpoints set ended_at = $3, version = version + 1 where bank_id = $1 and id = $2"
_LOCK = "select true from webhook_endpoints where bank_id = $1 and id = $2 for no key update"
_TRY = """
insert into messages (bank_id, channel, endpoint_id, kind, params, made_at, state, again_at)
values ($1, 'webhook', $2, $3, $4::text::jsonb, $5, 'waiting', timestamptz 'epoch') returning reference
"""


@dataclass(frozen=True, slots=True)
class Made:
    """An endpoint with its secret, which is shown this once."""

    endpoint: Endpoint
    secret: str = field(repr=False)


def new_secret() -> str:
    """Return a secret of Standard Webhooks."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def secret_field(endpoint_id: int) -> str:
    """Return the name under which an endpoint's secret is sealed."""
    return f"webhook:{endpoint_id}"


async def make_endpoint(
    tx: WriteTx, cipher: Cipher, *, url: str, kinds: Collection[str], actor: str, now: datetime
) -> Made:
    """Make an endpoint that gets these kinds from now on.

    Raises:
        RefusalError: `webhook_url_invalid`, `webhook_kind_unknown`, `already_an_endpoint`, `too_many_endpoints`.
    """
    check_url(url)
    wanted = checked_kinds(kinds)
    if await tx.connection.fetchval(_COUNT, tx.bank_id) >= MAX_ENDPOINTS:
        raise RefusalError("too_many_endpoints", limit=MAX_ENDPOINTS)
    try:
        id_: int = await tx.connection.fetchval(_INSERT, tx.bank_id, url, wanted, actor, now)
    except asyncpg.UniqueViolationError:
        raise RefusalError("already_an_endpoint") from None
    secret = await _set_secret(tx, cipher, id_)
    return Made(await endpoint(tx, id_), secret)


async def edit_endpoint(
    tx: WriteTx,
    endpoint_id: int,
    *,
    url: str | None,
    kinds: Collection[str] | None,
    expected_version: int | None,
) -> Endpoint:
    """Send to another address, or other kinds, from now on; what waits goes to the new address, too.

    Raises:
        RefusalError: `unknown_endpoint`, `already_ended_endpoint`, `version_differs`, and as `make_endpoint`.
    """
    found = await _lock(tx, endpoint_id, expected_version)
    if url is not None:
        check_url(url)
    wanted = found.kinds if kinds is None else checked_kinds(kinds)
    try:
        await tx.connection.execute(_EDIT, tx.bank_id, endpoint_id, url or found.url, wanted)
    except asyncpg.UniqueViolationError:
        raise RefusalError("already_an_endpoint") from None
    return await endpoint(tx, endpoint_id)


async def renew_secret(
    tx: WriteTx, cipher: Cipher, endpoint_id: int, *, expected_version: int | None
) -> Made:
    """Sign with another secret from now on; the one before is good for nothing.

    Raises:
        RefusalError: `unknown_endpoint`, `already_ended_endpoint`, `version_differs`.
    """
    await _lock(tx, endpoint_id, expected_version)
    secret = await _set_secret(tx, cipher, endpoint_id)
    await tx.connection.execute(_TOUCH, tx.bank_id, endpoint_id)
    return Made(await endpoint(tx, endpoint_id), secret)


async def end_endpoint(
    tx: WriteTx, endpoint_id: int, *, expected_version: int | None, now: datetime
) -> Endpoint:
    """End an endpoint; what waits for it is dropped.

    Raises:
        RefusalError: `unknown_endpoint`, `already_ended_endpoint`, `version_differs`.
    """
    await _lock(tx, endpoint_id, expected_version)
    await tx.connection.execute(_END, tx.bank_id, endpoint_id, now)
    return await endpoint(tx, endpoint_id)


async def try_endpoint(tx: WriteTx, endpoint_id: int, *, now: datetime) -> UUID:
    """Send an endpoint a message that tells of nothing, and return its reference.

    Raises:
        RefusalError: `unknown_endpoint`, `already_ended_endpoint`.
    """
    await _lock(tx, endpoint_id, None)
    params = json.dumps({"endpoint": endpoint_id})
    reference: UUID = await tx.connection.fetchval(_TRY, tx.bank_id, endpoint_id, ENDPOINT_TEST, params, now)
    return reference


async def _lock(tx: WriteTx, endpoint_id: int, expected_version: int | None) -> Endpoint:
    await tx.connection.execute(_LOCK, tx.bank_id, endpoint_id)
    found = await endpoint(tx, endpoint_id)
    if found.ended_at is not None:
        raise RefusalError("already_ended_endpoint")
    if expected_version is not None and found.version != expected_version:
        raise RefusalError("version_differs")
    return found


async def _set_secret(tx: WriteTx, cipher: Cipher, endpoint_id: int) -> str:
    secret, key_id = new_secret(), cipher.key_id
    sealed = cipher.seal(tx.bank_id, NOBODY, secret_field(endpoint_id), secret)
    await tx.connection.execute(_SEAL, tx.bank_id, endpoint_id, key_id, sealed)
    return secret
