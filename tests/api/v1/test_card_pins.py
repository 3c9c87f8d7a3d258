"""A card's PIN over HTTP: who sets it, that nobody reads it, and what a try at a till comes to."""

from uuid import UUID, uuid4

import pytest

from api.edge import Caller
from api.pin_tries import holder_by_pin
from api.service import Service
from ledger.session import ReadTx, WriteTx
from tests.api.cast import Cast
from tests.api.conftest import As
from tests.api.v1.residents import PEOPLE
from timebank.access import Actor, check
from timebank.errors import RefusalError
from timebank.people.pins import MAX_MISSES

PIN = "4071"


async def carded(as_: As, cast: Cast, name: str = "alice") -> str:
    """Give somebody of apple a card and return its token."""
    answer = await as_("wen").post(f"{PEOPLE}/{cast.people[name]}/cards")
    assert answer.status_code == 201
    token: str = answer.json()["token"]
    return token


async def set_pin(as_: As, cast: Cast, by: str, pin: str = PIN) -> tuple[int, str | None]:
    """Set Alice's PIN and return status and code."""
    answer = await as_(by).put(f"{PEOPLE}/{cast.people['alice']}/cards/pin", json={"pin": pin})
    return answer.status_code, answer.json()["code"] if answer.content else None


async def tried(service: Service, cast: Cast, token: str, pin: str = PIN, by: str = "carl") -> UUID | str:
    """Show the card at a till and return whose it is, or the refusal's code."""
    access, _ = service.tokens.issue(cast.bank.code, cast.sessions[by], now=service.now())
    now = service.now()
    caller = Caller(service, service.tokens.verify(access, now=now), uuid4().hex, now)

    async def allow(tx: WriteTx, actor: Actor) -> None:
        assert tx.bank_id == cast.bank.id
        check(actor, "redemptions.make")

    try:
        return await holder_by_pin(caller, allow, token=token, pin=pin)
    except RefusalError as refused:
        return refused.code


async def acts(as_: As) -> list[str]:
    found = (await as_("audrey").get("/api/v1/acts")).json()["items"]
    return [act["action"] for act in found if act["action"].startswith("cards.pin")]


async def test_it_is_set_by_oneself_or_at_a_desk(as_: As, cast: Cast, service: Service) -> None:
    token = await carded(as_, cast)
    assert await set_pin(as_, cast, "alice") == (204, None)
    assert await tried(service, cast, token) == cast.people["alice"]
    assert await set_pin(as_, cast, "wen", "9306") == (204, None)
    assert await tried(service, cast, token) == "pin_wrong"
    assert await tried(service, cast, token, "9306") == cast.people["alice"]
    assert sorted(await acts(as_)) == ["cards.pin", "cards.pin", "cards.pin_wrong"]


@pytest.mark.parametrize(
    ("by", "status"),
    [("bob", 403), ("xu", 404), ("carl", 403), ("max", 403), ("olga", 403), ("till", 403), ("stranger", 401)],
)
async def test_nobody_else_sets_it(as_: As, cast: Cast, by: str, status: int) -> None:
    await carded(as_, cast)
    assert (await set_pin(as_, cast, by))[0] == status


async def test_what_is_no_pin_is_refused(as_: As, cast: Cast) -> None:
    assert await set_pin(as_, cast, "alice") == (422, "no_card")
    await carded(as_, cast)
    assert await set_pin(as_, cast, "alice", "12") == (422, "request_invalid")
    assert await set_pin(as_, cast, "alice", "1234") == (422, "pin_common")


async def test_setting_it_again_and_again_is_slowed_down(as_: As, cast: Cast, service: Service) -> None:
    now = service.now()
    service.now = lambda: now  # a minute later there is one more
    await carded(as_, cast)
    answers = [(await set_pin(as_, cast, "alice"))[0] for _ in range(6)]
    assert answers == [204] * 5 + [429]


async def test_misses_lock_it_and_a_new_one_opens_it(as_: As, cast: Cast, service: Service) -> None:
    token = await carded(as_, cast)
    await set_pin(as_, cast, "alice")
    answers = [await tried(service, cast, token, "9306") for _ in range(MAX_MISSES)]
    assert answers == ["pin_wrong"] * 4 + ["pin_locked"]
    assert await tried(service, cast, token) == "pin_locked"
    await set_pin(as_, cast, "alice", PIN)
    assert await tried(service, cast, token) == cast.people["alice"]


async def test_who_may_not_try_costs_no_miss(as_: As, cast: Cast, service: Service) -> None:
    token = await carded(as_, cast)
    await set_pin(as_, cast, "alice")
    for _ in range(MAX_MISSES + 1):
        assert await tried(service, cast, token, "9306", by="max") == "forbidden"
    assert await tried(service, cast, token) == cast.people["alice"]


async def test_it_is_kept_as_a_hash_and_shown_nowhere(as_: As, cast: Cast, service: Service) -> None:
    await carded(as_, cast)
    await set_pin(as_, cast, "alice")

    async def kept(tx: ReadTx) -> str:
        found: str = await tx.connection.fetchval(
            "select pin_hash from cards where bank_id = $1 and pin_hash is not null", tx.bank_id
        )
        return found

    hash_ = await service.database.read(cast.bank, kept)
    assert hash_.startswith("$argon2id$")
    listed = await as_("alice").get(f"{PEOPLE}/{cast.people['alice']}/cards")
    (card,) = listed.json()["items"]
    assert set(card) == {"id", "issued_at", "revoked_at", "revoked_for"}
    assert (card["revoked_at"], card["revoked_for"]) == (None, None)
