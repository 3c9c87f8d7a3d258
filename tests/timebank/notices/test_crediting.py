"""Credit: what a record puts in the books, once, by the version of the policy that it carries."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest

from ledger.periods import close_period
from ledger.values import WALLET, Place
from tests.timebank.notices.scene import LAST_EVENING, OVER, SERVICE, Scene, earning_pack
from tests.timebank.offices import assert_sound
from timebank.errors import RefusalError
from timebank.notices import queries
from timebank.notices.closing import credit_notice
from timebank.notices.crediting import By, CreditableRecord, Credited, credit_drafts, credit_records
from timebank.organisations.actions import move_organisation
from timebank.policy.actions import PolicyHistory, PolicyVersion
from timebank.policy.rules import default_pack

END_OF_2026, END_OF_SEPTEMBER = date(2026, 12, 31), date(2026, 9, 30)
BY = By("job:credit")
OFFICE = By("person:office", uuid4())


def creditable(**changes: object) -> CreditableRecord:
    values: dict[str, object] = {
        "record_id": 7,
        "owner": uuid4(),
        "is_party_member": False,
        "minutes": 100,
        "points": 17,
        "effective_at": SERVICE,
        "policy_version": 2,
    }
    return CreditableRecord(**{**values, **changes})  # type: ignore[arg-type]  # a test's own values


HISTORY = PolicyHistory(
    (
        PolicyVersion(1, date(2021, 1, 1), default_pack()),
        PolicyVersion(2, date(2025, 1, 1), earning_pack()),
    )
)


def moved(record: CreditableRecord) -> list[tuple[str, int, date | None]]:
    (draft,) = credit_drafts([record], HISTORY, actor="test")
    assert all(isinstance(move.target, Place) and move.target.kind == WALLET for move in draft.moves)
    assert (draft.key, draft.metadata) == ("record:7", {"record": 7, "policy": record.policy_version})
    return [(move.unit, move.amount, getattr(move.target, "expires_on", None)) for move in draft.moves]


def test_a_record_puts_minutes_points_and_what_the_pack_says_in_the_books() -> None:
    # 100 minutes are 1.6667 h: 2.5 fufen, rounded half up, and 1.67 of a party member's score.
    usual = [("minute", 100, None), ("point", 17, END_OF_2026), ("fufen", 3, END_OF_SEPTEMBER)]
    assert moved(creditable()) == usual
    assert moved(creditable(is_party_member=True)) == [*usual, ("party_score", 2, None)]


def test_the_version_that_the_record_carries_says_what_it_earns() -> None:
    assert moved(creditable(policy_version=1)) == [("minute", 100, None), ("point", 17, END_OF_2026)]


def test_what_comes_to_nothing_is_not_moved() -> None:
    assert moved(creditable(minutes=10, points=0)) == [("minute", 10, None)]
    assert moved(creditable(minutes=0, points=5)) == [("point", 5, END_OF_2026)]


async def test_credit_is_right_by_hand_and_told(scene: Scene) -> None:
    await scene.write(
        lambda tx: tx.connection.execute(
            "update volunteers set is_party_member = true where bank_id = $1 and owner = $2",
            tx.bank_id,
            scene.cast.people["bob"],
        )
    )
    alice, bob = await scene.record("alice"), await scene.record("bob", minutes=90, points=15)
    notice_id = await scene.notice()
    done = await scene.write(lambda tx: credit_notice(tx, notice_id=notice_id, by=OFFICE, now=OVER))
    assert done == Credited(2, 0)
    assert await scene.wallet("alice") == {
        ("minute", None): 120,
        ("point", END_OF_2026): 20,
        ("fufen", END_OF_SEPTEMBER): 3,
    }
    assert await scene.wallet("bob") == {
        ("minute", None): 90,
        ("point", END_OF_2026): 15,
        ("fufen", END_OF_SEPTEMBER): 2,
        ("party_score", None): 2,  # 1.5, half up
    }
    for record in (alice, bob):
        assert await scene.state(record) == ("credited", ["approved", "noticed", "credited"])
    assert await scene.told("alice") == ["record_credited"]
    effective = await scene.read(
        lambda tx: tx.connection.fetchval(
            "select effective_at from transactions where bank_id = $1 and idempotency_key = $2",
            tx.bank_id,
            f"record:{alice}",
        )
    )
    assert effective == SERVICE + timedelta(hours=2)
    found = await scene.read(lambda tx: queries.notice(tx, notice_id))
    assert found.closed_at == OVER
    await assert_sound(scene.database, scene.cast.bank)


async def test_a_notice_is_not_cut_short(scene: Scene) -> None:
    record = await scene.record("alice")
    notice_id = await scene.notice()
    with pytest.raises(RefusalError, match="notice_still_open"):
        await scene.write(lambda tx: credit_notice(tx, notice_id=notice_id, by=BY, now=LAST_EVENING))
    assert (await scene.state(record))[0] == "noticed"
    assert await scene.wallet("alice") == {}
    with pytest.raises(RefusalError, match="unknown_notice"):
        await scene.write(lambda tx: credit_notice(tx, notice_id=notice_id + 1000, by=BY, now=OVER))


async def test_closing_twice_at_once_credits_once(scene: Scene) -> None:
    for _ in range(30):
        await scene.record("alice", minutes=60, points=10)
    notice_id = await scene.notice()
    done = await asyncio.gather(
        *(
            scene.write(lambda tx, by=by: credit_notice(tx, notice_id=notice_id, by=by, now=OVER))  # type: ignore[misc]  # a lambda with a default has no type
            for by in (BY, OFFICE, BY)
        )
    )
    assert sum(one.credited for one in done) == 30
    assert sum(one.refused for one in done) == 0
    wallet = await scene.wallet("alice")
    assert (wallet["minute", None], wallet["point", END_OF_2026]) == (1800, 300)
    again = await scene.write(lambda tx: credit_notice(tx, notice_id=notice_id, by=BY, now=OVER))
    assert again == Credited()
    assert len(await scene.told("alice")) == 30
    await assert_sound(scene.database, scene.cast.bank)


async def test_a_disputed_record_is_not_credited_until_that_is_decided(scene: Scene) -> None:
    held, free = await scene.record("alice"), await scene.record("bob")
    notice_id = await scene.notice()
    await scene.dispute(held)
    done = await scene.write(lambda tx: credit_notice(tx, notice_id=notice_id, by=BY, now=OVER))
    assert done == Credited(1, 0)
    assert [(await scene.state(one))[0] for one in (held, free)] == ["noticed", "credited"]
    assert await scene.wallet("alice") == {}
    await scene.dispute(held, decided=True)
    later = await scene.write(lambda tx: credit_notice(tx, notice_id=notice_id, by=BY, now=OVER))
    assert later == Credited(1, 0)
    assert (await scene.wallet("alice"))["minute", None] == 120


async def test_a_dispute_raised_while_the_credit_waits_for_the_record_holds_it(scene: Scene) -> None:
    record = await scene.record("alice")
    await scene.notice()
    raised, crediting = asyncio.Event(), asyncio.Event()

    async def dispute() -> None:
        async def work(tx):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202 -- a test's own
            await tx.connection.execute(
                "insert into disputes (bank_id, record_id, person_id, statement, raised_at)"
                " values ($1, $2, $3, '测试', $4)",
                tx.bank_id,
                record,
                scene.cast.people["alice"],
                OVER,
            )
            raised.set()
            await crediting.wait()
            await asyncio.sleep(0.2)  # the credit waits for the record by now

        await scene.write(work)

    async def credit() -> Credited:
        await raised.wait()
        crediting.set()
        return await scene.write(
            lambda tx: credit_records(tx, record_ids=[record], state="noticed", by=BY, now=OVER)
        )

    _, done = await asyncio.gather(dispute(), credit())
    assert done == Credited()
    assert await scene.wallet("alice") == {}


async def test_a_line_whose_record_fell_is_struck_and_not_credited(scene: Scene) -> None:
    record = await scene.record("alice")
    notice_id = await scene.notice()
    await scene.write(
        lambda tx: tx.connection.execute(
            "update service_records set state = 'rejected' where bank_id = $1 and id = $2", tx.bank_id, record
        )
    )
    done = await scene.write(lambda tx: credit_notice(tx, notice_id=notice_id, by=BY, now=OVER))
    assert done == Credited()
    assert await scene.read(lambda tx: queries.line_counts(tx, notice_id)) == {"struck": 1}


async def test_what_lies_in_a_closed_period_takes_effect_today(scene: Scene) -> None:
    record = await scene.record("alice", starts_at=SERVICE.replace(year=2024))
    recent = await scene.record("bob")
    notice_id = await scene.notice()
    new_year = datetime(2025, 1, 1, tzinfo=UTC)
    await scene.write(lambda tx: close_period(tx, before=new_year, actor="test"))
    done = await scene.write(lambda tx: credit_notice(tx, notice_id=notice_id, by=BY, now=OVER))
    assert done == Credited(2, 0)
    rows = await scene.read(
        lambda tx: tx.connection.fetch(
            "select idempotency_key, effective_at from transactions where bank_id = $1", tx.bank_id
        )
    )
    assert {row["idempotency_key"]: row["effective_at"] for row in rows} == {
        f"record:{record}": OVER,
        f"record:{recent}": SERVICE + timedelta(hours=2),
    }
    # The lot of what takes effect in 2025 ends with 2026.
    assert (await scene.wallet("alice"))["point", END_OF_2026] == 20
    await assert_sound(scene.database, scene.cast.bank)


async def test_a_period_closed_beyond_today_waits_and_burns_no_key(scene: Scene) -> None:
    record = await scene.record("alice")
    notice_id = await scene.notice()
    await scene.write(lambda tx: close_period(tx, before=OVER + timedelta(days=1), actor="test"))
    waiting = await scene.write(lambda tx: credit_notice(tx, notice_id=notice_id, by=BY, now=OVER))
    assert waiting == Credited()
    later = OVER + timedelta(days=2)
    done = await scene.write(lambda tx: credit_notice(tx, notice_id=notice_id, by=BY, now=later))
    assert done == Credited(1, 0)
    assert (await scene.state(record))[0] == "credited"


async def test_a_refusal_of_the_ledger_is_noted_once_and_holds_up_nobody(scene: Scene) -> None:
    refused, free = await scene.record("alice"), await scene.record("bob")
    notice_id = await scene.notice()
    # Somebody used the record's key for something else.
    (other,) = credit_drafts(
        [creditable(record_id=refused, owner=scene.cast.people["alice"], minutes=1, points=0)],
        PolicyHistory((PolicyVersion(2, date(2021, 1, 1), default_pack()),)),
        actor="test",
    )
    await scene.database.post(scene.cast.bank, [other])
    for _ in range(2):
        done = await scene.write(lambda tx: credit_notice(tx, notice_id=notice_id, by=BY, now=OVER))
        assert done.refused == 1
    assert await scene.state(refused) == ("noticed", ["approved", "noticed", "noted"])
    assert await scene.state(free) == ("credited", ["approved", "noticed", "credited"])


async def test_a_new_pack_and_a_moved_community_change_nothing_credited(scene: Scene) -> None:
    record = await scene.record("alice")
    notice_id = await scene.notice()
    await scene.write(lambda tx: credit_notice(tx, notice_id=notice_id, by=BY, now=OVER))
    before = (await scene.wallet("alice"), await scene.state(record))
    shown = await scene.read(lambda tx: queries.lines(tx, notice_id, after_line=0, limit=9))
    await scene.adopt(default_pack(), effective_from=date(2025, 9, 1))
    nodes = scene.cast.organisations
    await scene.write(
        lambda tx: move_organisation(
            tx,
            nodes["apple"],
            parent_id=nodes["south"],
            moved_on=date(2025, 9, 1),
            today=OVER.date(),
            actor="test",
        )
    )
    await scene.write(lambda tx: credit_notice(tx, notice_id=notice_id, by=BY, now=OVER))
    assert (await scene.wallet("alice"), await scene.state(record)) == before
    assert await scene.read(lambda tx: queries.lines(tx, notice_id, after_line=0, limit=9)) == shown
    await assert_sound(scene.database, scene.cast.bank)


async def test_a_record_noticed_before_a_new_pack_is_priced_by_its_own_version(scene: Scene) -> None:
    await scene.record("alice")
    notice_id = await scene.notice()
    await scene.adopt(default_pack(), effective_from=date(2025, 9, 1))
    await scene.write(lambda tx: credit_notice(tx, notice_id=notice_id, by=BY, now=OVER))
    assert (await scene.wallet("alice"))["fufen", END_OF_SEPTEMBER] == 3
