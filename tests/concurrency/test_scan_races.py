"""Two processes' queues at the same members, phones, codes and places at once: one accepts, the other is answered."""

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from ledger.session import WriteTx
from tests.api.cast import enter
from tests.concurrency.crowd import somebody_waits
from tests.timebank.scans.outage import lose_network, signed
from tests.timebank.scans.scene import KEYS, STARTS, Scene, open_scene, own, taken
from timebank.codes.rules import StationCode, read_code
from timebank.database import APP, Address, Bank, Database
from timebank.scans.actions import record_scans
from timebank.scans.queue import ScanQueue
from timebank.scans.receipts import make_receipt
from timebank.scans.requests import ScanAnswer, ScanRequest

SECOND = timedelta(seconds=1)


@pytest_asyncio.fixture
async def scene(database: Database, bank: Bank) -> Scene:
    """Return a session of three places to walk into."""
    return await open_scene(database, await enter(database, bank), capacity=3)


@pytest_asyncio.fixture
async def queues(address: Address, bank: Bank) -> AsyncIterator[tuple[ScanQueue, ScanQueue]]:
    """Return the queues of two processes, each with connections of its own."""
    async with (
        Database.connect(address, APP, max_size=4) as one,
        Database.connect(address, APP, max_size=4) as two,
        ScanQueue(one, bank, KEYS) as first,
        ScanQueue(two, bank, KEYS) as second,
    ):
        yield first, second


async def both(
    queues: tuple[ScanQueue, ScanQueue], *requests: ScanRequest
) -> list[tuple[ScanAnswer, ScanAnswer]]:
    """Send each request to both queues at once; the same scan, but not the same message."""
    pairs = [
        asyncio.gather(*(queue.submit(replace(request, digest=secrets.token_bytes(32))) for queue in queues))
        for request in requests
    ]
    return [(one, two) for one, two in await asyncio.gather(*pairs)]


async def test_a_member_is_checked_in_once_however_many_ask(
    scene: Scene, queues: tuple[ScanQueue, ScanQueue]
) -> None:
    people = await scene.members(60)
    requests = [own(person, STARTS, code=scene.shown(STARTS)) for person in people]
    answers = await both(queues, *requests)
    assert all({one.outcome, two.outcome} == {"accepted", "repeat"} for one, two in answers)
    assert len(await scene.attendances()) == 60
    assert Counter(outcome for outcome, _ in await scene.kept()) == {"accepted": 60, "repeat": 60}


