"""Rate limits of one process: a token bucket per key. Guessing secrets is limited in the database, not here."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

MAX_KEYS = 50_000


@dataclass(slots=True)
class Buckets:
    """So many requests at once, and so many more each second, for each key."""

    burst: float
    per_second: float
    clock: Callable[[], float] = time.monotonic
    _levels: dict[str, tuple[float, float]] = field(default_factory=dict)

    def take(self, key: str) -> float:
        """Take one; return 0, or after how many seconds there will be one again."""
        now = self.clock()
        level, at = self._levels.get(key, (self.burst, now))
        level = min(self.burst, level + (now - at) * self.per_second)
        if level < 1:
            self._levels[key] = (level, now)
            return (1 - level) / self.per_second
        if len(self._levels) >= MAX_KEYS and key not in self._levels:
            self._levels.clear()
        self._levels[key] = (level - 1, now)
        return 0
