"""What a route of the same app answers that does one SELECT and nothing else: the baseline of crowds over HTTP."""

import asyncio
import time

from tests.wire import Wire

CLIENTS = 64
EMPTY = "/health/ready"


async def empty_rate(port: int, seconds: float) -> float:
    """Return how many times a second the empty route is answered to that many clients."""
    done = 0
    begun = time.perf_counter()

    async def ask() -> None:
        nonlocal done
        wire = Wire("127.0.0.1", port)
        while time.perf_counter() < begun + seconds:
            answer = await wire.request("GET", EMPTY)
            if answer.status != 200:
                raise AssertionError(answer)
            done += 1
        wire.close()

    await asyncio.gather(*(ask() for _ in range(CLIENTS)))
    return done / (time.perf_counter() - begun)
