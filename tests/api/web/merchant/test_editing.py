"""A merchant's draft over HTTP: changed until it is published, by its own staff alone."""

import re

import pytest

from tests.api.conftest import As
from tests.api.entering import Door
from tests.api.v1.bazaar import OFFERS, Bazaar, draft_offer
from tests.api.web.browser import Browser, Browsers
from tests.api.web.merchant import test_offering
from tests.api.web.merchant.test_offering import bazaar, press

__all__ = ["bazaar"]


def typed(door: Door, **fields: str) -> dict[str, str]:
    """Return what is typed: all that a new offer is, but its kind, which stays."""
    said = test_offering.typed(door, **fields)
    return {name: value for name, value in said.items() if name != "kind"}


async def opened(of: Browsers, offer: int) -> tuple[Browser, str, dict[str, object]]:
    """Return Max at the page of a draft, its address, and its form as it stands there."""
    max_, path = of("max"), f"/merchant/offers/{offer}/edit"
    assert (await max_.get(path)).status_code == 200
    return max_, path, {"csrf": max_.token, "once": max_.hidden("once"), "version": max_.hidden("version")}


async def test_a_draft_is_changed_once_and_keeps_what_was_not_asked(
    of: Browsers, as_: As, bazaar: Bazaar, door: Door
) -> None:
    offer = await draft_offer(as_, bazaar.merchant, voucher_days=33, member_limit=4)
    max_, path, form = await opened(of, offer)
    assert 'value="理发八折"' in max_.last.text
    assert 'value="4"' in max_.last.text
    assert f'data-draft="offer-edit-{offer}"' in max_.last.text  # an item of a shop may have the same number
    fields = form | typed(door, title="理发七折", value="30", member_limit="", terms="周末也可以")
    for _ in range(2):  # the same form, sent twice
        assert (await max_.send(path, dict(fields))).headers["location"] == "/merchant"
    found = (await as_("max").get(f"{OFFERS}/{offer}")).json()
    names = ("kind", "title", "percent", "price_fufen", "member_limit", "terms", "voucher_days", "version")
    assert [found[name] for name in names] == [
        "percent_off", "理发七折", 30, 8, None, "周末也可以", 33, 2,
    ]  # fmt: skip
    assert (await press(max_, "publish")) == 303
    # what is published stays as it is
    assert (await max_.get(path)).status_code == 422
    assert 'role="alert"' in max_.last.text
    assert (await max_.send(path, {**fields, "once": "0" * 32})).status_code == 422
    await max_.get("/merchant")
    assert path not in max_.last.text


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"value": "120"}, "does not fit"),
        ({"title": ""}, "does not fit"),
        ({"ends_on": "2020-01-01"}, "before"),
    ],
)
async def test_what_makes_no_offer_changes_nothing(
    of: Browsers, as_: As, bazaar: Bazaar, door: Door, fields: dict[str, str], said: str
) -> None:
    offer = await draft_offer(as_, bazaar.merchant)
    max_, path, form = await opened(of, offer)
    sent = typed(door, **({"value": "30", "price": "9"} | fields))
    assert (await max_.send(path, form | sent)).status_code == 422
    assert said in max_.text
    assert 'value="9"' in max_.last.text
    assert (await as_("max").get(f"{OFFERS}/{offer}")).json()["version"] == 1


async def test_who_changed_it_meanwhile_is_not_overruled_unseen(
    of: Browsers, as_: As, bazaar: Bazaar, door: Door
) -> None:
    offer = await draft_offer(as_, bazaar.merchant)
    max_, path, form = await opened(of, offer)
    other = {"csrf": form["csrf"], "once": "1" * 32, "version": form["version"]}
    assert (await max_.send(path, other | typed(door, value="40"))).status_code == 303
    assert (await max_.send(path, form | typed(door, value="30"))).status_code == 412
    assert "changed meanwhile" in max_.text
    assert (await as_("max").get(f"{OFFERS}/{offer}")).json()["percent"] == 40
    # having been told, they may say it again
    (again,) = re.findall(r'<form method="post" class="card".*?</form>', max_.last.text, re.DOTALL)
    sent: dict[str, object] = {**max_.hidden_of(again), **typed(door, value="30")}
    assert (await max_.send(path, sent)).status_code == 303
    assert (await as_("max").get(f"{OFFERS}/{offer}")).json()["percent"] == 30


async def test_nobody_else_reads_or_changes_a_draft(
    of: Browsers, as_: As, bazaar: Bazaar, door: Door
) -> None:
    offer = await draft_offer(as_, bazaar.merchant)
    path = f"/merchant/offers/{offer}/edit"
    for name in ("alice", "olga", "carl", "adam"):
        browser = of(name)
        assert (await browser.get(path)).status_code == 403
        sent = typed(door, title="别的", value="30")
        answer = await browser.post(path, once="0" * 32, version="1", **sent)
        assert answer.status_code == 403
    max_ = of("max")
    assert (await max_.get(f"/merchant/offers/{offer + 99}/edit")).status_code == 404
    assert (await as_("max").get(f"{OFFERS}/{offer}")).json()["title"] == "理发八折"
