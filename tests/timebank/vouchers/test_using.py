"""What becomes of vouchers that are handed in: each way as docs/vouchers.md has it, and the books whole after it."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from ledger.periods import close_period
from ledger.session import WriteTx
from tests.statements import statements_in
from tests.timebank.offers.scene import HAIRCUT, NOW
from tests.timebank.vouchers.scene import DAY, MINUTE, Booth
from timebank.access import Actor
from timebank.errors import RefusalError
from timebank.vouchers import client, offline, rules
from timebank.vouchers.keys import VoucherKeys
from timebank.vouchers.loading import prepared
from timebank.vouchers.offline import PURPOSE, Said, written
from timebank.vouchers.queries import Voucher, use_counts, uses_at
from timebank.vouchers.rules import Use
from timebank.vouchers.using import Answer, take_uses
from timebank.words import both

DOCUMENT = Path(__file__).parents[3] / "docs" / "vouchers.md"


def signed(keys: VoucherKeys, said: Said) -> str:
    """Return the text of anything, signed with a bank's key."""
    signature = keys.sign(keys.key_id, PURPOSE + said.body)
    assert signature is not None
    return written(said, signature)


def said_of(booth: Booth, made: Voucher) -> Said:
    return made.said(booth.cast.bank.id)


async def test_the_first_use_is_honoured(booth: Booth) -> None:
    made = await booth.issue()
    assert await booth.hand_in([(booth.text(made), NOW)]) == [Answer("honoured", made.id, 20)]
    assert await booth.states() == ["used"]
    assert await booth.fufen("alice") == 80
    assert await booth.taken() == 20
    (row,) = await booth.rows("select * from acceptances where bank_id = $1")
    assert (row["via"], row["voucher_id"], row["fufen"], row["offer_id"]) == (
        "voucher",
        made.id,
        20,
        booth.offer,
    )
    assert (row["accepted_at"], row["accepted_on"], row["policy_version"]) == (NOW, date(2026, 5, 9), 1)
    assert (await booth.told("alice"))[-1] == "voucher_used"
    await booth.check_whole()


async def test_the_same_handed_in_again_is_known(booth: Booth) -> None:
    text = booth.text(await booth.issue())
    assert await booth.use(text) == "honoured"
    assert await booth.use(text, used_at=NOW, at=NOW + DAY) == "repeat"
    assert await booth.use(f" {text.lower()}\n", used_at=NOW, at=NOW + DAY) == "repeat"
    assert len(await booth.rows("select id from voucher_uses where bank_id = $1")) == 1
    assert "voucher_uses_refused" not in await booth.told("olga")
    await booth.check_whole()


async def test_used_twice_without_network_the_first_handed_in_is_honoured(booth: Booth) -> None:
    """Two devices of the merchant took it, neither knew of the other; the later use is handed in first."""
    made = await booth.issue()
    text = booth.text(made)
    assert await booth.use(text, used_at=NOW + 2 * MINUTE, at=NOW + DAY) == "honoured"
    assert await booth.use(text, used_at=NOW + MINUTE, at=NOW + 2 * DAY) == "voucher_used_before"
    assert await booth.use(text, used_at=NOW + MINUTE, at=NOW + 2 * DAY) == "voucher_used_before"
    assert await booth.taken() == 20
    lines = await booth.read(lambda tx: uses_at(tx, booth.merchant, outcome=None, before_id=10**9, limit=9))
    assert [(line.outcome, line.voucher_id, line.is_offline) for line in lines] == [
        ("voucher_used_before", made.id, True),
        ("honoured", made.id, True),
    ]
    assert (await booth.told("olga")).count("voucher_uses_refused") == 1
    await booth.check_whole()


async def test_used_at_two_merchants_the_one_it_names_is_honoured(booth: Booth) -> None:
    other = await booth.open()
    text = booth.text(await booth.issue())
    assert await booth.use(text, merchant=other) == "voucher_of_other_merchant"
    assert await booth.use(text) == "honoured"
    assert await booth.use(text, used_at=NOW + MINUTE, merchant=other) == "voucher_of_other_merchant"
    (row,) = await booth.rows("select merchant_id from acceptances where bank_id = $1")
    assert row["merchant_id"] == booth.merchant
    await booth.check_whole()


