"""Group commit: many callers, one transaction after another, an answer to each.

A caller submits one request and waits. As soon as the writer is free it takes what has gathered, commits it as
one batch and answers everybody after the commit; there is no timer, so a caller alone waits for nobody.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, Self, TypeVar

import asyncpg

Request = TypeVar("Request")
Answer = TypeVar("Answer")

BATCH_LIMIT = 500
"""Beyond this a larger batch gains nothing and everyone in it waits longer."""

WRITERS = 2
"""While the database writes the batch of one, this process decides the batch of the other."""

_SPOILED = (
    ValueError,
    TypeError,
    OverflowError,  # a moment that has no day in the bank's zone
    RecursionError,  # metadata too deep
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
)
"""What one request can do to a batch; anything else (the server is gone) is told to everybody at once."""


class GroupCommit(Generic[Request, Answer]):
    """A few writers for one bank in one process; make it with `async with`, which ends after the last answer.

    `commit` does the requests in one transaction of its own and returns an answer to each after the commit.
    Requests with the same `key` go one behind the other, so that writers do not wait for each other.
    """

    def __init__(
        self,
        commit: Callable[[Sequence[Request]], Awaitable[list[Answer]]],
        *,
        key: Callable[[Request], int],
        batch_limit: int = BATCH_LIMIT,
        writers: int = WRITERS,
    ) -> None:
        self._key = key
        self._lanes = [_Lane(commit, batch_limit) for _ in range(writers)]

    async def __aenter__(self) -> Self:
        """Return the queue; nothing runs until something is submitted."""
        return self

    async def __aexit__(self, *exc: object) -> None:
        """Wait until everything submitted has been answered."""
        await self.drain()

    async def drain(self) -> None:
        """Wait until everything submitted has been answered."""
        for lane in self._lanes:
            await lane.drain()

    async def submit(self, request: Request) -> Answer:
        """Return the answer to the request once it is committed.

        A caller that is cancelled leaves its request in the queue: it may still be done.

        Raises:
            Exception: whatever the commit raised for this request; its outcome is then unknown.
        """
        return await self._lanes[self._key(request) % len(self._lanes)].submit(request)


class _Lane(Generic[Request, Answer]):
    """One writer and what waits for it."""

    def __init__(
        self, commit: Callable[[Sequence[Request]], Awaitable[list[Answer]]], batch_limit: int
    ) -> None:
        self._commit = commit
        self._batch_limit = batch_limit
        self._waiting: deque[tuple[Request, asyncio.Future[Answer]]] = deque()
        self._writer: asyncio.Task[None] | None = None

    async def drain(self) -> None:
        while self._writer is not None:
            await asyncio.shield(self._writer)

    async def submit(self, request: Request) -> Answer:
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((request, future))
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())
        return await future

    async def _write(self) -> None:
        batch: list[tuple[Request, asyncio.Future[Answer]]] = []
        try:
            while self._waiting:
                batch = [self._waiting.popleft() for _ in range(min(len(self._waiting), self._batch_limit))]
                await self._commit_batch(batch)
        finally:
            self._writer = None
            # Only if the writer was cancelled is anybody left without an answer, and nobody else would give one.
            for _, future in (*batch, *self._waiting):
                future.cancel()
            self._waiting.clear()

    async def _commit_batch(self, batch: list[tuple[Request, "asyncio.Future[Answer]"]]) -> None:
        """Answer each of the batch; if one request spoils it, halve it until the culprit stands alone."""
        try:
            answers = await self._commit([request for request, _ in batch])
        except Exception as error:  # noqa: BLE001 -- the error belongs to the callers, not to the writer
            if len(batch) > 1 and isinstance(error, _SPOILED):
                middle = len(batch) // 2
                await self._commit_batch(batch[:middle])
                await self._commit_batch(batch[middle:])
                return
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
            return
        for (_, future), answer in zip(batch, answers, strict=True):
            if not future.done():
                future.set_result(answer)
