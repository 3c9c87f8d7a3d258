"""People found and listed: within reach, without full names."""

from typing import Any

from api.service import Service
from tests.api.cast import Cast
from tests.api.conftest import As
from tests.api.v1.residents import PEOPLE, id_number, phone, registered
from tests.api.v1.test_people import look_ups
from timebank.vault.actions import put_fields


async def listed(as_: As, by: str, **params: str | int) -> Any:
    answer = await as_(by).get(PEOPLE, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_list_has_who_is_in_reach_and_no_full_name(as_: As, cast: Cast) -> None:
    who = await registered(as_, cast, name="欧阳示例", at="grid")
    found = {item["id"]: item for item in (await listed(as_, "wen"))["items"]}
    assert found.keys() == {str(who), str(cast.people["alice"])}
    assert found[str(who)]["masked_name"] == "欧*"
    assert found[str(cast.people["alice"])]["volunteer"]["code"] == "ALICE"
    north = {item["id"] for item in (await listed(as_, "ada"))["items"]}
    assert north == found.keys() | {str(cast.people["bob"])}
    everybody = {item["id"] for item in (await listed(as_, "olga", limit=200))["items"]}
    assert everybody == {str(id_) for id_ in (*cast.people.values(), who)}
    grid = (await listed(as_, "olga", organisation_id=cast.organisations["grid"]))["items"]
    assert [item["id"] for item in grid] == [str(who)]
    for by, status in (("wen", 404), ("audrey", 403), ("alice", 403), ("till", 403)):
        answer = await as_(by).get(PEOPLE, params={"organisation_id": cast.organisations["birch"]})
        assert answer.status_code == status, by


async def test_a_list_is_read_in_pages(as_: As, cast: Cast) -> None:
    first = await listed(as_, "ada", limit=1)
    second = await listed(as_, "ada", limit=1, cursor=first["next_cursor"])
    assert {item["id"] for page in (first, second) for item in page["items"]} == {
        str(cast.people["alice"]),
        str(cast.people["bob"]),
    }
    assert second["next_cursor"] is None
    for cursor in ("WyJ4Il0", "WzFd", "x"):  # ["x"], [1] and nothing of ours
        answer = await as_("ada").get(PEOPLE, params={"cursor": cursor})
        assert (answer.status_code, answer.json()["code"]) == (422, "cursor_invalid")


async def test_is_found_by_an_exact_number_in_reach_only(as_: As, cast: Cast, service: Service) -> None:
    mobile, number = phone(), id_number()
    who = await registered(as_, cast, name="示例三", phone=mobile, id_number=number)
    shared = await registered(as_, cast, by="xu", at="birch", phone=mobile)

    async def found(by: str, field: str, value: str) -> list[str]:
        body = {"field": field, "value": value, "purpose": "contact"}
        answer = await as_(by).post(f"{PEOPLE}/search", json=body)
        assert answer.status_code == 200, answer.text
        return [item["id"] for item in answer.json()["items"]]

    assert await found("wen", "phone", f"+86{mobile}") == [str(who)]
    assert await found("wen", "id_number", number.lower()) == [str(who)]
    assert sorted(await found("ada", "phone", mobile)) == sorted(map(str, (who, shared)))
    assert await found("xu", "id_number", number) == []
    assert await found("wen", "phone", "19900009999") == []
    assert [(purpose, fields) for _, purpose, fields in await look_ups(service, cast, who)] == [
        ("contact", ["phone"]),
        ("contact", ["id_number"]),
        ("contact", ["phone"]),
    ]
    body = {"field": "phone", "value": mobile, "purpose": "contact"}
    for by, status in (("olga", 403), ("carl", 403), ("till", 403), ("alice", 403), ("stranger", 401)):
        assert (await as_(by).post(f"{PEOPLE}/search", json=body)).status_code == status, by
    wrong = await as_("wen").post(f"{PEOPLE}/search", json={**body, "value": "1990000"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "phone_invalid")


async def test_a_number_that_is_none_is_found_by_who_has_its_holder_in_reach(
    as_: As, cast: Cast, service: Service
) -> None:
    bob = cast.people["bob"]
    await service.database.write(
        cast.bank, lambda tx: put_fields(tx, service.cipher, [(bob, "phone", "1990000")])
    )
    body = {"field": "phone", "value": "1990000", "purpose": "contact"}
    found = await as_("xu").post(f"{PEOPLE}/search", json=body)
    assert [item["id"] for item in found.json()["items"]] == [str(bob)]
    # Out of reach it answers as what nobody has.
    for value in ("1990000", "1990001"):
        answer = await as_("wen").post(f"{PEOPLE}/search", json={**body, "value": value})
        assert (answer.status_code, answer.json()["code"]) == (422, "phone_invalid")
