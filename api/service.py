"""What a serving process has: one of each, made at start and passed to every request. Nothing global."""

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from api.job_metrics import JobMetrics
from api.limits import Buckets
from timebank.codes.rules import CodeKeys
from timebank.database import Bank, Database
from timebank.demo.shown import Shown
from timebank.errors import RefusalError
from timebank.login.passwords import Passwords
from timebank.login.senders import Outgoing, Sender
from timebank.login.tokens import TokenKeys
from timebank.permissions import STRONG_METHODS
from timebank.redemptions.queue import RedemptionQueue
from timebank.scans.queue import ScanQueue
from timebank.settings import Settings
from timebank.vault.blind import BlindIndex
from timebank.vault.cipher import Cipher


def utc_now() -> datetime:
    """Return the time; tests pass a clock of their own."""
    return datetime.now(UTC)


SCANS_AT_ONCE, SCANS_PER_SECOND = 30, 0.1
"""What one login scans by its own phone. Every scan is kept, whatever comes of it: nobody is to fill a table alone."""

VERIFIED_AT_ONCE, VERIFIED_PER_SECOND = 60, 1.0
"""What one address has verified without a login: a hall of guests with their phones, and what a process bears."""

READ_AT_ONCE = 2
"""PDFs of strangers that a process has read at a time: each is a process of its own."""

PHOTOS_AT_ONCE = 2
"""Photos that a process looks for a code on at a time: unpacked, one may take a few hundred megabytes."""


@dataclass(slots=True)
class Service:
    """The process's own: settings, database, keys and clock."""

    settings: Settings
    database: Database
    cipher: Cipher
    blind: BlindIndex
    tokens: TokenKeys
    codes: CodeKeys
    sender: Sender | None = None
    offered: frozenset[str] = frozenset()
    """The channels by which people may choose to be told; sending is another program's."""
    passwords: Passwords = field(default_factory=Passwords)
    outgoing: Outgoing = field(default_factory=Outgoing)
    now: Callable[[], datetime] = utc_now
    demo: Shown | None = None
    """What the start page of the demo bank offers, if the demo's own command started this process."""
    scan_limit: Buckets = field(default_factory=lambda: Buckets(SCANS_AT_ONCE, SCANS_PER_SECOND))
    verify_limit: Buckets = field(default_factory=lambda: Buckets(VERIFIED_AT_ONCE, VERIFIED_PER_SECOND))
    reading: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(READ_AT_ONCE))
    photos: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(PHOTOS_AT_ONCE))
    job_metrics: JobMetrics = field(default_factory=JobMetrics)
    _banks: dict[str, Bank] = field(default_factory=dict)
    _scan_queues: dict[int, ScanQueue] = field(default_factory=dict)
    _redemption_queues: dict[int, RedemptionQueue] = field(default_factory=dict)

    @property
    def strong_methods(self) -> frozenset[str]:
        """How a session is begun that carries an office's roles here."""
        if self.settings.office_links_allowed:
            return STRONG_METHODS | {"link"}
        return STRONG_METHODS

    async def bank(self, code: str) -> Bank:
        """Return the bank of that code; what was found is remembered.

        Raises:
            RefusalError: `unknown_bank`.
        """
        if code not in self._banks:
            self._banks[code] = await self.database.bank(code)
        return self._banks[code]

    async def bank_of_id(self, bank_id: int) -> Bank:
        """Return the bank that a code names by its id.

        Raises:
            RefusalError: `unknown_bank`.
        """
        known = next((bank for bank in self._banks.values() if bank.id == bank_id), None)
        if known is None:
            known = await self.database.bank_of_id(bank_id)
            self._banks[known.code] = known
        return known

    def scan_queue(self, bank: Bank) -> ScanQueue:
        """Return the queue through which this process records scans of a bank."""
        if bank.id not in self._scan_queues:
            self._scan_queues[bank.id] = ScanQueue(self.database, bank, self.codes)
        return self._scan_queues[bank.id]

    def redemption_queue(self, bank: Bank) -> RedemptionQueue:
        """Return the queue through which this process redeems for a bank."""
        if bank.id not in self._redemption_queues:
            self._redemption_queues[bank.id] = RedemptionQueue(self.database, bank, self.strong_methods)
        return self._redemption_queues[bank.id]

    def slow_scans(self, login_id: UUID) -> None:
        """Count a scan of a login.

        Raises:
            RefusalError: `throttled` with the seconds to wait.
        """
        if wait := self.scan_limit.take(str(login_id)):
            raise RefusalError("throttled", retry_after=math.ceil(wait))

    async def settle(self) -> None:
        """Wait until every scan and redemption that was taken in has been answered."""
        for scans in self._scan_queues.values():
            await scans.drain()
        for redemptions in self._redemption_queues.values():
            await redemptions.drain()