async def test_a_phone_checks_in_one_of_two_members(
    scene: Scene, queues: tuple[ScanQueue, ScanQueue]
) -> None:
    people, code = await scene.members(40), scene.shown(STARTS)
    phones = [secrets.token_bytes(32) for _ in range(20)]
    requests = [own(person, STARTS, code=code, phone=phones[n // 2]) for n, person in enumerate(people)]
    answers = await asyncio.gather(*(queues[n % 2].submit(request) for n, request in enumerate(requests)))
    for pair in zip(answers[::2], answers[1::2], strict=True):
        assert {answer.outcome for answer in pair} == {"accepted", "phone_used"}


async def test_phones_that_are_shared_crosswise_hold_nobody_up(
    scene: Scene, queues: tuple[ScanQueue, ScanQueue]
) -> None:
    """Each process comes to the phones in the other's opposite order, and would wait for it in a ring."""
    people, code = await scene.members(40), scene.shown(STARTS)
    phones = [secrets.token_bytes(32) for _ in range(20)]
    halves = [list(zip(people[:20], phones, strict=True)), list(zip(people[20:], phones[::-1], strict=True))]
    answers = await asyncio.gather(
        *(
            queue.submit(own(person, STARTS, code=code, phone=phone))
            for queue, half in zip(queues, halves, strict=True)
            for person, phone in half
        )
    )
    assert Counter(answer.outcome for answer in answers) == {"accepted": 20, "phone_used": 20}


async def test_a_receipt_serves_one_of_two_members(scene: Scene, queues: tuple[ScanQueue, ScanQueue]) -> None:
    people, requests = await scene.members(20), []
    code = read_code(scene.shown(STARTS))
    assert isinstance(code, StationCode)
    for n in range(0, 20, 2):
        phone = secrets.token_bytes(32)
        receipt = make_receipt(KEYS, bank_id=scene.bank.id, station_code=code, phone=phone, now=STARTS)
        requests += [own(person, STARTS, receipt=receipt, phone=phone) for person in people[n : n + 2]]
    answers = await asyncio.gather(*(queues[n % 2].submit(request) for n, request in enumerate(requests)))
    for pair in zip(answers[::2], answers[1::2], strict=True):
        assert {answer.outcome for answer in pair} == {"accepted", "code_replayed"}


async def test_a_code_serves_one_of_two_sessions(scene: Scene, queues: tuple[ScanQueue, ScanQueue]) -> None:
    other = await scene.another_session(STARTS)
    codes = [(await scene.pass_of(person)).code(STARTS) for person in await scene.members(12)]
    answers = await asyncio.gather(
        *(
            queue.submit(taken(scene, STARTS, member_code=code, session_id=session))
            for code in codes
            for queue, session in zip(queues, (scene.session, other), strict=True)
        )
    )
    for pair in zip(answers[::2], answers[1::2], strict=True):
        assert {answer.outcome for answer in pair} == {"accepted", "code_replayed"}


async def test_the_last_places_are_given_once(scene: Scene, queues: tuple[ScanQueue, ScanQueue]) -> None:
    walkers = await scene.members(30, signed_up=False)
    requests = [own(person, STARTS, code=scene.shown(STARTS)) for person in walkers]
    answers = await asyncio.gather(*(queues[n % 2].submit(request) for n, request in enumerate(requests)))
    assert Counter(answer.outcome for answer in answers) == {"accepted": 3, "not_signed_up": 27}


async def test_two_uploads_of_one_queue_at_once_are_one(scene: Scene, tmp_path: Path) -> None:
    outage = await lose_network(scene, tmp_path)
    cards = [await scene.card_of(person) for person in await scene.members(30)]
    with outage.queue() as queue:
        for card in cards:
            queue.add(kind="in", activity_session_id=scene.session, now=STARTS, offset_ms=0, card=card)
    entries = outage.entries()
    uploads = [entries, entries[::-1], entries[10:], entries[:20]]
    answers = await asyncio.gather(*(outage.upload(part, STARTS + SECOND) for part in uploads))
    assert {outcome for part in answers for outcome in part} == {"accepted"}
    assert len(await scene.kept()) == 30


async def test_two_contents_of_one_number_at_once_are_a_conflict(scene: Scene, tmp_path: Path) -> None:
    outage = await lose_network(scene, tmp_path)
    card = await scene.card_of((await scene.members(1))[0])
    with outage.queue() as queue:
        entry = queue.add(kind="in", activity_session_id=scene.session, now=STARTS, offset_ms=0, card=card)
    forks = [entry, signed(outage, replace(entry, kind="out"))]
    answers = await asyncio.gather(*(outage.upload([fork], STARTS + SECOND) for fork in forks))
    assert sorted(outcome for part in answers for outcome in part) == ["accepted", "sequence_conflict"]


@pytest.mark.parametrize("commits", [True, False])
async def test_who_waited_for_another_is_judged_by_what_became_of_it(scene: Scene, *, commits: bool) -> None:
    (ann,) = await scene.members(1)
    go, ready = asyncio.Event(), asyncio.Event()

    async def held(tx: WriteTx) -> None:
        await record_scans(tx, [own(ann, STARTS, code=scene.shown(STARTS))], codes=KEYS)
        ready.set()
        await go.wait()
        if not commits:
            raise _TakenBackError

    holding = asyncio.create_task(_ended(lambda: scene.database.write(scene.bank, held)))
    await ready.wait()
    waiting = asyncio.create_task(scene.outcomes(own(ann, STARTS + SECOND, code=scene.shown(STARTS))))
    await somebody_waits(scene.database, 1)
    go.set()
    await holding
    assert await waiting == ["repeat" if commits else "accepted"]


class _TakenBackError(Exception):
    pass


async def _ended(write: Callable[[], Awaitable[None]]) -> None:
    try:
        await write()
    except _TakenBackError:
        return
