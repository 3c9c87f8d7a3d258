"""Reading vouchers: a member's own, and what merchants handed in."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from ledger.session import ReadTx
from timebank.errors import RefusalError
from timebank.vouchers.keys import VoucherKeys
from timebank.vouchers.offline import PURPOSE, Kind, Said, written
from timebank.vouchers.rules import State

_COLUMNS = """v.id, v.offer_id, o.title, v.merchant_id, m.name as merchant, v.kind, v.value, v.fufen, v.state, v.key_id,
  v.policy_version, v.issued_at, v.expires_on, v.until_at, v.resolved_at
from vouchers v
join offers o on o.bank_id = $1 and o.id = v.offer_id
join merchants m on m.bank_id = $1 and m.id = v.merchant_id"""
_ONE = f"select {_COLUMNS} where v.bank_id = $1 and v.person_id = $2 and v.id = $3"
_OF_PERSON = f"""
select {_COLUMNS}
where v.bank_id = $1 and v.person_id = $2 and v.id < $3 and ($4::text is null or v.state = $4)
order by v.id desc limit $5
"""
_USES = """
select u.id, u.voucher_id, u.outcome, u.used_at, u.received_at, u.is_offline from voucher_uses u
where u.bank_id = $1 and u.merchant_id = $2 and u.id < $3 and ($4::text is null or u.outcome = $4)
order by u.id desc limit $5
"""
_COUNTS = """
select u.outcome, count(*) from voucher_uses u
where u.bank_id = $1 and u.merchant_id = $2 and u.received_at >= $3 and u.received_at < $4
group by u.outcome order by u.outcome
"""


@dataclass(frozen=True, slots=True)
class Voucher:
    """A member's voucher; `value` is in percent, cents or minutes, as the kind says."""

    id: int
    offer_id: int
    title: str
    merchant_id: int
    merchant: str
    kind: Kind
    value: int
    fufen: int
    state: State
    key_id: str
    policy_version: int
    issued_at: datetime
    expires_on: date
    until_at: datetime
    resolved_at: datetime | None

    def said(self, bank_id: int) -> Said:
        """Return what its text says."""
        return Said(bank_id, self.id, self.merchant_id, self.kind, self.value, self.fufen, self.expires_on)

    def text(self, keys: VoucherKeys, bank_id: int) -> str | None:
        """Return its text, the same every time; None once it is not open, or if the key it was made with is gone."""
        said = self.said(bank_id)
        signature = keys.sign(self.key_id, PURPOSE + said.body) if self.state == "issued" else None
        return None if signature is None else written(said, signature)


@dataclass(frozen=True, slots=True)
class UseLine:
    """A use that a merchant handed in, and what came of it; no voucher if its text named none of this bank's."""

    id: int
    voucher_id: int | None
    outcome: str
    used_at: datetime
    received_at: datetime
    is_offline: bool


async def voucher_of(tx: ReadTx, person_id: UUID, voucher_id: int) -> Voucher:
    """Return one voucher of a person.

    Raises:
        RefusalError: `unknown_voucher`.
    """
    row = await tx.connection.fetchrow(_ONE, tx.bank_id, person_id, voucher_id)
    if row is None:
        raise RefusalError("unknown_voucher")
    return Voucher(*row)


async def vouchers_of(
    tx: ReadTx, person_id: UUID, *, state: State | None, before_id: int, limit: int
) -> list[Voucher]:
    """Return a person's vouchers, newest first, from before an id."""
    rows = await tx.connection.fetch(_OF_PERSON, tx.bank_id, person_id, before_id, state, limit)
    return [Voucher(*row) for row in rows]


async def uses_at(
    tx: ReadTx, merchant_id: int, *, outcome: str | None, before_id: int, limit: int
) -> list[UseLine]:
    """Return what a merchant handed in, newest first, from before an id."""
    rows = await tx.connection.fetch(_USES, tx.bank_id, merchant_id, before_id, outcome, limit)
    return [UseLine(*row) for row in rows]


async def use_counts(
    tx: ReadTx, merchant_id: int, *, from_at: datetime, until_at: datetime
) -> dict[str, int]:
    """Return how often which outcome came of what a merchant handed in, between two moments."""
    rows = await tx.connection.fetch(_COUNTS, tx.bank_id, merchant_id, from_at, until_at)
    return {row[0]: row[1] for row in rows}