async def test_twice_in_one_batch_is_as_twice_in_two(booth: Booth) -> None:
    first, second = booth.text(await booth.issue()), booth.text(await booth.issue())
    later = NOW + MINUTE
    uses = [(first, NOW), (first, NOW), (second, NOW), (first, later), ("nothing", NOW), ("nothing", NOW)]
    answers = await booth.hand_in(uses, at=NOW + DAY)
    assert [answer.outcome for answer in answers] == [
        "honoured",
        "repeat",
        "honoured",
        "voucher_used_before",
        "voucher_unreadable",
        "voucher_unreadable",
    ]
    await booth.check_whole()


async def test_what_the_bank_did_not_sign_or_did_not_make_is_forged(booth: Booth) -> None:
    made = await booth.issue()
    said = said_of(booth, made)
    stranger = VoucherKeys(
        type("Ring", (), {"keys": (b"s" * 32,), "refresh": lambda _: False})(), said.bank_id
    )
    forged = [
        signed(stranger, said),
        booth.text(made)[:-1] + ("A" if booth.text(made)[-1] != "A" else "B"),
        # Signed with the very key, but nothing that was made: a key that got out, or books restored from before.
        signed(booth.keys, replace(said, number=made.id + 1_000_000)),
        signed(booth.keys, replace(said, number=2**64 - 1)),
        signed(booth.keys, replace(said, fufen=2_000)),
        signed(booth.keys, replace(said, expires_on=said.expires_on + DAY)),
        signed(booth.keys, replace(said, kind="amount_off")),
    ]
    answers = await booth.hand_in([(text, NOW) for text in forged])
    assert {answer.outcome for answer in answers} == {"voucher_forged"}
    assert await booth.states() == ["issued"]
    assert await booth.use(booth.text(made)) == "honoured"
    (told,) = await booth.rows(
        "select params::text as params from notifications where bank_id = $1 and kind = 'voucher_uses_refused'"
        " and person_id = $2",
        booth.cast.people["olga"],
    )
    assert '"voucher_forged": 7' in str(told["params"])
    await booth.check_whole()


async def test_of_another_bank_and_no_voucher_at_all(booth: Booth) -> None:
    said = said_of(booth, await booth.issue())
    elsewhere = signed(booth.keys, replace(said, bank_id=said.bank_id + 1))
    assert await booth.use(elsewhere) == "voucher_of_other_bank"
    assert await booth.use("AEAQCAIHBNEPBEOWWWDEHWNIUFNKY") == "voucher_unreadable"
    assert await booth.states() == ["issued"]
    await booth.check_whole()


async def test_after_its_last_day_it_is_expired(booth: Booth) -> None:
    made = await booth.issue()
    day_is_over = datetime(2026, 6, 8, 16, tzinfo=UTC)
    text = booth.text(made)
    assert await booth.use(text, used_at=day_is_over) == "honoured"  # a clock that is ahead: it is May still
    text = booth.text(await booth.issue())
    assert await booth.use(text, at=day_is_over) == "voucher_expired"
    assert await booth.use(text, used_at=day_is_over - MINUTE, at=day_is_over + DAY) == "honoured"
    await booth.check_whole()


async def test_one_that_was_used_in_time_is_taken_so_long_as_it_is_held(booth: Booth) -> None:
    first, second = await booth.issue(), await booth.issue()
    assert await booth.use(booth.text(first), used_at=NOW, at=first.until_at) == "honoured"
    late = second.until_at + timedelta(seconds=1)
    assert await booth.use(booth.text(second), used_at=NOW, at=late) == "voucher_late"
    assert await booth.lapse(late) == 1
    assert await booth.use(booth.text(second), used_at=NOW + MINUTE, at=late) == "voucher_late"
    assert await booth.states() == ["used", "lapsed"]
    await booth.check_whole()


async def test_what_it_holds_has_ended_when_it_is_handed_in(booth: Booth) -> None:
    """The use counts on its own day, when the lot lived still; a clock from before the voucher counts as its making."""
    await booth.give("bob", 40, expires_on=date(2026, 5, 11))
    first, second = await booth.issue("bob"), await booth.issue("bob")
    assert first.expires_on == date(2026, 5, 11)
    after = datetime(2026, 5, 13, tzinfo=UTC)
    uses = [(booth.text(first), NOW + DAY), (booth.text(second), NOW - 400 * DAY)]
    answers = await booth.hand_in(uses, at=after)
    assert [answer.outcome for answer in answers] == ["honoured", "honoured"]
    rows = await booth.rows("select accepted_at from acceptances where bank_id = $1 order by id")
    assert [row["accepted_at"] for row in rows] == [NOW + DAY, NOW]
    await booth.check_whole()


