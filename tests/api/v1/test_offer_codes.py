"""What a merchant shows over HTTP, and what a member reads who scanned it."""

from tests.api.cast import Cast
from tests.api.conftest import As
from tests.api.v1.bazaar import OFFERS, open_bazaar, said
from timebank.codes.rules import MerchantCode, read_code
from timebank.database import Database


async def test_a_merchant_shows_a_code_that_leads_to_the_offer(
    as_: As, cast: Cast, database: Database
) -> None:
    bazaar = await open_bazaar(as_, cast, database)
    shown = (await as_("max").get(f"{OFFERS}/{bazaar.offer}/code")).json()
    code = read_code(shown["link"])
    assert isinstance(code, MerchantCode)
    assert (code.offer_id, shown["link"].endswith(shown["text"])) == (bazaar.offer, True)
    svg = await as_("max").get(f"{OFFERS}/{bazaar.offer}/code.svg")
    assert (svg.headers["content-type"], svg.text[:4]) == ("image/svg+xml", "<svg")
    for spelling in (shown["link"], shown["text"], shown["text"].lower()):
        found = await as_("alice").post(f"{OFFERS}/resolve", json={"code": spelling})
        assert (found.json()["id"], found.json()["price_fufen"]) == (bazaar.offer, 20)
    other = await as_("alice").post(f"{OFFERS}/resolve", json={"code": "A" * 40})
    assert said(other) == (422, "code_unreadable")
