"""Taking messages out of the outbox under a lease, and writing down what became of them.

Two transactions, and the sending between them: claiming says "sending, mine until then" and counts an attempt, marking
says what came of it if they are still mine. Who dies in between leaves a lease that lapses: the message is then sent
again under the same reference if its receiver can tell (e-mail, webhook), else it is dropped, for a phone must not ring
twice. Locks: the messages, each skipped by whoever else is at it.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from ledger.session import ReadTx, WriteTx
from timebank.errors import RefusalError
from timebank.login.rules import CODE_LIFETIME
from timebank.messages.channels import Outgoing
from timebank.messages.confirming import digits_of
from timebank.messages.rendering import ADDRESS_CODE
from timebank.messages.rules import ADDRESS_FIELDS, LEASE, WEBHOOK, Verdict, given_back, of_lapsed
from timebank.vault.blind import BlindIndex
from timebank.vault.cipher import Cipher
from timebank.webhooks.actions import NOBODY, secret_field

if TYPE_CHECKING:
    import asyncpg

SENDING: Final = "sending"

_DUE: Final = """
select m.id, m.reference, m.channel, m.person_id, m.endpoint_id, m.kind, m.params::text as params, m.made_at, m.state,
  m.attempts
from messages m
where m.bank_id = $1 and m.state in ('waiting', 'sending') and m.again_at <= $2
  and m.channel <> all($4::text[]) and (m.endpoint_id is null or m.endpoint_id <> all($5::bigint[]))
order by m.again_at, m.id limit $3 for update skip locked
"""
_CLAIM: Final = """
update messages set state = 'sending', attempts = attempts + 1, holder = $3, lease_until = $4, again_at = $4
where bank_id = $1 and id = any($2::bigint[])
"""
_MARK: Final = """
update messages m set state = x.state, again_at = coalesce(x.again_at, m.again_at), problem = x.problem,
  attempts = m.attempts - x.uncounted, holder = null, lease_until = null,
  ended_at = case when x.state <> 'waiting' then $4::timestamptz end
from unnest($5::bigint[], $6::text[], $7::timestamptz[], $8::text[], $9::bigint[])
  as x (id, state, again_at, problem, uncounted)
where m.bank_id = $1 and m.id = x.id and m.state = any($2::text[]) and ($3::uuid is null or m.holder = $3)
"""
_ADDRESSES = """
select v.subject, v.field, v.sealed from unnest($2::uuid[], $3::text[]) as x (subject, field), lateral (
  select v.subject, v.field, v.sealed from vault v
  where v.bank_id = $1 and v.subject = x.subject and v.field = x.field offset 0) v
"""
_CHOSEN = """
select c.person_id, c.channel from channel_choices c
where c.bank_id = $1 and (c.person_id, c.channel) in (select x.p, x.c from unnest($2::uuid[], $3::text[]) as x (p, c))
"""
_ENDPOINTS = """
select w.id, w.url, w.sealed_secret, w.ended_at from webhook_endpoints w
where w.bank_id = $1 and w.id = any($2::bigint[])
"""
_GONE = """
update webhook_endpoints set ended_at = $3, version = version + 1
where bank_id = $1 and id = $2 and ended_at is null
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where messages go that fail together: an endpoint of a bank, or else a channel of the installation's."""

    channel: str
    bank_id: int | None = None
    endpoint_id: int | None = None


@dataclass(frozen=True, slots=True)
class Claimed:
    """A message of ours to send, in clear; `attempt` is the one that begins."""

    id: int
    channel: str
    attempt: int
    endpoint_id: int | None
    outgoing: Outgoing


@dataclass(frozen=True, slots=True)
class Batch:
    """What was claimed, and how many were looked at: none is left to look at if that is less than asked for."""

    holder: UUID
    claimed: tuple[Claimed, ...]
    seen: int
    settled: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True)
class _Target:
    to: str = field(repr=False)
    secret: str | None = field(default=None, repr=False)


async def claim(
    tx: WriteTx,
    cipher: Cipher,
    *,
    bank_name: str,
    holder: UUID,
    limit: int,
    now: datetime,
    but: Collection[Place] = (),
) -> Batch:
    """Take messages that are due, but to some places, and settle those of which there is nothing to send any more."""
    channels = [place.channel for place in but if place.endpoint_id is None]
    endpoints = [place.endpoint_id for place in but if place.endpoint_id is not None]
    rows = await tx.connection.fetch(_DUE, tx.bank_id, now, limit, channels, endpoints)
    targets = await _targets(tx, cipher, rows, now=now)
    blind = BlindIndex(cipher.ring)
    settled: list[tuple[int, Verdict]] = []
    claimed: list[Claimed] = []
    for row in rows:
        lapsed = of_lapsed(row["channel"], row["attempts"]) if row["state"] == SENDING else None
        target = lapsed or targets[row["id"]]
        if isinstance(target, Verdict):
            settled.append((row["id"], target))
        else:
            outgoing = _outgoing(row, target, blind, tx.bank_id, bank_name, now)
            claimed.append(
                Claimed(row["id"], row["channel"], row["attempts"] + 1, row["endpoint_id"], outgoing)
            )
    if claimed:
        ids = [each.id for each in claimed]
        await tx.connection.execute(_CLAIM, tx.bank_id, ids, holder, now + LEASE)
    await _write(tx, settled, holder=None, now=now)
    return Batch(holder, tuple(claimed), len(rows), tuple(verdict for _, verdict in settled))


