"""The basis of a round as JSON lines: all that its list follows from, to be computed again without this database.

First the head, then everybody who could be on the list, then memberships where teams or units are listed, then what
the sealed books hold of them, in the order of the tree: credits and awards of the period, debts, and reversals. People
are pseudonymous ids. The same round gives the same bytes whenever it is read.
"""

from collections.abc import AsyncIterator
from datetime import UTC, date
from operator import itemgetter
from typing import TYPE_CHECKING, Final
from uuid import UUID

from ledger.session import ReadTx
from timebank.recognition.counting import KINDS, counted_units, period_of
from timebank.recognition.document import Read, canonical_line, head_of, paged
from timebank.recognition.queries import Round

if TYPE_CHECKING:
    import asyncpg

FORMAT: Final = "timebank-recognition-basis/v1"
PAGE: Final = 5_000

_SUBJECTS = """
select s.subject, s.community_id from recognition_subjects s
where s.bank_id = $1 and s.round_id = $2 and s.subject > $3 order by s.subject limit $4
"""
_MEMBERS = """
select o.owner, m.organisation_id, m.person_id, m.from_on, m.until_on
from recognition_members m join organisations o on o.bank_id = $1 and o.id = m.organisation_id
where m.bank_id = $1 and m.round_id = $2 and (m.organisation_id, m.person_id, m.from_on) > ($3, $4, $5)
order by m.organisation_id, m.person_id, m.from_on limit $6
"""
# A stretch of leaves is read by its indexes whatever lies in it, so the pages cost the same from first to last.
_BOOKED = """
select l.leaf_index, t.kind, a.owner, t.effective_at, r.grade,
  coalesce(sum(p.amount) filter (where a.unit_id = $7), 0)::bigint as minutes,
  coalesce(sum(p.amount) filter (where a.unit_id = $8), 0)::bigint as points
from leaves l
cross join lateral (
  select t.id, t.kind, t.effective_at, (t.metadata->>'record')::bigint as record_id from transactions t
  where t.bank_id = $1 and t.id = l.transaction_id and t.refusal is null and (t.kind = 'debt'
    or t.kind = any($9::text[]) and t.effective_at >= $5 and t.effective_at < $6) offset 0) t
cross join lateral (select p.amount, p.to_account_id from postings p
  where p.bank_id = $1 and p.transaction_id = t.id offset 0) p
cross join lateral (select a.owner, a.unit_id from accounts a
  where a.bank_id = $1 and a.id = p.to_account_id and a.kind = 'wallet' offset 0) a
left join lateral (select r.grade from volunteers v
  join service_records r on r.bank_id = $1 and r.volunteer_id = v.id and r.id = t.record_id
  where v.bank_id = $1 and v.owner = a.owner offset 0) r on true
where l.bank_id = $1 and l.leaf_index >= $3 and l.leaf_index < $4 and a.unit_id in ($7, $8)
  and (exists (select from recognition_subjects s where s.bank_id = $1 and s.round_id = $2 and s.subject = a.owner)
    or exists (select from recognition_members m
      where m.bank_id = $1 and m.person_id = a.owner and m.round_id = $2))
group by l.leaf_index, t.kind, a.owner, t.effective_at, r.grade
order by l.leaf_index, a.owner
"""
# Of what is told of above only. A correction is made in the transaction that takes its record back.
_REVERSALS = """
select l.leaf_index, e.leaf_index as reverses, coalesce(s.is_corrected, false) as is_corrected
from leaves l
cross join lateral (select t.reverses_id from transactions t where t.bank_id = $1 and t.id = l.transaction_id
  and t.refusal is null and t.reverses_id is not null offset 0) t
cross join lateral (select (k.metadata->>'record')::bigint as record_id from transactions k
  where k.bank_id = $1 and k.id = t.reverses_id and k.kind = any($4::text[]) offset 0) k
cross join lateral (select e.leaf_index from leaves e
  where e.bank_id = $1 and e.transaction_id = t.reverses_id offset 0) e
left join lateral (select exists (select from service_records c where c.bank_id = $1
    and c.volunteer_id = r.volunteer_id and c.id > r.id and c.corrects_id = r.id) as is_corrected
  from service_records r where r.bank_id = $1 and r.id = k.record_id offset 0) s on true
where l.bank_id = $1 and l.leaf_index >= $2 and l.leaf_index < $3
order by l.leaf_index
"""
_NOBODY = UUID(int=0)


