"""A merchant over HTTP: entered, vetted, activated, staffed, with an offer; and a member with fufen and a phone."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import uuid4

import httpx2

from ledger.values import ISSUANCE, WALLET, Draft, Move, Place
from tests.api.books import END_OF_2099, SPRING, adopt_pack, book
from tests.api.cast import Cast
from tests.api.conftest import As
from timebank.codes.rules import member_code
from timebank.database import Database

MERCHANTS, OFFERS, PEOPLE = "/api/v1/merchants", "/api/v1/offers", "/api/v1/people"
ANY = {"If-Match": "*"}
HAIRCUT: Mapping[str, object] = {
    "kind": "percent_off",
    "percent": 20,
    "title": "理发八折",
    "terms": "工作日",
    "price_fufen": 20,
    "starts_on": "2025-01-01",
    "ends_on": "2999-12-31",
}


def once(key: str | None = None) -> dict[str, str]:
    """Return the header of a request that is done once."""
    return {"Idempotency-Key": key or uuid4().hex}


def said(answer: httpx2.Response) -> tuple[int, str]:
    """Return status and code of a refusal."""
    return answer.status_code, answer.json()["code"]


def application(cast: Cast, place: str = "apple") -> dict[str, object]:
    """Return what a merchant says of itself."""
    return {
        "organisation_id": cast.organisations[place],
        "name": "测试理发店",
        "category": "理发",
        "address": "东门路 9 号",
        "licence": uuid4().hex,
    }


async def step(as_: As, merchant: int, kind: str, *, by: str = "olga") -> httpx2.Response:
    """Take a step of a merchant."""
    body = {"kind": kind, "reason": "测试"}
    return await as_(by).post(f"{MERCHANTS}/{merchant}/entries", json=body, headers=ANY)


async def second_of_office(database: Database, cast: Cast) -> None:
    """Let Adam be of the office, too: it takes two to let a merchant in."""
    await database.write(
        cast.bank,
        lambda tx: tx.connection.execute(
            "insert into role_grants (bank_id, person_id, role, organisation_id, from_at, granted_by)"
            " values ($1, $2, 'office', $3, $4, 'test')",
            tx.bank_id,
            cast.people["adam"],
            cast.organisations["root"],
            SPRING,
        ),
    )


async def open_merchant(as_: As, cast: Cast, *, staff: bool = True) -> int:
    """Return an active merchant in apple; Max accepts for it unless told otherwise."""
    entered = await as_("wen").post(MERCHANTS, json=application(cast))
    assert entered.status_code == 201, entered.text
    id_: int = entered.json()["id"]
    for by, kind in (("olga", "vetted"), ("adam", "activated")):
        done = await step(as_, id_, kind, by=by)
        assert done.status_code == 201, done.text
    if staff:
        body = {"person_id": str(cast.people["max"])}
        added = await as_("wen").post(f"{MERCHANTS}/{id_}/staff", json=body)
        assert added.status_code == 204, added.text
    return id_


async def draft_offer(as_: As, merchant: int, **changes: object) -> int:
    """Draft an offer."""
    drafted = await as_("max").post(f"{MERCHANTS}/{merchant}/offers", json={**HAIRCUT, **changes})
    assert drafted.status_code == 201, drafted.text
    id_: int = drafted.json()["id"]
    return id_


async def publish_offer(as_: As, merchant: int, **changes: object) -> int:
    """Draft and publish an offer."""
    id_ = await draft_offer(as_, merchant, **changes)
    published = await as_("max").post(f"{OFFERS}/{id_}/publish", headers=ANY)
    assert published.status_code == 200, published.text
    return id_


@dataclass(slots=True)
class Bazaar:
    """An active merchant with an offer of 20 fufen, and what Alice's phone was told."""

    as_: As
    cast: Cast
    merchant: int
    offer: int
    pass_id: int
    seed: bytes

    def shown_by_alice(self, at: datetime) -> str:
        """Return the code of Alice's phone."""
        return member_code(self.seed, bank_id=self.cast.bank.id, pass_id=self.pass_id, at=at)

    async def shown_by_merchant(self) -> str:
        """Return the link on the merchant's screen."""
        found = await self.as_("max").get(f"{OFFERS}/{self.offer}/code")
        assert found.status_code == 200, found.text
        text: str = found.json()["link"]
        return text

    async def take(self, code: str, *, by: str = "max", key: str | None = None) -> httpx2.Response:
        """Take fufen of whoever showed a code."""
        path = f"{OFFERS}/{self.offer}/acceptances"
        return await self.as_(by).post(path, json={"code": code}, headers=once(key))

    async def confirm(self, code: str, *, by: str = "alice", key: str | None = None) -> httpx2.Response:
        """Give Alice's fufen for what the merchant showed."""
        path = f"{PEOPLE}/{self.cast.people['alice']}/acceptances"
        return await self.as_(by).post(path, json={"code": code}, headers=once(key))

    async def fufen(self) -> int:
        """Return what Alice has."""
        found = await self.as_("alice").get(f"{PEOPLE}/{self.cast.people['alice']}/balances")
        assert found.status_code == 200, found.text
        return next(int(unit["total"]) for unit in found.json()["balances"] if unit["unit"] == "fufen")


async def open_bazaar(as_: As, cast: Cast, database: Database) -> Bazaar:
    """Return a merchant with an offer, and Alice with 100 fufen and a phone."""
    await adopt_pack(database, cast, effective_from=date(2021, 1, 1))
    await second_of_office(database, cast)
    alice = cast.people["alice"]
    move = Move(Place(ISSUANCE), Place(WALLET, alice, END_OF_2099), "fufen", 100)
    await book(database, cast, Draft("credit", "fufen", SPRING, "test", (move,)))
    merchant = await open_merchant(as_, cast)
    offer = await publish_offer(as_, merchant)
    told = (await as_("alice").post(f"{PEOPLE}/{alice}/passes")).json()
    return Bazaar(as_, cast, merchant, offer, told["pass_id"], base64.b32decode(told["seed"]))