async def mark(
    tx: WriteTx, holder: UUID, claimed: Claimed, verdict: Verdict, *, is_gone: bool = False, now: datetime
) -> bool:
    """Write down what became of a message; False if it is nobody's, or somebody else's, by now.

    Of an endpoint that is gone no more is asked: it is ended.
    """
    done = await _write(tx, [(claimed.id, verdict)], holder=holder, now=now)
    if is_gone and claimed.endpoint_id is not None:
        await tx.connection.execute(_GONE, tx.bank_id, claimed.endpoint_id, now)
    return done == 1


async def _write(
    tx: WriteTx, verdicts: Sequence[tuple[int, Verdict]], *, holder: UUID | None, now: datetime
) -> int:
    """Mark messages that are the holder's, or, without one, that this transaction has locked."""
    if not verdicts:
        return 0
    done: str = await tx.connection.execute(
        _MARK,
        tx.bank_id,
        [SENDING] if holder else [SENDING, "waiting"],
        holder,
        now,
        [id_ for id_, _ in verdicts],
        [verdict.state for _, verdict in verdicts],
        [verdict.again_at for _, verdict in verdicts],
        [verdict.problem for _, verdict in verdicts],
        # Only what was claimed was counted.
        [int(holder is not None and not verdict.is_counted) for _, verdict in verdicts],
    )
    return int(done.rsplit(" ", 1)[-1])


async def _targets(
    tx: WriteTx, cipher: Cipher, rows: "Sequence[asyncpg.Record]", *, now: datetime
) -> Mapping[int, "_Target | Verdict"]:
    """Return where each message goes, or what becomes of it if that is nowhere."""
    people = [row for row in rows if row["endpoint_id"] is None]
    endpoints = await _endpoints(tx, [row["endpoint_id"] for row in rows if row["endpoint_id"] is not None])
    addresses = await _addresses(tx, people)
    chosen = await tx.connection.fetch(
        _CHOSEN, tx.bank_id, [row["person_id"] for row in people], [row["channel"] for row in people]
    )
    wanted = {(row["person_id"], row["channel"]) for row in chosen}
    found: dict[int, _Target | Verdict] = {}
    for row in rows:
        try:
            if row["channel"] == WEBHOOK:
                found[row["id"]] = _endpoint_of(tx, cipher, endpoints[row["endpoint_id"]])
            elif row["kind"] == ADDRESS_CODE and now - row["made_at"] > CODE_LIFETIME:
                found[row["id"]] = _dropped("too_late")
            elif row["kind"] != ADDRESS_CODE and (row["person_id"], row["channel"]) not in wanted:
                found[row["id"]] = _dropped("not_chosen")
            else:
                found[row["id"]] = _address_of(tx, cipher, row, addresses)
        except RefusalError as refused:  # no key opens it: with the right one it goes out
            found[row["id"]] = given_back(refused.code, made_at=row["made_at"], now=now)
    return found


def _endpoint_of(tx: ReadTx, cipher: Cipher, row: "asyncpg.Record") -> "_Target | Verdict":
    if row["ended_at"] is not None:
        return _dropped("endpoint_ended")
    secret = cipher.open(tx.bank_id, NOBODY, secret_field(row["id"]), row["sealed_secret"])
    return _Target(row["url"], secret)


def _address_of(
    tx: ReadTx, cipher: Cipher, row: "asyncpg.Record", addresses: Mapping[tuple[UUID, str], bytes]
) -> "_Target | Verdict":
    field = ADDRESS_FIELDS.get(row["channel"])
    if field is None:
        return _Target(str(row["person_id"]))
    sealed = addresses.get((row["person_id"], field))
    if sealed is None:
        return _dropped("no_address")
    return _Target(cipher.open(tx.bank_id, row["person_id"], field, sealed))


async def _addresses(tx: ReadTx, rows: "Sequence[asyncpg.Record]") -> Mapping[tuple[UUID, str], bytes]:
    wanted = sorted(
        {
            (row["person_id"], ADDRESS_FIELDS[row["channel"]])
            for row in rows
            if row["channel"] in ADDRESS_FIELDS
        }
    )
    found = await tx.connection.fetch(
        _ADDRESSES, tx.bank_id, [who for who, _ in wanted], [field for _, field in wanted]
    )
    return {(row["subject"], row["field"]): row["sealed"] for row in found}


async def _endpoints(tx: ReadTx, ids: Sequence[int]) -> "Mapping[int, asyncpg.Record]":
    found = await tx.connection.fetch(_ENDPOINTS, tx.bank_id, sorted(set(ids)))
    return {row["id"]: row for row in found}


def _outgoing(
    row: "asyncpg.Record", target: "_Target", blind: BlindIndex, bank_id: int, bank_name: str, now: datetime
) -> Outgoing:
    params = json.loads(row["params"])
    if row["kind"] == ADDRESS_CODE:
        params = {"digits": digits_of(blind, bank_id, UUID(params["code"]))}
    return Outgoing(
        row["reference"],
        bank_name,
        row["kind"],
        params,
        row["person_id"],
        row["made_at"],
        now,
        target.to,
        target.secret,
    )


def _dropped(problem: str) -> Verdict:
    return Verdict("dropped", problem=problem)