_EVER = date(1, 1, 1)

_Member = tuple[int, UUID, date]


async def basis_stream(read: Read, found: Round) -> AsyncIterator[bytes]:
    """Yield the basis of a round, each page in a view of its own."""

    async def head(tx: ReadTx) -> bytes:
        return canonical_line({**head_of(tx, found), "format": FORMAT})

    async def subjects(tx: ReadTx, after: UUID) -> tuple[bytes, UUID | None]:
        return await _subjects(tx, found, after)

    async def members(tx: ReadTx, after: _Member) -> tuple[bytes, _Member | None]:
        return await _members(tx, found, after)

    async def books(tx: ReadTx, first: int) -> tuple[bytes, int | None]:
        return await _books(tx, found, first)

    yield await read(head)
    async for lines in paged(read, subjects, _NOBODY):
        yield lines
    async for lines in paged(read, members, (0, _NOBODY, _EVER)):
        yield lines
    async for lines in paged(read, books, 0):
        yield lines


async def _subjects(tx: ReadTx, found: Round, after: UUID) -> tuple[bytes, UUID | None]:
    rows = await tx.connection.fetch(_SUBJECTS, tx.bank_id, found.id, after, PAGE)
    lines = b"".join(
        canonical_line({"is": "subject", "id": str(row["subject"]), "community": row["community_id"]})
        for row in rows
    )
    return lines, rows[-1]["subject"] if len(rows) == PAGE else None


async def _members(tx: ReadTx, found: Round, after: _Member) -> tuple[bytes, _Member | None]:
    rows = await tx.connection.fetch(_MEMBERS, tx.bank_id, found.id, *after, PAGE)
    lines = b"".join(
        canonical_line(
            {
                "is": "member",
                "id": str(row["person_id"]),
                "of": str(row["owner"]),
                "from": row["from_on"].isoformat(),
                "until": row["until_on"] and row["until_on"].isoformat(),
            }
        )
        for row in rows
    )
    if len(rows) < PAGE:
        return lines, None
    return lines, (rows[-1]["organisation_id"], rows[-1]["person_id"], rows[-1]["from_on"])


async def _books(tx: ReadTx, found: Round, first: int) -> tuple[bytes, int | None]:
    until = min(first + PAGE, found.tree_size)
    span = (tx.bank_id, found.id, first, until)
    booked = await tx.connection.fetch(
        _BOOKED, *span, *period_of(tx, found), *await counted_units(tx), list(KINDS)
    )
    reversals = await tx.connection.fetch(_REVERSALS, tx.bank_id, first, until, list(KINDS))
    lines = [(row["leaf_index"], _booked(row)) for row in booked]
    lines += [
        (
            row["leaf_index"],
            {
                "is": "reversal",
                "leaf": row["leaf_index"],
                "reverses": row["reverses"],
                "corrected": row["is_corrected"],
            },
        )
        for row in reversals
    ]
    lines.sort(key=itemgetter(0))
    return b"".join(canonical_line(line) for _, line in lines), until if until < found.tree_size else None


def _booked(row: "asyncpg.Record") -> dict[str, object]:
    return {
        "is": row["kind"],
        "leaf": row["leaf_index"],
        "id": str(row["owner"]),
        "at": row["effective_at"].astimezone(UTC).isoformat(timespec="microseconds"),
        "grade": row["grade"],
        "minutes": row["minutes"],
        "points": row["points"],
    }
