"""What a process says of people while it serves them: nothing. Its whole log and every problem are searched."""

import json
import re

import pytest

from tests.api.cast import Cast
from tests.served import served, token
from tests.wire import Answer, Wire
from timebank.database import Address

NAME, PHONE, ID_NUMBER, PLACE = "欧阳静默", "19900007777", "990000198001010071", "静默里 7 号"
SPOKEN = (NAME, PHONE, ID_NUMBER, PLACE, NAME.encode("unicode-escape").decode())
PHONES = re.compile(rb"(?<![0-9a-f])1[3-9][0-9]{9}(?![0-9a-f])")
ID_NUMBERS = re.compile(rb"(?<![0-9a-f])[1-9][0-9]{16}[0-9Xx](?![0-9a-f])")


async def test_logs_and_problems_hold_no_personal_data(
    address: Address, cast: Cast, capfd: pytest.CaptureFixture[str]
) -> None:
    person = {
        "name": NAME,
        "phone": PHONE,
        "id_number": ID_NUMBER,
        "area": PLACE,
        "organisation_id": cast.organisations["apple"],
    }
    problems: list[Answer] = []
    async with served(address) as port:
        wire = Wire("127.0.0.1", port, token(cast.bank, cast.sessions["wen"]))

        async def send(method: str, path: str, body: object, key: str = "k") -> Answer:
            answer = await wire.request(method, path, body, {"Idempotency-Key": key, "If-Match": "*"})
            if answer.status >= 400:
                problems.append(answer)
            return answer

        made = await send("POST", "/api/v1/people", person)
        assert made.status == 201, made
        id_ = made.json["id"]
        found = await send(
            "POST", "/api/v1/people/search", {"field": "phone", "value": PHONE, "purpose": "service"}
        )
        assert str(id_) in found.body.decode()
        shown = await send("GET", f"/api/v1/people/{id_}?purpose=service", None)
        assert NAME in json.dumps(shown.json, ensure_ascii=False)
        # The same again, misspelt, to the wrong place, too long, as nonsense, and to log in with.
        await send("POST", "/api/v1/people", person, "another")
        await send("POST", "/api/v1/people", {**person, "phone": [PHONE], NAME: 1}, "wrong")
        await send("POST", "/api/v1/people", {**person, "name": NAME * 90}, "long")
        await send("POST", "/api/v1/people", NAME, "nonsense")
        await send("GET", f"/api/v1/people/{PHONE}", None)
        await send("GET", f"/api/v1/organisations?level={ID_NUMBER}", None)
        wire.token = None
        for path, body in (
            ("codes", {"bank": cast.bank.code, "phone": PHONE}),
            ("codes", {"bank": cast.bank.code, "phone": PHONE + "x"}),
            ("passwords", {"bank": cast.bank.code, "phone": PHONE, "password": NAME}),
            ("passwords", {"bank": cast.bank.code, "phone": PHONE, "password": PHONE, "totp": ID_NUMBER}),
        ):
            await send("POST", f"/api/v1/login/{path}", body)
        wire.close()
    assert len(problems) >= 8
    out, err = capfd.readouterr()
    said = [(out + err).encode(), *(answer.body for answer in problems)]
    assert b"login_code" in said[0]
    for text in said:
        assert not [spoken for spoken in SPOKEN if spoken.encode() in text], text
        assert not PHONES.findall(text), text
        assert not ID_NUMBERS.findall(text), text
