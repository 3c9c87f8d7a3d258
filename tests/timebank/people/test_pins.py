"""A card's PIN: which are refused, how misses are counted and forgiven, and that none is lost by a rush."""

import asyncio
from collections import Counter
from datetime import UTC, datetime

import pytest

from ledger.session import ReadTx, WriteTx
from tests.api.cast import Cast
from timebank.database import Database
from timebank.errors import RefusalError
from timebank.people.cards import issue_card, reissue_card
from timebank.people.pins import MAX_MISSES, PinTry, begin_try, check_has_card, check_pin, end_try, set_pin

NOW = datetime(2026, 5, 9, 1, 0, tzinfo=UTC)
HASH = "a hash"


async def carded(database: Database, cast: Cast, name: str = "alice", pin_hash: str | None = HASH) -> str:
    """Give somebody a card with a PIN and return its token."""

    async def work(tx: WriteTx) -> str:
        card = await issue_card(tx, cast.people[name], now=NOW, actor="test")
        if pin_hash is not None:
            assert await set_pin(tx, cast.people[name], pin_hash=pin_hash, now=NOW) == card.id
        return card.token

    return await database.write(cast.bank, work)


async def begun(database: Database, cast: Cast, token: str) -> PinTry:
    return await database.write(cast.bank, lambda tx: begin_try(tx, token))


async def ended(database: Database, cast: Cast, tried: PinTry, *, is_right: bool) -> str | None:
    return await database.write(cast.bank, lambda tx: end_try(tx, tried, is_right=is_right))


async def refusal(database: Database, cast: Cast, token: str) -> str:
    with pytest.raises(RefusalError) as refused:
        await begun(database, cast, token)
    return refused.value.code


async def told(database: Database, cast: Cast) -> list[str]:
    async def work(tx: ReadTx) -> list[str]:
        rows = await tx.connection.fetch(
            "select kind from notifications where bank_id = $1 and person_id = $2 order by id",
            tx.bank_id,
            cast.people["alice"],
        )
        return [row["kind"] for row in rows]

    return await database.read(cast.bank, work)


@pytest.mark.parametrize(
    ("pin", "code"),
    [
        ("407", "pin_invalid"),
        ("407140714", "pin_invalid"),
        ("40a1", "pin_invalid"),
        ("４０７１", "pin_invalid"),
        ("0000", "pin_common"),
        ("3456", "pin_common"),
        ("98765", "pin_common"),
    ],
)
def test_a_pin_that_is_none_or_that_anybody_tries_is_refused(pin: str, code: str) -> None:
    with pytest.raises(RefusalError) as refused:
        check_pin(pin)
    assert refused.value.code == code


@pytest.mark.parametrize("pin", ["4071", "1235", "2468", "40719203"])
def test_any_other_is_taken(pin: str) -> None:
    check_pin(pin)


async def test_a_right_one_names_the_holder_and_forgives(database: Database, cast: Cast) -> None:
    token = await carded(database, cast)
    for _ in range(MAX_MISSES - 1):
        tried = await begun(database, cast, token)
        assert await ended(database, cast, tried, is_right=False) == "pin_wrong"
    tried = await begun(database, cast, token.lower())
    assert (tried.person_id, tried.pin_hash, tried.misses) == (cast.people["alice"], HASH, MAX_MISSES)
    assert await ended(database, cast, tried, is_right=True) is None
    assert (await begun(database, cast, token)).misses == 1
    assert HASH not in repr(tried)


async def test_five_misses_lock_it_until_it_is_set_anew(database: Database, cast: Cast) -> None:
    token = await carded(database, cast)
    answers = [
        await ended(database, cast, await begun(database, cast, token), is_right=False)
        for _ in range(MAX_MISSES)
    ]
    assert answers == ["pin_wrong"] * 4 + ["pin_locked"]
    assert await refusal(database, cast, token) == "pin_locked"
    assert await told(database, cast) == ["pin_set", "pin_locked"]
    await database.write(cast.bank, lambda tx: set_pin(tx, cast.people["alice"], pin_hash="new", now=NOW))
    again = await begun(database, cast, token)
    assert (again.misses, again.pin_hash) == (1, "new")


async def test_a_try_that_was_never_ended_counts(database: Database, cast: Cast) -> None:
    token = await carded(database, cast)
    for _ in range(MAX_MISSES):
        await begun(database, cast, token)
    assert await refusal(database, cast, token) == "pin_locked"


async def test_of_a_rush_five_are_let_in(database: Database, cast: Cast) -> None:
    token = await carded(database, cast)

    async def one() -> str:
        try:
            return str((await begun(database, cast, token)).misses)
        except RefusalError as refused:
            return refused.code

    answers = Counter(await asyncio.gather(*(one() for _ in range(20))))
    assert answers == Counter({"1": 1, "2": 1, "3": 1, "4": 1, "5": 1, "pin_locked": 15})


async def test_a_try_at_the_pin_before_forgives_nothing(database: Database, cast: Cast) -> None:
    token = await carded(database, cast)
    tried = await begun(database, cast, token)
    await database.write(cast.bank, lambda tx: set_pin(tx, cast.people["alice"], pin_hash="new", now=NOW))
    await begun(database, cast, token)
    await ended(database, cast, tried, is_right=True)
    assert (await begun(database, cast, token)).misses == 2


async def test_without_a_good_card_there_is_no_pin(database: Database, cast: Cast) -> None:
    alice = cast.people["alice"]
    for work in (
        lambda tx: check_has_card(tx, alice),
        lambda tx: set_pin(tx, alice, pin_hash=HASH, now=NOW),
    ):
        with pytest.raises(RefusalError, match="no_card"):
            await database.write(cast.bank, work)
    token = await carded(database, cast, pin_hash=None)
    await database.read(cast.bank, lambda tx: check_has_card(tx, alice))
    assert await refusal(database, cast, token) == "pin_missing"
    assert await refusal(database, cast, "TBC-0000000000000000") == "unknown_card"
    await database.write(cast.bank, lambda tx: set_pin(tx, alice, pin_hash=HASH, now=NOW))
    new = await database.write(
        cast.bank, lambda tx: reissue_card(tx, alice, reason="lost", now=NOW, actor="test")
    )
    assert await refusal(database, cast, token) == "unknown_card"
    assert await refusal(database, cast, new.token) == "pin_missing"


async def test_an_erased_holders_card_is_none(database: Database, cast: Cast) -> None:
    token = await carded(database, cast)
    erase = "update people set erased_at = $3 where bank_id = $1 and id = $2"
    await database.write(
        cast.bank, lambda tx: tx.connection.execute(erase, tx.bank_id, cast.people["alice"], NOW)
    )
    with pytest.raises(RefusalError):
        await begun(database, cast, token)
