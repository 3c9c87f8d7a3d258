"""Going through very many things batch by batch, past the one among them that fails.

A batch that fails is tried again with half as many things, down to a single one; that one is noted as a fault of the
run and passed over. What fails for another reason than the things themselves ends the run, which is then taken up
again as a whole (`timebank.jobs.run.is_of_the_item`).
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from ledger.session import ReadTx, WriteTx
from timebank.errors import RefusalError
from timebank.jobs.run import Run, is_of_the_item, problem_of

C = TypeVar("C")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Batch(Generic[C, R]):
    """What became of a batch, and after what the next begins; None if nothing is left."""

    result: R
    next: C | None


@dataclass(frozen=True, slots=True)
class Item(Generic[C]):
    """The one thing at hand: what a fault calls it, and after what comes the next."""

    name: str
    after: C


@dataclass(frozen=True, slots=True)
class Walk(Generic[C, R]):
    """How to go through things: `work` takes at most so many from after a cursor, `first` names the first of them."""

    work: Callable[[WriteTx, C, int], Awaitable[Batch[C, R]]]
    first: Callable[[ReadTx, C], Awaitable[Item[C] | None]]
    limit: int


async def in_batches(run: Run, start: C, walk: Walk[C, R]) -> AsyncIterator[R]:
    """Go through everything from after `start`; yield the result of each batch, once it is committed.

    Raises:
        RefusalError: as `work`; a refusal is never passed over.
    """
    cursor: C | None = start
    limit = walk.limit
    while cursor is not None:

        async def work(tx: WriteTx, after: C = cursor, at_most: int = limit) -> Batch[C, R]:
            return await walk.work(tx, after, at_most)

        async def first(tx: ReadTx, after: C = cursor) -> Item[C] | None:
            return await walk.first(tx, after)

        try:
            batch = await run.write(work)
        except Exception as error:
            if not is_of_the_item(error) or isinstance(error, RefusalError):
                raise
            if limit > 1:
                limit //= 2
                continue
            item = await run.read(first)
            cursor = None
            if item is not None:
                await run.fault(item.name, problem_of(error))
                cursor = item.after
        else:
            cursor = batch.next
            limit = min(walk.limit, 2 * limit)
            yield batch.result


async def or_fault(run: Run, item: str, work: Callable[[WriteTx], Awaitable[R]]) -> R | None:
    """Do one thing in a transaction of its own; if that fails, note it as a fault of the run and return None.

    Raises:
        RefusalError: as `work`.
    """
    try:
        return await run.write(work)
    except Exception as error:
        if not is_of_the_item(error) or isinstance(error, RefusalError):
            raise
        await run.fault(item, problem_of(error))
        return None


def numbered(
    thing: str, next_id: Callable[[ReadTx, int], Awaitable[int | None]]
) -> Callable[[ReadTx, int], Awaitable[Item[int] | None]]:
    """Return what names the first thing after an id, where things are gone through by their ids."""

    async def first(tx: ReadTx, after_id: int) -> Item[int] | None:
        found = await next_id(tx, after_id)
        return None if found is None else Item(f"{thing} {found}", found)

    return first
