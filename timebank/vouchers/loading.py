"""What a batch of uses is decided by: their texts, read and verified, and the rows they are about, locked."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Final
from uuid import UUID

from ledger.session import ReadTx, WriteTx
from timebank.errors import RefusalError
from timebank.vouchers.keys import VoucherKeys
from timebank.vouchers.offline import Said, Signed, plain, read
from timebank.vouchers.rules import Promise, Use

if TYPE_CHECKING:
    import asyncpg

NUMBERS_END: Final = 2**63
"""No row has such a number: the text was signed elsewhere under the same key."""

_MERCHANT = """
select m.owner, m.organisation_id, m.state = 'active' as is_active from merchants m
where m.bank_id = $1 and m.id = $2 for share
"""
_VOUCHERS = """
select v.id, v.offer_id, v.merchant_id, v.person_id, v.kind, v.value, v.fufen, v.hold_id, v.state, v.policy_version,
  v.issued_at, v.expires_on, v.until_at
from vouchers v where v.bank_id = $1 and v.id = any($2::bigint[]) order by v.id for no key update
"""
_ENDS = """
select p.transaction_id, min(a.expires_on) as ends_on from postings p
join accounts a on a.bank_id = $1 and a.id = p.to_account_id
where p.bank_id = $1 and p.transaction_id = any($2::bigint[]) group by p.transaction_id
"""
_EARLIER = """
select u.digest, u.outcome, u.voucher_id from unnest($3::bytea[]) as x (digest), lateral (
  select u.digest, u.outcome, u.voucher_id from voucher_uses u
  where u.bank_id = $1 and u.merchant_id = $2 and u.digest = x.digest offset 0) u
"""


@dataclass(frozen=True, slots=True)
class Payee:
    """A merchant whose state nobody changes meanwhile; `owner` is its name in the ledger."""

    id: int
    owner: UUID
    organisation_id: int
    is_active: bool


@dataclass(frozen=True, slots=True)
class Held:
    """An open or resolved voucher under its lock, and what it promises."""

    promise: Promise
    person_id: UUID
    offer_id: int
    hold_id: int
    policy_version: int


@dataclass(frozen=True, slots=True)
class Earlier:
    """What was answered when a use was handed in before."""

    outcome: str
    voucher_id: int | None


def prepared(keys: VoucherKeys, uses: Iterable[tuple[str, datetime]]) -> list[Use]:
    """Read and verify texts with the moments of their use; slow, so outside of transactions.

    A use is known by its text and moment: sent again it is the same, on another device it is another.
    """
    read_ones = [(plain(text), used_at.astimezone(UTC), read(text)) for text, used_at in uses]
    signed = [one for _, _, one in read_ones]
    genuine = _genuine(signed, keys.public_keys)
    if not all(genuine) and keys.refresh():
        genuine = _genuine(signed, keys.public_keys)
    return [
        Use(sha256(f"{text}\0{used_at.isoformat()}".encode()).digest(), one, is_genuine, used_at)
        for (text, used_at, one), is_genuine in zip(read_ones, genuine, strict=True)
    ]


async def lock_payee(tx: WriteTx, merchant_id: int) -> Payee:
    """Return a merchant, held for share.

    Raises:
        RefusalError: `unknown_merchant`.
    """
    row = await tx.connection.fetchrow(_MERCHANT, tx.bank_id, merchant_id)
    if row is None:
        raise RefusalError("unknown_merchant")
    return Payee(merchant_id, *row)


async def lock_vouchers(tx: WriteTx, uses: Sequence[Use], merchant_id: int) -> dict[int, Held]:
    """Return the vouchers of this merchant that the uses are of, by number, locked in that order."""
    numbers = {use.number_for(merchant_id) for use in uses}
    known = sorted(number for number in numbers if number is not None and number < NUMBERS_END)
    rows = await tx.connection.fetch(_VOUCHERS, tx.bank_id, known)
    ends = await tx.connection.fetch(_ENDS, tx.bank_id, [row["hold_id"] for row in rows])
    ends_on: dict[int, date | None] = {row["transaction_id"]: row["ends_on"] for row in ends}
    return {row["id"]: _held(tx.bank_id, row, ends_on[row["hold_id"]]) for row in rows}


async def earlier_uses(tx: ReadTx, uses: Sequence[Use], merchant_id: int) -> Mapping[bytes, Earlier]:
    """Return what was answered before to those that were handed in before; asked under the vouchers' locks."""
    digests = [use.digest for use in uses]
    rows = await tx.connection.fetch(_EARLIER, tx.bank_id, merchant_id, digests)
    return {bytes(row["digest"]): Earlier(row["outcome"], row["voucher_id"]) for row in rows}


def _genuine(signed: Sequence[Signed | None], public_keys: Sequence[bytes]) -> list[bool]:
    return [one is not None and one.is_genuine(public_keys) for one in signed]


def _held(bank_id: int, row: "asyncpg.Record", ends_on: date | None) -> Held:
    said = Said(
        bank_id, row["id"], row["merchant_id"], row["kind"], row["value"], row["fufen"], row["expires_on"]
    )
    promise = Promise(said, row["state"], row["issued_at"], row["until_at"], ends_on)
    return Held(promise, row["person_id"], row["offer_id"], row["hold_id"], row["policy_version"])
