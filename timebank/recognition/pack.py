"""The annual pack of a round: what the party-building office is handed, read page by page from one view of the books.

Names in full are read for somebody, and each is noted as their look before the pack is begun; for nobody, they are
masked. What becomes of a candidate later makes another pack.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from ledger.session import ReadTx, WriteTx
from timebank.database import Bank, Database
from timebank.errors import RefusalError
from timebank.people.rules import NAME, masked
from timebank.policy.parts import Words
from timebank.privacy.actions import record_look_ups
from timebank.recognition.queries import Candidate, Round, candidates, round_of
from timebank.recognition.totals import Node, NodeTotal, Tally, node_totals
from timebank.vault.cipher import Cipher
from timebank.words import both

PAGE: Final = 1_000
PACKED: Final = ("approved", "published")
LOOK: Final = "recognition.pack"
"""How the register of looks names it."""

_TALLIES = """
select c.community_id, c.level, count(*) as named, sum(c.minutes)::bigint as minutes, sum(c.points)::bigint as points,
  sum(c.records)::bigint as records
from recognition_candidates c where c.bank_id = $1 and c.round_id = $2 and c.state = 'proposed'
group by c.community_id, c.level
"""
_NODES = """
with recursive up (id, name, parent_id) as (
  select o.id, o.name, o.parent_id from organisations o where o.bank_id = $1 and o.id = any($2::bigint[])
  union
  select o.id, o.name, o.parent_id from up join organisations o on o.bank_id = $1 and o.id = up.parent_id
)
select id, name, parent_id from up
"""
_NAMES = """
select x.subject, x.sealed from unnest($2::uuid[]) as p (id), lateral (
  select f.subject, f.sealed from vault f where f.bank_id = $1 and f.subject = p.id and f.field = $3 offset 0) x
"""
_LAST_DECISIONS = """
select x.number, d.decision, d.reason, d.note, d.decided_at from unnest($3::bigint[]) as x (number), lateral (
  select d.decision, d.reason, d.note, d.decided_at from recognition_decisions d
  where d.bank_id = $1 and d.round_id = $2 and d.number = x.number order by d.id desc limit 1) d
"""


@dataclass(frozen=True, slots=True)
class LastWord:
    """What was decided last about a candidate, and why."""

    decision: str
    reason: str
    note: str
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class PackLine:
    """A candidate as the pack shows it: the name (a team has its own), and the last decision if there was one."""

    candidate: Candidate
    name: str
    last: LastWord | None

    @property
    def is_named(self) -> bool:
        """Whether it is on the list."""
        return self.candidate.state == "proposed"


async def packed_round(tx: ReadTx, round_id: int) -> Round:
    """Return a round that a pack can be made of.

    Raises:
        RefusalError: `unknown_round`; `pack_too_early` before it is approved, and when it was withdrawn or revoked.
    """
    found = await round_of(tx, round_id)
    if found.state not in PACKED:
        raise RefusalError("pack_too_early", state=found.state)
    return found


async def note_names(database: Database, bank: Bank, round_id: int, viewer_id: UUID) -> None:
    """Note everybody in a round as looked at by somebody, a page at a time; nobody joins it any more.

    Raises:
        RefusalError: as `packed_round`.
    """
    last: int | None = 0
    while last is not None:
        place = last

        async def work(tx: WriteTx, place: int = place) -> int | None:
            await packed_round(tx, round_id)
            page = await candidates(tx, round_id, after=place, limit=PAGE)
            seen = {each.person_id: (NAME,) for each in page if each.person_id is not None}
            await record_look_ups(tx, viewer_id, seen, purpose=LOOK)
            return page[-1].number if page else None

        last = await database.write(bank, work)


async def pack_lines(
    tx: ReadTx, cipher: Cipher, round_id: int, *, in_full: bool, states: Sequence[str] | None = None
) -> AsyncIterator[PackLine]:
    """Yield a round's candidates in the order of the list, of some states only.

    Raises:
        RefusalError: `vault_key_wrong`.
    """
    last = 0
    while page := await candidates(tx, round_id, after=last, limit=PAGE, states=states):  # type: ignore[arg-type] # they are states
        names = await _names(tx, cipher, [each.person_id for each in page if each.person_id is not None])
        numbers = [each.number for each in page]
        words = {
            row[0]: LastWord(*row[1:])
            for row in await tx.connection.fetch(_LAST_DECISIONS, tx.bank_id, round_id, numbers)
        }
        for each in page:
            yield PackLine(each, _shown(each, names, in_full=in_full), words.get(each.number))
        last = page[-1].number


async def pack_totals(tx: ReadTx, found: Round) -> list[NodeTotal]:
    """Return the totals of each node of the tree in which somebody is on the list."""
    steps = len(found.criteria.step_hours)
    own: dict[int | None, Tally] = {}
    for row in await tx.connection.fetch(_TALLIES, tx.bank_id, found.id):
        levels = tuple(row["named"] if level == row["level"] else 0 for level in range(1, steps + 1))
        tally = Tally(row["named"], levels, row["minutes"], row["points"], row["records"])
        own[row["community_id"]] = own.get(row["community_id"], Tally()) + tally
    places = [place for place in own if place is not None]
    nodes = [Node(*row) for row in await tx.connection.fetch(_NODES, tx.bank_id, places)]
    return node_totals(nodes, own)


def step_label(found: Round, level: int) -> str:
    """Return what a round calls a level: its label, or from how many hours on it is."""
    criteria = found.criteria
    if criteria.step_labels:
        return in_both(criteria.step_labels[level - 1])
    return both("pack_step", hours=criteria.step_hours[level - 1])


def step_heads(found: Round) -> list[str]:
    """Return what heads the columns of a round's levels: labels, or hours in short."""
    criteria = found.criteria
    if criteria.step_labels:
        return [in_both(label) for label in criteria.step_labels]
    return [f"≥{hours} h" for hours in criteria.step_hours]


def in_both(label: Words) -> str:
    """Return words of a policy in both languages."""
    return " / ".join(filter(None, (label.zh, label.en)))


async def _names(tx: ReadTx, cipher: Cipher, people: Sequence[UUID]) -> dict[UUID, str]:
    rows = await tx.connection.fetch(_NAMES, tx.bank_id, people, NAME)
    return {row["subject"]: cipher.open(tx.bank_id, row["subject"], NAME, row["sealed"]) for row in rows}


def _shown(each: Candidate, names: Mapping[UUID, str], *, in_full: bool) -> str:
    if each.person_id is None:
        return each.organisation or ""
    name = names.get(each.person_id)
    if name is None:
        return both("pack_unnamed")
    return name if in_full else masked(name)
