"""What a route of the same app answers that does one SELECT and nothing else: the baseline of crowds over HTTP."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from statistics import median, quantiles

from tests.benchmarks.figures import Figure, Target
from tests.benchmarks.scale import Scale
from tests.wire import Wire

CLIENTS = 64
EMPTY = "/health/ready"
BASELINE = f"{EMPTY} of the same app: one SELECT, no login"

Crowd = Callable[[], Awaitable[list[float]]]
"""Asks all it has to ask, and returns how long each answer took, in seconds."""


@dataclass(frozen=True, slots=True)
class Turns:
    """Requests a second of a crowd and of the empty route, by turns, and how long each of the crowd waited."""

    rates: list[float] = field(default_factory=list)
    empty: list[float] = field(default_factory=list)
    waits: list[list[float]] = field(default_factory=list)

    def figures(self, benchmark: str, measured: str, request: str, *, at_least: float) -> list[Figure]:
        """Return the rate against the empty route's, and how long one `request` took."""
        rate = Figure(benchmark, measured, "req/s", self.rates, BASELINE, self.empty, Target("≥", at_least))
        return [
            rate,
            Figure(benchmark, f"p50 of {request}", "ms", [1000 * median(times) for times in self.waits]),
            Figure(
                benchmark,
                f"p99 of {request}",
                "ms",
                [1000 * quantiles(times, n=100)[98] for times in self.waits],
            ),
        ]


async def take_turns(port: int, scale: Scale, gather: Callable[[int], Awaitable[Crowd]]) -> Turns:
    """Gather a crowd for each repeat, and let the empty route and then the crowd have the service for themselves."""
    turns = Turns()
    await empty_rate(port, scale.seconds)
    for number in range(scale.repeats):
        crowd = await gather(number)
        turns.empty.append(await empty_rate(port, scale.seconds))
        begun = time.perf_counter()
        waits = await crowd()
        turns.rates.append(len(waits) / (time.perf_counter() - begun))
        turns.waits.append(waits)
    return turns


async def empty_rate(port: int, seconds: float) -> float:
    """Return how many times a second the empty route is answered to that many clients."""
    done = 0
    begun = time.perf_counter()

    async def ask() -> None:
        nonlocal done
        wire = Wire("127.0.0.1", port)
        while not done or time.perf_counter() < begun + seconds:
            answer = await wire.request("GET", EMPTY)
            if answer.status != 200:
                raise AssertionError(answer)
            done += 1
        wire.close()

    await asyncio.gather(*(ask() for _ in range(CLIENTS)))
    return done / (time.perf_counter() - begun)
