"""Acceptances over HTTP: either side scans, each code and key takes fufen once, nobody is told whose they were."""

import pytest

from api.service import Service
from tests.api.cast import Cast
from tests.api.conftest import As
from tests.api.v1.bazaar import MERCHANTS, OFFERS, PEOPLE, Bazaar, open_bazaar, said, step
from tests.api.v1.meeting import StandingClock
from timebank.database import Database


@pytest.fixture
def clock(service: Service) -> StandingClock:
    """Return the service's clock, which stands."""
    clock = StandingClock()
    service.now = clock
    return clock


@pytest.fixture
async def bazaar(as_: As, cast: Cast, database: Database, clock: StandingClock) -> Bazaar:
    """Return a merchant with an offer of 20 fufen, and Alice with 100."""
    del clock  # it stands from before the merchant is entered
    return await open_bazaar(as_, cast, database)


async def test_the_merchant_scans_the_member(
    as_: As, cast: Cast, bazaar: Bazaar, clock: StandingClock
) -> None:
    code = bazaar.shown_by_alice(clock())
    done = await bazaar.take(code, key="one")
    assert done.status_code == 201, done.text
    assert (done.json()["offer_id"], done.json()["fufen"]) == (bazaar.offer, 20)
    again = await bazaar.take(code, key="one")
    assert (again.status_code, again.json()) == (201, done.json())
    assert said(await bazaar.take(code)) == (422, "code_used")
    assert said(await bazaar.take("A" * 30, key="one")) == (409, "idempotency_conflict")
    assert await bazaar.fufen() == 80
    assert str(cast.people["alice"]) not in done.text
    told = (await as_("alice").get(f"{PEOPLE}/{cast.people['alice']}/notifications")).json()["items"]
    assert [one["kind"] for one in told] == ["fufen_taken"]


async def test_the_member_scans_the_merchant(
    as_: As, cast: Cast, bazaar: Bazaar, clock: StandingClock
) -> None:
    link = await bazaar.shown_by_merchant()
    clock.step(60)
    done = await bazaar.confirm(link, key="two")
    assert (done.status_code, done.json()["merchant_id"]) == (201, bazaar.merchant)
    assert (await bazaar.confirm(link, key="two")).json() == done.json()
    assert said(await bazaar.confirm(link)) == (422, "code_used")
    clock.step(60)
    assert said(await bazaar.confirm(link)) == (422, "code_expired")
    assert await bazaar.fufen() == 80
    (own,) = (await as_("alice").get(f"{PEOPLE}/{cast.people['alice']}/acceptances")).json()["items"]
    assert (own["merchant"], own["title"], own["fufen"], own["via"], own["refunded_at"]) == (
        "测试理发店", "理发八折", 20, "merchant_code", None,
    )  # fmt: skip


async def test_what_the_wallet_lacks_is_on_record_under_its_key(bazaar: Bazaar, clock: StandingClock) -> None:
    for _ in range(5):
        assert (await bazaar.take(bazaar.shown_by_alice(clock()))).status_code == 201
        clock.step(60)
    refused = await bazaar.take(bazaar.shown_by_alice(clock()), key="lacking")
    assert said(refused) == (422, "insufficient")
    assert await bazaar.fufen() == 0


async def test_a_suspended_merchant_takes_nothing(as_: As, bazaar: Bazaar, clock: StandingClock) -> None:
    link = await bazaar.shown_by_merchant()
    assert (await step(as_, bazaar.merchant, "suspended")).status_code == 201
    assert said(await bazaar.take(bazaar.shown_by_alice(clock()), key="k")) == (422, "merchant_not_active")
    assert said(await bazaar.confirm(link, key="k")) == (422, "merchant_not_active")
    assert (await step(as_, bazaar.merchant, "resumed")).status_code == 201
    # What was refused before anything was booked is free to be asked again.
    assert (await bazaar.take(bazaar.shown_by_alice(clock()), key="k")).status_code == 201


@pytest.mark.parametrize(
    ("by", "status"),
    [("carl", 403), ("olga", 403), ("wen", 403), ("alice", 403), ("station", 403), ("stranger", 401)],
)
async def test_only_its_staff_takes_and_looks(
    as_: As, bazaar: Bazaar, clock: StandingClock, by: str, status: int
) -> None:
    assert (await bazaar.take(bazaar.shown_by_alice(clock()), by=by)).status_code == status
    assert (await as_(by).get(f"{MERCHANTS}/{bazaar.merchant}/acceptances")).status_code == status
    assert await bazaar.fufen() == 100


@pytest.mark.parametrize(
    ("by", "status"), [("bob", 403), ("max", 403), ("wen", 403), ("olga", 403), ("adam", 403)]
)
async def test_only_oneself_gives_ones_fufen(
    as_: As, cast: Cast, bazaar: Bazaar, by: str, status: int
) -> None:
    assert (await bazaar.confirm(await bazaar.shown_by_merchant(), by=by)).status_code == status
    path = f"{PEOPLE}/{cast.people['alice']}/acceptances"
    assert (await as_(by).get(path)).status_code == status
    assert await bazaar.fufen() == 100


async def test_a_merchant_sees_a_masked_name_with_consent_and_no_id(
    as_: As, cast: Cast, bazaar: Bazaar, clock: StandingClock
) -> None:
    alice = cast.people["alice"]
    named = await as_("adam").patch(f"{PEOPLE}/{alice}", json={"name": "王测明"}, headers={"If-Match": "*"})
    assert named.status_code == 200, named.text
    assert (await bazaar.take(bazaar.shown_by_alice(clock()))).status_code == 201
    path = f"{MERCHANTS}/{bazaar.merchant}/acceptances"
    (line,) = (await as_("max").get(path)).json()["items"]
    assert set(line) == {
        "id", "name", "offer_id", "title", "fufen", "via", "accepted_at", "refunded_at",
    }  # fmt: skip
    assert line["name"] == "***"
    consent = {"purpose": "merchant", "is_given": True, "text_version": "1"}
    given = await as_("alice").post(f"{PEOPLE}/{alice}/consents", json=consent)
    assert given.status_code == 201, given.text
    seen = await as_("max").get(path)
    assert [one["name"] for one in seen.json()["items"]] == ["王*明"]
    assert str(alice) not in seen.text


async def test_pages_go_backwards(as_: As, cast: Cast, bazaar: Bazaar, clock: StandingClock) -> None:
    ids = []
    for _ in range(3):
        ids.append((await bazaar.take(bazaar.shown_by_alice(clock()))).json()["id"])
        clock.step(60)
    for by, path in (
        ("max", f"{MERCHANTS}/{bazaar.merchant}/acceptances"),
        ("alice", f"{PEOPLE}/{cast.people['alice']}/acceptances"),
    ):
        first = (await as_(by).get(path, params={"limit": 2})).json()
        rest = (await as_(by).get(path, params={"cursor": first["next_cursor"]})).json()
        assert [one["id"] for one in [*first["items"], *rest["items"]]] == ids[::-1]


async def test_an_acceptance_wants_a_key(as_: As, bazaar: Bazaar, clock: StandingClock) -> None:
    path = f"{OFFERS}/{bazaar.offer}/acceptances"
    answer = await as_("max").post(path, json={"code": bazaar.shown_by_alice(clock())})
    assert said(answer) == (422, "request_invalid")
