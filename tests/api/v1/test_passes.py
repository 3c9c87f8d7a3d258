"""Passes over HTTP: one's own only, the seed told once, five at a time; a phone makes codes that find its holder."""

import asyncio
import base64
import hmac
import json
from datetime import timedelta
from uuid import UUID

import httpx2
import pytest

from api.service import Service
from ledger.session import ReadTx, WriteTx
from tests.api.cast import Cast
from tests.api.conftest import As
from tests.api.v1.meeting import StandingClock
from timebank.codes.rules import CodeKeys, MemberCode, member_head, read_code
from timebank.errors import RefusalError
from timebank.passes.queries import resolve_member_code, resolve_member_codes


@pytest.fixture
def clock(service: Service) -> StandingClock:
    """Return the service's clock, which stands."""
    clock = StandingClock()
    service.now = clock
    return clock


async def issued(as_: As, cast: Cast, who: str = "alice") -> httpx2.Response:
    return await as_(who).post(f"/api/v1/people/{cast.people[who]}/passes")


def made_by_phone(told: dict[str, object], at: float) -> str:
    """Make a code of what the phone was told, by nothing else."""
    seed = base64.b32decode(str(told["seed"]))
    window = int(at) // int(str(told["window_seconds"]))
    body = bytes.fromhex(str(told["head"])) + window.to_bytes(int(str(told["window_bytes"])), "big")
    mac = hmac.digest(seed, body, "sha256")[: int(str(told["mac_bytes"]))]
    return base64.b32encode(body + mac).decode().rstrip("=")


async def resolved(service: Service, cast: Cast, text: str, *, keys: CodeKeys | None = None) -> UUID | str:
    code = read_code(text)
    assert isinstance(code, MemberCode)

    async def work(tx: ReadTx) -> UUID:
        return await resolve_member_code(tx, keys or service.codes, code, now=service.now())

    try:
        return await service.database.read(cast.bank, work)
    except RefusalError as refused:
        return refused.code


async def test_a_phone_makes_codes_that_find_its_holder(
    as_: As, cast: Cast, service: Service, clock: StandingClock
) -> None:
    told = (await issued(as_, cast)).json()
    assert (told["algorithm"], told["window_seconds"], told["mac_bytes"], told["revoked"]) == (
        "HMAC-SHA256", 30, 10, [],
    )  # fmt: skip
    assert told["bank_id"] == cast.bank.id
    text = made_by_phone(told, clock.at.timestamp())
    assert await resolved(service, cast, text) == cast.people["alice"]
    clock.step(59)
    assert await resolved(service, cast, text) == cast.people["alice"]
    clock.step(1)
    assert await resolved(service, cast, text) == "code_expired"
    ahead = made_by_phone(told, clock.at.timestamp() + 60)
    assert await resolved(service, cast, ahead) == "code_early"


async def test_another_phones_seed_makes_no_code_of_this_pass(
    as_: As, cast: Cast, service: Service, clock: StandingClock
) -> None:
    alices, bobs = (await issued(as_, cast)).json(), (await issued(as_, cast, "bob")).json()
    assert alices["seed"] != bobs["seed"]
    forged = made_by_phone(bobs | {"head": alices["head"]}, clock.at.timestamp())
    assert await resolved(service, cast, forged) == "code_forged"
    nowhere = member_head(cast.bank.id, 2**20).hex()
    nobody = made_by_phone(bobs | {"head": nowhere}, clock.at.timestamp())
    assert await resolved(service, cast, nobody) == "code_forged"


async def test_a_revoked_pass_finds_nobody(
    as_: As, cast: Cast, service: Service, clock: StandingClock
) -> None:
    told = (await issued(as_, cast)).json()
    path = f"/api/v1/people/{cast.people['alice']}/passes"
    early = made_by_phone(told, clock.at.timestamp())
    revoked_at = clock.step(30)
    done = await as_("alice").post(f"{path}/{told['pass_id']}/revoke")
    assert done.status_code == 200
    again = await as_("alice").post(f"{path}/{told['pass_id']}/revoke")
    assert (again.status_code, again.json()["code"]) == (409, "already_revoked_pass")
    unknown = await as_("alice").post(f"{path}/999999999/revoke")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_pass")
    [listed] = (await as_("alice").get(path)).json()["items"]
    assert (listed["id"], listed["is_good"], listed["revoked_at"] is None) == (told["pass_id"], False, False)
    assert await resolved(service, cast, made_by_phone(told, clock.at.timestamp())) == "pass_revoked"

    # What a station scanned before that, and uploads later, was good when it was scanned.
    code = read_code(early)
    assert isinstance(code, MemberCode)
    before = revoked_at - timedelta(seconds=1)
    answers = await service.database.read(
        cast.bank, lambda tx: resolve_member_codes(tx, service.codes, [(code, before), (code, revoked_at)])
    )
    assert answers == [cast.people["alice"], "pass_revoked"]


