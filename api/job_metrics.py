"""What Prometheus is told of the jobs: read from the books when it asks, since another process runs them."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from timebank.database import Database
from timebank.errors import OutageError
from timebank.jobs.figures import JobFigures, job_figures

KEPT: Final = timedelta(seconds=10)
"""Who asks more often gets the same again: the route is open to everybody, and is not to keep the database busy."""

log = structlog.get_logger("timebank.metrics")


@dataclass(slots=True)
class JobMetrics:
    """The last text, and when it was made."""

    _text: bytes = b""
    _made_at: datetime | None = None
    _alone: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def exposition(self, database: Database, now: datetime) -> bytes:
        """Return the figures of all banks as Prometheus reads them; nothing while the database does not answer."""
        async with self._alone:
            if self._made_at is None or not timedelta() <= now - self._made_at < KEPT:
                try:
                    self._text = _text(await _figures(database, now), now)
                except OutageError as error:
                    log.warning("job_metrics_outage", code=error.code)
                    self._text = b""
                self._made_at = now
            return self._text


async def _figures(database: Database, now: datetime) -> dict[str, JobFigures]:
    async with database.connections.lent() as connection:
        codes = [row["code"] for row in await connection.fetch("select code from banks order by id")]
    banks = [await database.bank(code) for code in codes]
    return {bank.code: await database.read(bank, lambda tx: job_figures(tx, now=now)) for bank in banks}


def _text(found: dict[str, JobFigures], now: datetime) -> bytes:
    registry = CollectorRegistry()
    registry.register(_Collector(list(_families(found, now))))
    return generate_latest(registry)


def _families(found: dict[str, JobFigures], now: datetime) -> Iterable[Metric]:
    runs = GaugeMetricFamily(
        "timebank_job_runs", "Runs begun within a day, by state", labels=["bank", "job", "state"]
    )
    attempts = GaugeMetricFamily(
        "timebank_job_attempts", "Attempts begun within a day, by outcome", labels=["bank", "job", "outcome"]
    )
    faults = GaugeMetricFamily(
        "timebank_job_faults", "Things passed over within a day", labels=["bank", "job"]
    )
    ages = GaugeMetricFamily(
        "timebank_job_last_success_age_seconds", "Since the last success", labels=["bank", "job"]
    )
    for bank, figures in found.items():
        for (job, state), count in figures.runs.items():
            runs.add_metric([bank, job, state], count)
        for (job, outcome), count in figures.attempts.items():
            attempts.add_metric([bank, job, outcome], count)
        for job, count in figures.faults.items():
            faults.add_metric([bank, job], count)
        for job, succeeded_at in figures.succeeded_at.items():
            ages.add_metric([bank, job], (now - succeeded_at).total_seconds())
    return runs, attempts, faults, ages


class _Collector(Collector):
    """Hands over what was made before: the registry asks for nothing by itself."""

    def __init__(self, families: list[Metric]) -> None:
        self._families = families

    def collect(self) -> Iterable[Metric]:
        """Return the figures."""
        return self._families
