"""Printed cards over HTTP: shown once, good for being found, good for nothing else."""

import asyncio
import re
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path

import httpx2
import pytest

from api.service import Service
from ledger.session import ReadTx
from tests.api.cast import Cast
from tests.api.conftest import As
from tests.api.entering import Door
from tests.api.v1.residents import PEOPLE, phone, registered
from tests.timebank.codes.decoding import decode_zxing

PDFTOPPM = shutil.which("pdftoppm")
RESOLVE = "/api/v1/cards/resolve"
QR_ALPHANUMERIC = re.compile(r"[0-9A-Z $%*+\-./:]{1,24}")


async def issued(as_: As, who: object, *, by: str = "wen") -> tuple[int, str]:
    answer = await as_(by).post(f"{PEOPLE}/{who}/cards")
    return answer.json()["id"], answer.json()["token"]


async def resolve(as_: As, token: str, *, by: str = "stella") -> httpx2.Response:
    return await as_(by).post(RESOLVE, json={"token": token})


async def test_a_card_finds_its_holder_and_shows_a_masked_name(as_: As, cast: Cast, service: Service) -> None:
    who = await registered(as_, cast, name="示例卡", at="grid")
    _, token = await issued(as_, who)
    assert QR_ALPHANUMERIC.fullmatch(token)
    for by in ("stella", "station"):
        found = await resolve(as_, token, by=by)
        assert (found.status_code, found.json()) == (
            200,
            {"person_id": str(who), "masked_name": "示*"},
        ), by
    typed = token.lower().replace("0", "o").replace("1", "l")
    assert (await resolve(as_, f" {typed} ")).status_code == 200

    async def seen(tx: ReadTx) -> list[tuple[object, object, str]]:
        rows = await tx.connection.fetch(
            "select viewer_id, device_id, purpose from look_ups where bank_id = $1 and subject_id = $2 order by id",
            tx.bank_id,
            who,
        )
        return [tuple(row) for row in rows]

    assert await service.database.read(cast.bank, seen) == [
        (cast.people["stella"], None, "card"),
        (None, cast.devices["station"], "card"),
        (cast.people["stella"], None, "card"),
    ]


async def test_a_card_is_resolved_in_reach_by_stewards_and_stations(as_: As, cast: Cast) -> None:
    near, far = await registered(as_, cast), await registered(as_, cast, by="xu", at="birch")
    _, token = await issued(as_, near)
    _, far_token = await issued(as_, far, by="xu")
    for by, status in (("wen", 403), ("adam", 403), ("carl", 403), ("till", 403), ("stranger", 401)):
        assert (await resolve(as_, token, by=by)).status_code == status, by
    for by in ("stella", "station"):
        answers = [await resolve(as_, wrong, by=by) for wrong in (far_token, "TBC-0000000000000000", "x")]
        assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
            (404, "unknown_card")
        ] * 3


async def test_only_the_digest_of_a_token_is_kept(as_: As, cast: Cast, service: Service) -> None:
    who = await registered(as_, cast)
    _, token = await issued(as_, who)

    async def kept(tx: ReadTx) -> list[bytes]:
        return [
            row[0]
            for row in await tx.connection.fetch("select digest from cards where bank_id = $1", tx.bank_id)
        ]

    assert await service.database.read(cast.bank, kept) == [
        sha256(token.removeprefix("TBC-").encode()).digest()
    ]
    listed = await as_("wen").get(f"{PEOPLE}/{who}/cards")
    assert token not in listed.text


async def test_a_second_card_is_asked_for_by_name_and_ends_the_first(as_: As, cast: Cast) -> None:
    who = await registered(as_, cast)
    path = f"{PEOPLE}/{who}/cards"
    none = await as_("wen").post(f"{path}/reissue", json={"reason": "lost"})
    assert (none.status_code, none.json()["code"]) == (422, "no_card")
    _, first = await issued(as_, who)
    again = await as_("wen").post(path)
    assert (again.status_code, again.json()["code"]) == (409, "already_has_card")
    second = (await as_("wen").post(f"{path}/reissue", json={"reason": "lost"})).json()
    assert (await resolve(as_, first)).status_code == 404
    assert (await resolve(as_, second["token"])).status_code == 200
    items = (await as_("wen").get(path)).json()["items"]
    assert [item["revoked_for"] for item in items] == ["lost", None]
    assert (await as_("wen").post(f"{path}/reissue", json={"reason": "whim"})).status_code == 422


