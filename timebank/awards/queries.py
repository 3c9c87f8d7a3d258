"""Reading awards: of the workbook and by hand alike, from the books."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from ledger.session import ReadTx

# The key of an award is made of its digest, by which its title is kept. An award has one posting.
_PAGE = """
select t.id, a.owner, u.code, p.amount, a.expires_on, coalesce(w.title, '') as title, t.effective_at, t.actor,
  (select r.id from transactions r where r.bank_id = $1 and r.reverses_id = t.id and r.refusal is null) as reversed_by
from transactions t
join postings p on p.bank_id = $1 and p.transaction_id = t.id and p.line = 1
join accounts a on a.bank_id = $1 and a.id = p.to_account_id
join units u on u.bank_id = $1 and u.id = p.unit_id
left join awards w on w.bank_id = $1 and w.digest = case when t.idempotency_key ~ '^award:([0-9a-f]{2})+$'
  then decode(substr(t.idempotency_key, 7), 'hex') end
where t.bank_id = $1 and t.kind = 'award' and t.refusal is null and t.id < $2
  and ($3::uuid is null or a.owner = $3)
  and ($4::bigint[] is null or exists (
    select from volunteers v where v.bank_id = $1 and v.owner = a.owner
      and (v.organisation_id = any($4::bigint[]) or v.team_id = any($4::bigint[])))
    or exists (select from memberships m where m.bank_id = $1 and m.person_id = a.owner
      and m.until_on is null and m.organisation_id = any($4::bigint[])))
  and ($5::timestamptz is null or t.effective_at >= $5) and ($6::timestamptz is null or t.effective_at < $6)
order by t.id desc limit $7
"""


@dataclass(frozen=True, slots=True)
class AwardLine:
    """An award in the books, with what it was for; `reversed_by` is the transaction that took it back."""

    transaction_id: int
    person_id: UUID
    unit: str
    amount: int
    expires_on: date | None
    title: str
    effective_at: datetime
    actor: str
    reversed_by: int | None


async def awards(
    tx: ReadTx,
    *,
    before_id: int,
    limit: int,
    reach: Sequence[int] | None = None,
    person_id: UUID | None = None,
    from_at: datetime | None = None,
    until_at: datetime | None = None,
) -> list[AwardLine]:
    """Return awards to people in `reach` (None: all), newest first; `until_at` is not included."""
    rows = await tx.connection.fetch(_PAGE, tx.bank_id, before_id, person_id, reach, from_at, until_at, limit)
    return [AwardLine(*row) for row in rows]
