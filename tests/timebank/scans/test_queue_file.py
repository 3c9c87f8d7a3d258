"""The file that a station without network queues its scans in."""

import json
import os
import resource
import signal
import subprocess
import sys
from dataclasses import asdict, replace
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api.middleware import MAX_BODY_BYTES
from tests.timebank.scans.outage import lose_network
from tests.timebank.scans.scene import ENDS, STARTS, Scene
from tests.timebank.scans.test_batch import EVENING, MINUTE, a_day
from timebank.scans.batch import MAX_ENTRIES, Entry, digest_of
from timebank.scans.client import StationQueue


async def test_a_queue_goes_on_after_a_power_cut(scene: Scene, tmp_path: Path) -> None:
    outage = await lose_network(scene, tmp_path)
    before = await a_day(scene, outage, 2)
    with outage.path.open("ab") as file:
        file.write(json.dumps(asdict(before[0])).encode()[:40])
    card = await scene.card_of(scene.people[0])
    with outage.queue() as queue:
        added = queue.add(kind="in", activity_session_id=scene.session, now=ENDS, offset_ms=0, card=card)
    assert added.seq == before[-1].seq + 1
    assert added.prior == digest_of(outage.device, before[-1]).hex()
    assert outage.entries() == [*before, added]


WRITER = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from timebank.scans.client import StationQueue

key = Ed25519PrivateKey.from_private_bytes(b"k" * 32)
with StationQueue(Path(sys.argv[1]), UUID(int=1), key) as queue:
    while True:
        entry = queue.add(kind="in", activity_session_id=1, now=datetime.now(UTC), offset_ms=0, card="TBC-X")
        print(entry.seq, flush=True)
"""


def test_a_killed_station_loses_nothing_it_told_and_nobody_opens_its_queue_twice(tmp_path: Path) -> None:
    path, told = tmp_path / "queue", 0
    for lines in (5, 4, 5):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True
        ) as process:
            assert process.stdout is not None
            # However much the one before wrote: this one has the queue open once it has told something itself.
            for _ in range(lines):
                told = int(process.stdout.readline())
            with pytest.raises(BlockingIOError):
                StationQueue(path, UUID(int=1), Ed25519PrivateKey.generate())
            os.kill(process.pid, signal.SIGKILL)
            told = max([told, *map(int, process.stdout.read().split())])
    with StationQueue(path, UUID(int=1), Ed25519PrivateKey.from_private_bytes(b"k" * 32)) as queue:
        entries = list(queue.entries())
        bodies = list(queue.batches(size=4))
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
    assert told <= len(entries) <= told + 3
    for before, after in pairwise(entries):
        assert after.prior == digest_of(UUID(int=1), before).hex()
    assert sum(len(body["entries"]) for body in bodies) == len(entries)  # type: ignore[arg-type, misc]  # JSON


def test_a_full_batch_is_no_larger_than_a_request_may_be(tmp_path: Path) -> None:
    with StationQueue(tmp_path / "q", UUID(int=1), Ed25519PrivateKey.generate()) as queue:
        entry = queue.add(
            kind="out",
            activity_session_id=1_000_000,
            now=STARTS + timedelta(microseconds=123_456),
            offset_ms=-1234,
            station_id=100_000,
            member_code="A" * 48,
        )
    size = len(json.dumps(asdict(replace(entry, seq=1_000_000)), separators=(",", ":")))
    assert size * MAX_ENTRIES < MAX_BODY_BYTES, size


async def test_a_full_disk_refuses_a_scan_and_spoils_no_other(scene: Scene, tmp_path: Path) -> None:
    outage = await lose_network(scene, tmp_path)
    card = await scene.card_of((await scene.members(1))[0])
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    with outage.queue() as queue:

        def add(minute: int) -> Entry:
            at = STARTS + minute * MINUTE
            return queue.add(kind="in", activity_session_id=scene.session, now=at, offset_ms=0, card=card)

        first = add(0)
        resource.setrlimit(resource.RLIMIT_FSIZE, (outage.path.stat().st_size + 50, limits[1]))
        try:
            with pytest.raises(OSError, match=r"."):
                add(1)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        second = add(2)
    assert outage.entries() == [first, second]
    assert await outage.upload(outage.entries(), EVENING) == ["accepted", "repeat"]