async def test_many_codes_are_resolved_at_once_each_with_its_answer(
    as_: As, cast: Cast, service: Service, clock: StandingClock
) -> None:
    alices, bobs = (await issued(as_, cast)).json(), (await issued(as_, cast, "bob")).json()
    at = clock.at
    codes = [
        read_code(made_by_phone(told, moment.timestamp()))
        for told, moment in ((alices, at), (bobs, at), (alices, at - timedelta(minutes=5)), (alices, at))
    ]
    scanned = [(code, at) for code in codes if isinstance(code, MemberCode)]
    other = MemberCode(cast.bank.id + 1, 1, 1, b"0" * 10)
    answers = await service.database.read(
        cast.bank, lambda tx: resolve_member_codes(tx, service.codes, [*scanned, (other, at)])
    )
    alice, bob = cast.people["alice"], cast.people["bob"]
    assert answers == [alice, bob, "code_expired", alice, "code_of_other_bank"]


async def test_a_sixth_pass_revokes_the_oldest(as_: As, cast: Cast) -> None:
    told = [(await issued(as_, cast)).json() for _ in range(6)]
    assert [item["revoked"] for item in told] == [[], [], [], [], [], [told[0]["pass_id"]]]
    listed = (await as_("alice").get(f"/api/v1/people/{cast.people['alice']}/passes")).json()["items"]
    assert [item["is_good"] for item in listed] == [False, True, True, True, True, True]
    assert "seed" not in json.dumps(listed)


async def test_passes_are_ones_own_only(as_: As, cast: Cast) -> None:
    path = f"/api/v1/people/{cast.people['alice']}/passes"
    for by in ("bob", "wen", "adam", "stella", "station"):
        assert (await as_(by).post(path)).status_code == 403, by
        assert (await as_(by).get(path)).status_code == 403, by
        assert (await as_(by).post(f"{path}/1/revoke")).status_code == 403, by


async def test_a_pass_ends_with_the_key_it_came_from(
    as_: As, cast: Cast, service: Service, clock: StandingClock
) -> None:
    told = (await issued(as_, cast)).json()
    text = made_by_phone(told, clock.at.timestamp())
    assert await resolved(service, cast, text, keys=CodeKeys([b"n" * 32, b"v" * 32])) == cast.people["alice"]
    assert await resolved(service, cast, text, keys=CodeKeys([b"n" * 32])) == "pass_revoked"
    service.codes = CodeKeys([b"n" * 32])
    [listed] = (await as_("alice").get(f"/api/v1/people/{cast.people['alice']}/passes")).json()["items"]
    assert (listed["is_good"], listed["revoked_at"]) == (False, None)


async def test_no_seed_is_kept_and_an_erasure_takes_the_passes(
    as_: As, cast: Cast, service: Service, clock: StandingClock
) -> None:
    told = (await issued(as_, cast)).json()

    async def rows(tx: ReadTx) -> tuple[int, int]:
        passes = await tx.connection.fetchval("select count(*) from passes where bank_id = $1", tx.bank_id)
        replies = await tx.connection.fetchval(
            "select count(*) from replies where bank_id = $1 and position($2 in body) > 0",
            tx.bank_id,
            told["seed"],
        )
        return passes, replies

    assert await service.database.read(cast.bank, rows) == (1, 0)
    erased = await as_("adam").post(f"/api/v1/people/{cast.people['alice']}/erasure")
    assert erased.status_code in {200, 201}, erased.text
    assert await service.database.read(cast.bank, rows) == (0, 0)
    assert await resolved(service, cast, made_by_phone(told, clock.at.timestamp())) == "code_forged"


async def test_five_at_a_time_however_many_ask_together(as_: As, cast: Cast, service: Service) -> None:
    answers = await asyncio.gather(*(issued(as_, cast) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {201}

    async def current(tx: WriteTx) -> int:
        found: int = await tx.connection.fetchval(
            "select count(*) from passes where bank_id = $1 and revoked_at is null", tx.bank_id
        )
        return found

    assert await service.database.write(cast.bank, current) == 5
