"""Reading acceptances: a member reads their own; a merchant knows nobody by more than a masked name, if they agree."""

from datetime import timedelta

import pytest

from tests.timebank.offers.scene import NOW, Market
from timebank.offers.acceptances import acceptances_at, acceptances_of
from timebank.offers.actions import Accepted
from timebank.vault.actions import replace_fields
from timebank.vault.cipher import Cipher

CIPHER = Cipher(b"v" * 32)


async def consent(market: Market, name: str, *, is_given: bool) -> None:
    person = market.cast.people[name]
    await market.act(
        "wen",
        lambda tx, _: tx.connection.execute(
            "insert into consents (bank_id, person_id, purpose, is_given, text_version, declared_by, actor)"
            " values ($1, $2, 'merchant', $3, '1', $2, 'test')",
            tx.bank_id,
            person,
            is_given,
        ),
    )


async def names(market: Market) -> list[str]:
    found = await market.read(
        lambda tx: acceptances_at(tx, CIPHER, market.merchant, before_id=2**62, limit=9)
    )
    return [one.name for one in found]


@pytest.fixture
async def named(market: Market) -> Market:
    """Return the market after Alice, who has a name, gave fufen and then Bob, who has none."""
    alice = market.cast.people["alice"]
    await market.act("wen", lambda tx, _: replace_fields(tx, CIPHER, alice, {"name": "王测明"}))
    await market.give("bob", 20)
    assert isinstance(await market.take(market.shown_by("alice")), Accepted)
    assert isinstance(await market.confirm("bob", market.shown_at()), Accepted)
    return market


async def test_a_name_is_masked_and_shown_with_consent_only(named: Market) -> None:
    assert await names(named) == ["***", "***"]
    await consent(named, "alice", is_given=True)
    await consent(named, "bob", is_given=True)
    assert await names(named) == ["***", "王*明"]
    await consent(named, "alice", is_given=False)
    assert await names(named) == ["***", "***"]


async def test_a_merchants_page_is_its_own_and_newest_first(named: Market) -> None:
    found = await named.read(lambda tx: acceptances_at(tx, CIPHER, named.merchant, before_id=2**62, limit=9))
    assert [(one.via, one.fufen, one.title, one.refunded_at) for one in found] == [
        ("merchant_code", 20, "理发八折", None),
        ("member_code", 20, "理发八折", None),
    ]
    older = await named.read(
        lambda tx: acceptances_at(tx, CIPHER, named.merchant, before_id=found[0].id, limit=9)
    )
    assert older == found[1:]
    other = await named.open(staff=None)
    assert await named.read(lambda tx: acceptances_at(tx, CIPHER, other, before_id=2**62, limit=9)) == []


async def test_a_member_reads_their_own(named: Market) -> None:
    at = NOW + timedelta(minutes=5)
    assert isinstance(await named.take(named.shown_by("alice", at), at=at), Accepted)
    found = await named.read(
        lambda tx: acceptances_of(tx, named.cast.people["alice"], before_id=2**62, limit=9)
    )
    assert [(one.merchant, one.via, one.accepted_at) for one in found] == [
        ("测试理发店", "member_code", at),
        ("测试理发店", "member_code", NOW),
    ]
