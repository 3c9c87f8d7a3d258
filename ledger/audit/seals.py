"""Invariant 10: the tree re-derived from the rows, against its signed checkpoints and those kept elsewhere.

One walk along the leaves, in order and in bounded memory: every leaf's hash from its transaction, every
node from the leaves, every root at the size of a checkpoint or an anchor. A changed row is told at its leaf;
leaves changed to fit are told at the next signed root.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from ledger.audit.probes import CLOCK_SLACK, Probe
from ledger.audit.violations import FINDINGS_LIMIT, Finding
from ledger.proof.checkpoints import Coverage, StoredCheckpoint, checkpoints, unverified
from ledger.proof.content import STORED, Contents
from ledger.proof.merkle import CompactRange, Node
from ledger.proof.note import Checkpoint, NoteError, VerifierKey, open_note
from ledger.proof.sealing import stored_nodes
from ledger.session import ReadTx

if TYPE_CHECKING:
    import asyncpg

PAGE = 4_000

_LEAVES = f"""
select l.leaf_index, l.hash, {STORED}
from leaves l left join transactions t on t.bank_id = $1 and t.id = l.transaction_id
where l.bank_id = $1 and l.leaf_index > $2 order by l.leaf_index limit $3
"""  # noqa: S608 -- STORED is a constant of ours
_NODES = """
select n.level, n.node_index, n.hash from nodes n
join unnest($2::int[], $3::bigint[]) as w (level, node_index)
  on w.level = n.level and w.node_index = n.node_index
where n.bank_id = $1
"""
_NODE_COUNT = "select count(*) from nodes where bank_id = $1"

_SEALS = Probe("""
select 'unsealed', 'transaction ' || t.id, null, null
from transactions t left join leaves l on l.bank_id = $bank and l.transaction_id = t.id
where t.bank_id = $bank and l.transaction_id is null
  and t.xact < (select max(c.sealed_before) from checkpoints c where c.bank_id = $bank)
union all
select 'sealed_twice', 'transaction ' || l.transaction_id, null, null
from leaves l where l.bank_id = $bank group by l.transaction_id having count(*) > 1
""")

# Database transactions take their numbers in the order of time, before they record: so what a later one
# records cannot be much older than what an earlier one recorded first.
_TIMES = Probe("""
with begun as (
  select t.xact, min(t.recorded_at) as first from transactions t where t.bank_id = $bank group by t.xact
), latest as (
  select b.xact,
    max(b.first) over (order by b.xact rows between unbounded preceding and 1 preceding) as recorded_at
  from begun b
)
select 'backdated', 'transaction ' || t.id,
  t.recorded_at::text, '>= ' || (n.recorded_at - $writer_limit::interval)
from transactions t join latest n on n.xact = t.xact
where t.bank_id = $bank and t.recorded_at < n.recorded_at - $writer_limit::interval
union all
select 'recorded_ahead', 'transaction ' || t.id, t.recorded_at || ' #' || t.xact, null
from transactions t
where t.bank_id = $bank and (t.recorded_at > clock_timestamp() + $slack::interval
  or t.xact >= $base + pg_snapshot_xmax(pg_current_snapshot())::text::bigint)
