"""Reading funds and what is in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias
from uuid import UUID

from ledger.session import ReadTx
from timebank.errors import RefusalError

Kind: TypeAlias = Literal["money", "care"]

UNITS: dict[str, str] = {"money": "cny", "care": "timecoin"}
"""What a fund of a kind holds: cents, or donated time-coins."""

_COLUMNS = """f.id, f.code, f.name, f.kind, f.organisation_id, f.owner, f.closed_on, f.version,
  coalesce((select sum(a.balance) from accounts a
    where a.bank_id = $1 and a.owner = f.owner and a.kind = 'wallet'
      and a.unit_id = (select u.id from units u where u.bank_id = $1
        and u.code = case f.kind when 'money' then 'cny' else 'timecoin' end)), 0)::bigint as balance"""
_ONE = f"select {_COLUMNS} from funds f where f.bank_id = $1 and f.id = $2"  # noqa: S608 -- columns only
_LIST = f"""
select {_COLUMNS} from funds f
where f.bank_id = $1 and f.id > $2 and ($3::bigint[] is null or f.organisation_id = any($3))
  and ($4::text is null or f.kind = $4)
order by f.id limit $5
"""  # noqa: S608 -- columns only

_ABOVE = f"""
with recursive up (id, parent_id) as (
  select o.id, o.parent_id from organisations o where o.bank_id = $1 and o.id = $2
  union
  select o.id, o.parent_id from organisations o join up on o.id = up.parent_id where o.bank_id = $1
)
select {_COLUMNS} from funds f
where f.bank_id = $1 and f.kind = 'money' and f.closed_on is null and f.organisation_id in (select id from up)
order by f.id
"""  # noqa: S608 -- columns only


@dataclass(frozen=True, slots=True)
class Fund:
    """A fund and what is in it now, in the smallest part of its unit; `owner` is whose wallet that is."""

    id: int
    code: str
    name: str
    kind: Kind
    organisation_id: int
    owner: UUID
    closed_on: date | None
    version: int
    balance: int

    @property
    def unit(self) -> str:
        """The unit of what is in it."""
        return UNITS[self.kind]


async def fund(tx: ReadTx, fund_id: int) -> Fund:
    """Return one fund.

    Raises:
        RefusalError: `unknown_fund`.
    """
    row = await tx.connection.fetchrow(_ONE, tx.bank_id, fund_id)
    if row is None:
        raise RefusalError("unknown_fund")
    return Fund(*row)


async def funds(
    tx: ReadTx, *, organisations: Sequence[int] | None, kind: Kind | None = None, after_id: int, limit: int
) -> list[Fund]:
    """Return a page of the funds of some organisations, or of all, by id."""
    within = None if organisations is None else list(organisations)
    rows = await tx.connection.fetch(_LIST, tx.bank_id, after_id, within, kind, limit)
    return [Fund(*row) for row in rows]


async def funds_above(tx: ReadTx, organisation_id: int | None) -> list[Fund]:
    """Return the open funds of money that an organisation's goods may be bought from: its own and those above it."""
    return [Fund(*row) for row in await tx.connection.fetch(_ABOVE, tx.bank_id, organisation_id)]
