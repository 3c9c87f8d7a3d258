"""Group commit of postings: many callers each with a draft, one transaction after another, an outcome to each."""

from collections.abc import Awaitable, Callable, Sequence

from ledger.grouping import BATCH_LIMIT, WRITERS, GroupCommit
from ledger.values import BANK, BUDGET, Draft, Outcome, Place

Commit = Callable[[Sequence[Draft]], Awaitable[list[Outcome]]]
"""Posts the drafts in one transaction of its own and returns after the commit."""


class PostingQueue(GroupCommit[Draft, Outcome]):
    """A few writers for one bank in one process; make it with `async with`, which ends after the last answer.

    Drafts that issue from one budget go one behind the other, and so do those that touch one member. A caller that
    is cancelled leaves its draft in the queue: it may still be posted, and the same key tells later.
    """

    def __init__(self, commit: Commit, *, batch_limit: int = BATCH_LIMIT, writers: int = WRITERS) -> None:
        super().__init__(commit, key=_owner, batch_limit=batch_limit, writers=writers)


def _owner(draft: Draft) -> int:
    """Return a number of who the draft is about: a budget that pays, or the payer, or who gets what the bank gives."""
    for move in draft.moves:
        if isinstance(move.source, Place) and move.source.kind == BUDGET:
            return move.source.owner.int
    for move in draft.moves:
        for place in (move.source, move.target):
            if place.owner != BANK:
                return place.owner.int
    return draft.reverses or draft.resolves or 0