async def test_a_revoked_card_finds_nobody(as_: As, cast: Cast) -> None:
    who, other = await registered(as_, cast), await registered(as_, cast)
    card, token = await issued(as_, who)
    revoke = f"{PEOPLE}/{who}/cards/{card}/revoke"
    elsewhere = await as_("wen").post(f"{PEOPLE}/{other}/cards/{card}/revoke", json={"reason": "stolen"})
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (404, "unknown_card")
    assert (await as_("wen").post(revoke, json={"reason": "stolen"})).json()["revoked_for"] == "stolen"
    assert (await resolve(as_, token)).status_code == 404
    again = await as_("wen").post(revoke, json={"reason": "stolen"})
    assert (again.status_code, again.json()["code"]) == (409, "already_revoked")
    assert (await as_("wen").post(f"{PEOPLE}/{who}/cards")).status_code == 201


async def test_of_two_issues_at_once_one_gives_a_card(as_: As, cast: Cast) -> None:
    who = await registered(as_, cast)
    answers = await asyncio.gather(*(as_("wen").post(f"{PEOPLE}/{who}/cards") for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]


async def test_cards_are_issued_in_reach_and_seen_by_their_holder(as_: As, cast: Cast) -> None:
    alice = cast.people["alice"]
    for by, status in (
        ("xu", 404),
        ("olga", 403),
        ("stella", 403),
        ("alice", 403),
        ("stranger", 401),
        ("ada", 201),
    ):
        assert (await as_(by).post(f"{PEOPLE}/{alice}/cards")).status_code == status, by
    for by, status in (("alice", 200), ("wen", 200), ("bob", 403), ("xu", 404)):
        assert (await as_(by).get(f"{PEOPLE}/{alice}/cards")).status_code == status, by


async def test_a_card_logs_nobody_in(door: Door, as_: As, cast: Cast) -> None:
    mobile = phone()
    _, token = await issued(as_, await registered(as_, cast, phone=mobile))
    for secret in (token, token.removeprefix("TBC-")):
        bearer = await as_("stranger").get("/api/v1/me", headers={"Authorization": f"Bearer {secret}"})
        assert (bearer.status_code, bearer.json()["code"]) == (401, "token_invalid")
        code_id, _ = await door.ask_for_code(mobile)
        # A code is six digits, and no card's token is: it is not even looked up.
        by_code = await door.post("login/codes/verify", code_id=code_id, code=secret)
        assert (by_code.status_code, by_code.json()["code"]) == (422, "request_invalid")
        for path, body in (
            ("links", {"token": secret}),
            ("passwords", {"phone": mobile, "password": secret}),
            ("refresh", {"refresh_token": secret}),
        ):
            answer = await door.post(f"login/{path}", **body)
            assert answer.status_code == 401, (path, answer.text)


@pytest.mark.skipif(PDFTOPPM is None, reason="pdftoppm is not on this machine")
async def test_a_card_is_printed_and_its_symbol_is_read(as_: As, cast: Cast, tmp_path: Path) -> None:
    assert PDFTOPPM is not None
    who = await registered(as_, cast, name="示例卡")
    _, token = await issued(as_, who)
    printed = await as_("wen").post(f"{PEOPLE}/{who}/cards/print", json={"token": token.lower()})
    assert (printed.status_code, printed.headers["content-type"]) == (200, "application/pdf")
    sheet = tmp_path / "card.pdf"
    sheet.write_bytes(printed.content)
    subprocess.run(
        [PDFTOPPM, "-r", "200", "-png", str(sheet), str(tmp_path / "page")], check=True, timeout=120
    )
    [page] = tmp_path.glob("page*.png")
    [text] = decode_zxing(page.read_bytes())
    assert text == token
    assert (await resolve(as_, text)).json()["person_id"] == str(who)


async def test_only_the_persons_own_good_card_is_printed(as_: As, cast: Cast) -> None:
    who, other = await registered(as_, cast), await registered(as_, cast)
    card, token = await issued(as_, who)
    _, others = await issued(as_, other)
    path = f"{PEOPLE}/{who}/cards"
    for wrong in (others, "TBC-0000000000000000"):
        answer = await as_("wen").post(f"{path}/print", json={"token": wrong})
        assert (answer.status_code, answer.json()["code"]) == (404, "unknown_card")
    for by, status in (("xu", 404), ("stella", 403), ("alice", 403), ("ada", 200)):
        assert (await as_(by).post(f"{path}/print", json={"token": token})).status_code == status, by
    assert (await as_("wen").post(f"{path}/{card}/revoke", json={"reason": "lost"})).status_code == 200
    assert (await as_("wen").post(f"{path}/print", json={"token": token})).status_code == 404
