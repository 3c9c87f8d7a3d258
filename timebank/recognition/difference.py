"""What the books of now say otherwise than a frozen list: late service, and what was corrected after the cut-off.

The list stays as it was frozen. Whom a later transaction concerns is found by it, and counted anew as the list was,
with what the registers said then; who came into them since is found by what they say now. Places and quotas are not
assigned anew: another round does that.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal
from uuid import UUID

from ledger.proof.checkpoints import checkpoint_of_size
from ledger.session import ReadTx
from timebank.errors import RefusalError
from timebank.policy.rules import level_of
from timebank.recognition.counting import KINDS, Asked, period_of, tallies
from timebank.recognition.opening import BELOW
from timebank.recognition.queries import Round

if TYPE_CHECKING:
    import asyncpg

BATCH: Final = 500

_LATER = """
later as materialized (
  select t.id from transactions t
  left join transactions e on e.bank_id = $1 and e.id = t.reverses_id
  where t.bank_id = $1 and t.xact >= $4 and t.refusal is null
    and coalesce(e.kind, t.kind) = any($7::text[])
    and coalesce(e.effective_at, t.effective_at) >= $5 and coalesce(e.effective_at, t.effective_at) < $6
), owners as materialized (
  select distinct a.owner from later l
  cross join lateral (select p.from_account_id, p.to_account_id from postings p
    where p.bank_id = $1 and p.transaction_id = l.id offset 0) p
  cross join lateral (select a.owner from accounts a
    where a.bank_id = $1 and a.id in (p.from_account_id, p.to_account_id) and a.kind = 'wallet' offset 0) a
)"""
_VOLUNTEERS = f"""
{BELOW}, {_LATER}
select v.owner as subject, null::bigint as organisation_id
from owners w join volunteers v on v.bank_id = $1 and v.owner = w.owner
join people p on p.bank_id = $1 and p.id = v.owner
where v.owner > $8 and (exists (
    select from recognition_subjects s where s.bank_id = $1 and s.round_id = $2 and s.subject = v.owner)
  or p.erased_at is null and (v.is_party_member or not $10) and (
    v.organisation_id in (select id from down) or v.organisation_id is null
      and exists (select from organisations o where o.bank_id = $1 and o.id = $3 and o.parent_id is null)))
order by v.owner limit $9
"""  # noqa: S608 -- ours
_GROUPS = f"""
with {_LATER}
select distinct s.subject, s.organisation_id
from owners w
join recognition_members m on m.bank_id = $1 and m.round_id = $2 and m.person_id = w.owner
join recognition_subjects s on s.bank_id = $1 and s.round_id = $2 and s.organisation_id = m.organisation_id
where s.subject > $8 and $3::bigint is not null and $10::bool is not null
order by s.subject limit $9
"""  # noqa: S608 -- ours
_FROZEN = """
select s.subject, s.minutes, s.points, s.volunteer_id, s.organisation_id, c.number
from recognition_subjects s
left join recognition_candidates c on c.bank_id = $1 and c.round_id = $2
  and (c.volunteer_id = s.volunteer_id or c.organisation_id = s.organisation_id)
where s.bank_id = $1 and s.round_id = $2 and s.subject = any($3::uuid[])
"""


@dataclass(frozen=True, slots=True)
class Reached:
    """What somebody reached; level 0 is not on the list."""

    level: int
    minutes: int
    points: int


@dataclass(frozen=True, slots=True)
class Difference:
    """A subject that the books of now put otherwise: `new` would be a candidate, `gone` would be none any more.

    `subject` is the person's id, or that by which the ledger knows an organisation; `number` the candidate's.
    """

    kind: Literal["changed", "new", "gone"]
    subject: UUID
    organisation_id: int | None
    number: int | None
    frozen: Reached
    now: Reached


async def differences(tx: ReadTx, found: Round, *, after: UUID | None = None, limit: int) -> list[Difference]:
    """Return where the books of now differ from a computed round, by subject, from after one.

    Raises:
        RefusalError: `round_at_other_step` while it is computed.
    """
    if found.digest is None:
        raise RefusalError("round_at_other_step", state=found.state)
    differing: list[Difference] = []
    last = after or UUID(int=0)
    while len(differing) < limit:
        asked = await _concerned(tx, found, last)
        if not asked:
            break
        differing += await _compared(tx, found, asked)
        last = asked[-1].subject
    return differing[:limit]


async def _concerned(tx: ReadTx, found: Round, after: UUID) -> list[Asked]:
    """Return the next subjects of whom later transactions tell."""
    checkpoint = await checkpoint_of_size(tx, found.tree_size)
    assert checkpoint is not None  # noqa: S101 -- checkpoints are never deleted
    rows = await tx.connection.fetch(
        _VOLUNTEERS if found.criteria.subject == "volunteer" else _GROUPS,
        tx.bank_id,
        found.id,
        found.organisation_id,
        checkpoint.sealed_before,
        *period_of(tx, found),
        list(KINDS),
        after,
        BATCH,
        found.criteria.party_members_only,
    )
    return [Asked(row["subject"], row["organisation_id"]) for row in rows]


async def _compared(tx: ReadTx, found: Round, asked: Sequence[Asked]) -> list[Difference]:
    subjects = [one.subject for one in asked]
    rows = await tx.connection.fetch(_FROZEN, tx.bank_id, found.id, subjects)
    frozen = {row["subject"]: row for row in rows}
    now = await tallies(tx, found, asked, tree_size=None)
    differing = []
    for one in asked:
        before = frozen.get(one.subject)
        was = _reached(found, before) if before is not None else Reached(0, 0, 0)
        is_ = _reached(found, now[one.subject])
        if was != is_ and (was.level or is_.level):
            kind: Literal["changed", "new", "gone"] = (
                "new" if not was.level else "changed" if is_.level else "gone"
            )
            number = None if before is None else before["number"]
            differing.append(Difference(kind, one.subject, one.organisation_id, number, was, is_))
    return differing


def _reached(found: Round, row: "asyncpg.Record | Mapping[str, int]") -> Reached:
    minutes, points = row["minutes"], row["points"]
    level = level_of(minutes, found.criteria.step_hours) if points >= found.criteria.least_points else 0
    return Reached(level, minutes, points)