async def test_a_lot_that_ended_in_a_closed_period_is_not_taken(booth: Booth) -> None:
    await booth.give("bob", 20, expires_on=date(2026, 5, 11))
    made = await booth.issue("bob")
    later = NOW + 3 * DAY
    await booth.database.write(booth.cast.bank, lambda tx: close_period(tx, before=later, actor="test"))
    assert await booth.use(booth.text(made), used_at=NOW + DAY, at=later + DAY) == "voucher_late"
    assert await booth.states() == ["issued"]
    assert await booth.lapse(made.until_at + DAY) == 1
    await booth.check_whole()


async def test_one_that_was_taken_back_is_refused_and_reported(booth: Booth) -> None:
    made = await booth.issue()
    text = booth.text(made)
    await booth.cancel(made.id, at=NOW + MINUTE)
    assert await booth.use(text, used_at=NOW, at=NOW + DAY) == "voucher_cancelled"
    assert "voucher_uses_refused" in await booth.told("olga")
    assert await booth.fufen("alice") == 100
    await booth.check_whole()


async def test_a_suspended_merchant_hands_in_again_once_it_is_active(booth: Booth) -> None:
    made = await booth.issue()
    text = booth.text(made)
    await booth.step("olga", "suspended")
    assert await booth.use(text, used_at=NOW, at=NOW + DAY) == "merchant_not_active"
    assert await booth.use(text, used_at=NOW, at=NOW + 2 * DAY) == "merchant_not_active"
    assert (await booth.states(), await booth.taken()) == (["issued"], 0)
    await booth.step("olga", "resumed")
    assert await booth.use(text, used_at=NOW, at=NOW + 3 * DAY) == "honoured"
    counts = await booth.read(lambda tx: use_counts(tx, booth.merchant, from_at=NOW, until_at=NOW + 3 * DAY))
    assert counts == {"merchant_not_active": 2}
    await booth.check_whole()


async def test_a_voucher_of_a_merchant_that_stays_suspended_lapses(booth: Booth) -> None:
    made = await booth.issue()
    await booth.step("olga", "suspended")
    assert await booth.use(booth.text(made)) == "merchant_not_active"
    assert await booth.lapse(made.until_at + MINUTE) == 1
    assert await booth.fufen("alice") == 100
    await booth.check_whole()


async def test_a_withdrawn_offer_keeps_its_promises(booth: Booth) -> None:
    made = await booth.issue(offer=await booth.publish(replace(HAIRCUT, total_limit=1)))
    await booth.act(
        "max",
        lambda tx, _: tx.connection.execute(
            "update offers set state = 'withdrawn' where bank_id = $1 and id = $2", tx.bank_id, made.offer_id
        ),
    )
    assert await booth.use(booth.text(made)) == "honoured"
    await booth.check_whole()


async def test_a_merchant_that_is_not_there(booth: Booth) -> None:
    with pytest.raises(RefusalError, match="unknown_merchant"):
        await booth.use("nothing", merchant=999_999)


async def test_a_batch_takes_as_many_statements_as_one_use(booth: Booth) -> None:
    await booth.give("alice", 1_000)
    ready = prepared(booth.keys, [(booth.text(await booth.issue()), NOW) for _ in range(22)])
    counts = []
    for uses in (ready[:1], ready[1:2], ready[2:]):

        async def work(tx: WriteTx, actor: Actor, uses: list[Use] = uses) -> int:
            async with statements_in(tx) as asked:
                answers = await take_uses(tx, uses, merchant_id=booth.merchant, by=actor.text, now=NOW)
            assert {answer.outcome for answer in answers} == {"honoured"}
            return len(asked)

        counts.append(await booth.act("max", work))
    assert counts[1] == counts[2]  # the first opens the merchant's takings
    await booth.check_whole()


def test_the_document_names_every_outcome() -> None:
    _, _, section = DOCUMENT.read_text(encoding="utf-8").partition("## What becomes of a use")
    listed = set(re.findall(r"^\| `([a-z_]+)` \|", section, re.MULTILINE))
    codes = {
        value
        for module in (offline, rules, client)
        for value in vars(module).values()
        if isinstance(value, str)
    }
    outcomes = {code for code in codes if code.startswith("voucher_")} | {"honoured", "repeat"}
    assert listed == outcomes | {"merchant_not_active"}
    for code in listed:
        assert both(code if code.startswith(("voucher_", "merchant_")) else f"voucher_{code}")