""")

_UNSEALED_TIMES = """
select t.id, t.recorded_at
from transactions t left join leaves l on l.bank_id = $1 and l.transaction_id = t.id
where t.bank_id = $1 and l.transaction_id is null and t.recorded_at < $2 order by t.id limit $3
"""

PROBES = (_SEALS, _TIMES)


@dataclass(frozen=True, slots=True)
class _Head:
    """A root that the tree must have had at a size: what a checkpoint or an anchor says."""

    size: int
    root: bytes
    is_anchor: bool
    since: int = 0
    sealed_before: int = 0
    settled_at: datetime | None = None


class _Walk:
    """The state of the walk along the leaves."""

    def __init__(self, verifier: VerifierKey | None) -> None:
        self.verifier = verifier
        self.findings: list[Finding] = []
        self.told: dict[str, int] = {}
        self.tree = CompactRange()
        self.is_whole = True
        self.heads: list[_Head] = []
        self.origin: str | None = None
        self.anchored: set[int] = set()
        self.nodes = 0
        self.position = (0, 0)
        self.settled_at: datetime | None = None
        self.signed_size = 0

    def tell(self, code: str, subject: str, found: object = None, expected: object = None) -> None:
        """Add a finding, up to the limit of its code."""
        self.told[code] = self.told.get(code, 0) + 1
        if self.told[code] <= FINDINGS_LIMIT:
            values = (None if value is None else str(value) for value in (found, expected))
            self.findings.append(Finding(code, subject, *values))


async def check_tree(tx: ReadTx, verifier: VerifierKey | None, anchors: Sequence[str]) -> list[Finding]:
    """Walk along the leaves and return what does not lead to the signed roots."""
    walk = _Walk(verifier)
    anchored = _read_anchors(walk, anchors)
    last: StoredCheckpoint | None = None
    while page := await checkpoints(tx, after_size=last.tree_size if last else 0):
        for checkpoint in page:
            walk.anchored.discard(checkpoint.tree_size)
            walk.heads.append(_read_checkpoint(walk, checkpoint, last))
            last = checkpoint
        due = [head for head in anchored if head.size <= page[-1].tree_size]
        anchored = anchored[len(due) :]
        walk.heads = sorted(walk.heads + due, key=lambda head: head.size)
        await _advance(tx, walk, page[-1].tree_size)
    walk.heads += anchored
    await _advance(tx, walk, None)
    for head in walk.heads:
        noun = "anchor" if head.is_anchor else "checkpoint"
        if walk.is_whole:
            walk.tell("tail_deleted", f"{noun} {head.size}", walk.tree.size, head.size)
    for size in sorted(walk.anchored):
        walk.tell("checkpoint_missing", f"anchor {size}")
    if walk.is_whole and walk.tree.size > walk.signed_size:
        walk.tell("leaf_unsigned", f"leaf {walk.signed_size}", walk.tree.size, walk.signed_size)
    if walk.is_whole and walk.nodes != await tx.connection.fetchval(_NODE_COUNT, tx.bank_id):
        walk.tell("node_differs", "table nodes", None, walk.nodes)
    if walk.settled_at is not None:
        settled = walk.settled_at - CLOCK_SLACK
        for id_, recorded_at in await tx.connection.fetch(
            _UNSEALED_TIMES, tx.bank_id, settled, FINDINGS_LIMIT
        ):
            walk.tell("backdated", f"transaction {id_}", recorded_at, f">= {settled}")
    return walk.findings


def _open(walk: _Walk, note: str, subject: str) -> Checkpoint | None:
    """Return what a note says, and tell what is wrong with its signature or its log; None if unreadable."""
    try:
        checkpoint = unverified(note)
    except NoteError as error:
        walk.tell("note_unverified", subject, error.code)
        return None
    try:
        if walk.verifier is not None:
            open_note(note, [walk.verifier])
    except NoteError as error:
        walk.tell("note_unverified", subject, error.code)
    walk.origin = walk.origin or checkpoint.origin
    if checkpoint.origin != walk.origin:
        walk.tell("origin_differs", subject, checkpoint.origin, walk.origin)
    return checkpoint


def _read_anchors(walk: _Walk, notes: Sequence[str]) -> list[_Head]:
    heads = []
    for number, note in enumerate(notes, 1):
        anchor = _open(walk, note, f"anchor #{number}")
        if anchor is not None:
            heads.append(_Head(anchor.size, anchor.root, is_anchor=True))
            walk.anchored.add(anchor.size)
    return sorted(heads, key=lambda head: head.size)


def _read_checkpoint(walk: _Walk, stored: StoredCheckpoint, last: StoredCheckpoint | None) -> _Head:
    subject = f"checkpoint {stored.tree_size}"
    note = _open(walk, stored.note, subject)
    settled_at = None
    if note is not None:
        try:
            coverage = Coverage.parse(note.extensions)
        except ValueError:
            walk.tell("note_differs", subject, " ".join(note.extensions))
        else:
            settled_at = coverage.settled_at
            columns = (stored.tree_size, stored.root, stored.sealed_before, stored.sealed_at)
            if columns != (note.size, note.root, coverage.sealed_before, coverage.sealed_at):
                walk.tell("note_differs", subject, f"{note.size} #{coverage.sealed_before}",
                          f"{stored.tree_size} #{stored.sealed_before}")  # fmt: skip
    since = 0 if last is None else last.sealed_before
    return _Head(stored.tree_size, stored.root, False, since, stored.sealed_before, settled_at)  # noqa: FBT003 -- in the order of the fields


async def _advance(tx: ReadTx, walk: _Walk, until: int | None) -> None:
    """Walk on to the leaf count `until`, or to the end."""
    while walk.is_whole and (until is None or walk.tree.size < until):
        limit = PAGE if until is None else min(PAGE, until - walk.tree.size)
        rows = await tx.connection.fetch(_LEAVES, tx.bank_id, walk.tree.size - 1, limit)
        if not rows:
            return
        contents = await Contents.load(tx, [row["id"] for row in rows if row["id"] is not None])
        completed: list[Node] = []
        for row in rows:
            if row["leaf_index"] != walk.tree.size:
                walk.tell("leaf_missing", f"leaf {walk.tree.size}")
                walk.is_whole = False
                break
            _check_leaf(walk, contents, row)
            completed += stored_nodes(walk.tree.append(row["hash"]))
            _check_heads(walk)
        await _check_nodes(tx, walk, completed)


def _check_leaf(walk: _Walk, contents: Contents, row: "asyncpg.Record") -> None:
    if row["id"] is None:
        walk.tell("leaf_unfounded", f"leaf {row['leaf_index']}")
        return
    try:
        is_same = contents.leaf(row) == row["hash"]
    except (LookupError, ValueError):
        is_same = False
    subject = f"transaction {row['id']}"
    if not is_same:
        walk.tell("leaf_differs", subject)
    position = (row["xact"], row["id"])
    head = next((head for head in walk.heads if not head.is_anchor), None)
    if position <= walk.position or (head is not None and not head.since <= row["xact"] < head.sealed_before):
        walk.tell("sealed_out_of_order", subject)
    walk.position = max(position, walk.position)
    if walk.settled_at is not None and row["recorded_at"] < walk.settled_at - CLOCK_SLACK:
        walk.tell("backdated", subject, row["recorded_at"], f">= {walk.settled_at - CLOCK_SLACK}")


def _check_heads(walk: _Walk) -> None:
    """Compare the root with every head of the size reached, and leave those heads behind."""
    while walk.heads and walk.heads[0].size <= walk.tree.size:
        head = walk.heads.pop(0)
        if head.size == walk.tree.size and walk.tree.root() != head.root:
            code, noun = ("forked", "anchor") if head.is_anchor else ("root_differs", "checkpoint")
            walk.tell(code, f"{noun} {head.size}")
        if not head.is_anchor:
            walk.signed_size = head.size
            walk.settled_at = head.settled_at or walk.settled_at


async def _check_nodes(tx: ReadTx, walk: _Walk, completed: Iterable[Node]) -> None:
    due = {tuple(node.subtree): node.hash for node in completed}
    if not due:
        return
    walk.nodes += len(due)
    levels, positions = zip(*due, strict=True)
    rows = await tx.connection.fetch(_NODES, tx.bank_id, levels, positions)
    found = {(level, i): hash_ for level, i, hash_ in rows}
    for (level, i), hash_ in due.items():
        if found.get((level, i)) != hash_:
            walk.tell("node_differs", f"node {level}/{i}")
