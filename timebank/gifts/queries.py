"""Reading gifts, donations and grants: of a person, and of a care fund."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias
from uuid import UUID

from ledger.session import ReadTx

Kind: TypeAlias = Literal["gift", "donation", "grant"]

_COLUMNS = """g.id, g.kind, g.from_person_id, g.to_person_id, g.fund_id, g.amount, g.reason, g.transaction_id,
  g.policy_version, g.made_at"""
# Both branches walk an index; one condition with OR would not.
_OF_PERSON = f"""
select * from (
  (select {_COLUMNS} from gifts g where g.bank_id = $1 and g.from_person_id = $2 and g.id < $3
   order by g.id desc limit $4)
  union all
  (select {_COLUMNS} from gifts g where g.bank_id = $1 and g.to_person_id = $2 and g.id < $3
   order by g.id desc limit $4)
) g order by g.id desc limit $4
"""  # noqa: S608 -- columns are a constant of ours
_OF_FUND = f"""
select {_COLUMNS} from gifts g where g.bank_id = $1 and g.fund_id = $2 and g.id < $3 order by g.id desc limit $4
"""  # noqa: S608 -- the same


@dataclass(frozen=True, slots=True)
class Gift:
    """Time-coins that changed hands: given to kin, donated to a care fund, granted from it; `reason` is of a grant."""

    id: int
    kind: Kind
    from_person_id: UUID | None
    to_person_id: UUID | None
    fund_id: int | None
    amount: int
    reason: str
    transaction_id: int
    policy_version: int
    made_at: datetime


async def gifts_of(tx: ReadTx, person_id: UUID, *, before_id: int, limit: int) -> list[Gift]:
    """Return what a person gave and was given, newest first."""
    return [
        Gift(*row) for row in await tx.connection.fetch(_OF_PERSON, tx.bank_id, person_id, before_id, limit)
    ]


async def gifts_of_fund(tx: ReadTx, fund_id: int, *, before_id: int, limit: int) -> list[Gift]:
    """Return what was donated to a fund and granted from it, newest first."""
    return [Gift(*row) for row in await tx.connection.fetch(_OF_FUND, tx.bank_id, fund_id, before_id, limit)]
