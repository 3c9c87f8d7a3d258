"""People over HTTP: who may register, read, correct and find whom, and what is on record of it."""

import asyncio
from datetime import date
from uuid import UUID, uuid4

import pytest

from api.service import Service
from ledger.session import ReadTx
from tests.api.cast import Cast
from tests.api.conftest import As
from tests.api.v1.residents import PEOPLE, enrolled, id_number, phone, registered
from timebank.people.memberships import join

READING = {"purpose": "service"}


async def look_ups(service: Service, cast: Cast, subject: UUID) -> list[tuple[UUID, str, list[str]]]:
    async def work(tx: ReadTx) -> list[tuple[UUID, str, list[str]]]:
        rows = await tx.connection.fetch(
            "select viewer_id, purpose, fields from look_ups where bank_id = $1 and subject_id = $2 order by id",
            tx.bank_id,
            subject,
        )
        return [tuple(row) for row in rows]

    return await service.database.read(cast.bank, work)


async def test_is_registered_with_fields_as_they_are_kept(as_: As, cast: Cast) -> None:
    number, mobile = id_number(), phone()
    who = await registered(
        as_,
        cast,
        name=" 示例二 ",
        gender="女",
        id_number=number.lower(),
        phone=f"+86 {mobile}",
        skills="急救",
        volunteer={"code": "V1", "registered_on": "2025-02-01"},
    )
    read = await as_("wen").get(f"{PEOPLE}/{who}", params=READING)
    assert read.status_code == 200
    assert read.headers["etag"] == f'"{read.json()["version"]}"'
    assert read.json()["personal"] == {
        "name": "示例二",
        "gender": "女",
        "id_number": number,
        "born_on": "1990-03-07",
        "phone": mobile,
        "skills": "急救",
    }
    assert read.json()["volunteer"] == {
        "code": "V1",
        "organisation_id": cast.organisations["apple"],
        "team_id": None,
        "is_party_member": False,
        "registered_on": "2025-02-01",
    }


@pytest.mark.parametrize(
    ("wanted", "status", "code"),
    [
        ({"phone": "1234"}, 422, "phone_invalid"),
        ({"id_number": "990000199003070010"}, 422, "id_number_invalid"),
        ({"born_on": "2990-01-01"}, 422, "birth_date_invalid"),
        ({"born_on": "1990-03-08", "id_number": id_number()}, 422, "birth_dates_differ"),
        ({"volunteer": {"code": "ALICE"}}, 409, "already_taken_code"),
        ({"volunteer": {"code": "X", "registered_on": "2990-01-01"}}, 422, "day_in_future"),
        ({"name": "  "}, 422, "request_invalid"),
        ({"nickname": "小名儿"}, 422, "request_invalid"),
    ],
)
async def test_is_not_registered_when(
    wanted: dict[str, object], status: int, code: str, as_: As, cast: Cast
) -> None:
    body = {"name": "示例", "organisation_id": cast.organisations["apple"], **wanted}
    answer = await as_("wen").post(PEOPLE, json=body, headers={"Idempotency-Key": uuid4().hex})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    said = answer.text.replace(answer.json()["request_id"], "")
    assert all(str(value) not in said for field, value in wanted.items() if field != "volunteer")


@pytest.mark.parametrize(
    ("by", "at", "status", "code"),
    [
        ("wen", "apple", 201, None),
        ("ada", "grid", 201, None),
        ("adam", None, 201, None),
        ("wen", "birch", 404, "unknown_organisation"),
        ("wen", None, 403, "forbidden"),
        ("olga", "apple", 403, "forbidden"),
        ("stella", "apple", 403, "forbidden"),
        ("alice", "apple", 403, "forbidden"),
        ("station", "apple", 403, "forbidden"),
        ("stranger", "apple", 401, "token_missing"),
    ],
)
async def test_is_registered_by(
    by: str, at: str | None, status: int, code: str | None, as_: As, cast: Cast
) -> None:
    body = {"name": "示例", "organisation_id": cast.organisations.get(at or "")}
    answer = await as_(by).post(PEOPLE, json=body, headers={"Idempotency-Key": uuid4().hex})
    assert (answer.status_code, answer.json().get("code")) == (status, code)


async def test_a_repeated_registration_is_the_same_person(as_: As, cast: Cast) -> None:
    body = {"name": "示例", "organisation_id": cast.organisations["apple"]}
    key = {"Idempotency-Key": "once"}
    first, again = [await as_("wen").post(PEOPLE, json=body, headers=key) for _ in range(2)]
    assert first.json() == again.json()
    other = await as_("wen").post(PEOPLE, json={**body, "name": "别人"}, headers=key)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_conflict")
    assert (await as_("wen").post(PEOPLE, json=body)).status_code == 422


async def test_an_id_number_is_registered_once_and_nobody_is_told_whose_it_is(as_: As, cast: Cast) -> None:
    number = id_number()
    who = await registered(as_, cast, by="xu", at="birch", id_number=number)
    body = {"name": "别人", "organisation_id": cast.organisations["apple"], "id_number": number}
    answer = await as_("wen").post(PEOPLE, json=body, headers={"Idempotency-Key": "k"})
    assert (answer.status_code, answer.json()["code"]) == (409, "already_registered")
    assert number not in answer.text
    assert str(who) not in answer.text


async def test_of_two_who_bring_one_id_number_at_once_one_is_registered(as_: As, cast: Cast) -> None:
    body = {"name": "示例", "organisation_id": cast.organisations["apple"], "id_number": id_number()}
    answers = await asyncio.gather(
        *(as_("wen").post(PEOPLE, json=body, headers={"Idempotency-Key": f"k{n}"}) for n in range(8))
    )
    assert sorted(answer.status_code for answer in answers) == [201, *[409] * 7]


@pytest.mark.parametrize(
    ("by", "status"),
    [("wen", 200), ("adam", 200), ("ada", 200), ("xu", 404), ("olga", 403), ("audrey", 403), ("bob", 403)],
)
async def test_is_read_within_reach_and_each_reading_is_on_record(
    by: str, status: int, as_: As, cast: Cast, service: Service
) -> None:
    who = await registered(as_, cast, phone=phone(), employer="某单位")
    answer = await as_(by).get(f"{PEOPLE}/{who}", params={"purpose": "contact", "fields": ["phone", "name"]})
    assert answer.status_code == status
    seen = await look_ups(service, cast, who)
    if status != 200:
        assert seen == []
        return
    assert answer.json()["personal"].keys() == {"name", "phone"}
    assert seen == [(cast.people[by], "contact", ["name", "phone"])]


async def test_a_purpose_is_named_and_ones_own_is_not_on_record(
    as_: As, cast: Cast, service: Service
) -> None:
    alice = cast.people["alice"]
    own = await as_("alice").get(f"{PEOPLE}/{alice}", params=READING)
    assert (own.status_code, own.json()["volunteer"]["code"]) == (200, "ALICE")
    assert await look_ups(service, cast, alice) == []
    for params in (None, {"purpose": "curiosity"}):
        answer = await as_("wen").get(f"{PEOPLE}/{alice}", params=params)
        assert answer.status_code == 422
    missing = await as_("adam").get(f"{PEOPLE}/{uuid4()}", params=READING)
    assert (missing.status_code, missing.json()["code"]) == (404, "unknown_person")


async def edit(as_: As, by: str, who: UUID, body: object, version: str = "*") -> tuple[int, str | None]:
    answer = await as_(by).patch(f"{PEOPLE}/{who}", json=body, headers={"If-Match": version})
    return answer.status_code, answer.json().get("code")


async def test_is_corrected_by_who_saw_the_last_version(as_: As, cast: Cast) -> None:
    before, after = phone(), phone()
    who = await registered(as_, cast, phone=before, area="南区", employer="某单位")
    changed = await as_("wen").patch(
        f"{PEOPLE}/{who}", json={"phone": after, "area": None}, headers={"If-Match": '"1"'}
    )
    assert (changed.status_code, changed.headers["etag"]) == (200, '"2"')
    read = await as_("wen").get(f"{PEOPLE}/{who}", params=READING)
    assert read.json()["personal"] == {"name": "示例一", "phone": after, "employer": "某单位"}
    for mobile, holders in ((before, 0), (after, 1)):
        body = {"field": "phone", "value": mobile, "purpose": "contact"}
        answer = await as_("wen").post(f"{PEOPLE}/search", json=body)
        assert len(answer.json()["items"]) == holders
    assert await edit(as_, "wen", who, {"area": "x"}, '"1"') == (412, "version_differs")
    assert (await as_("wen").patch(f"{PEOPLE}/{who}", json={"area": "x"})).status_code == 428
    assert await edit(as_, "wen", who, {}) == (422, "request_invalid")
    assert await edit(as_, "wen", who, {"name": None}) == (422, "request_invalid")
    for by, status in (("xu", 404), ("olga", 403), ("bob", 403), ("station", 403)):
        assert (await edit(as_, by, who, {"area": "x"}))[0] == status, by


async def test_by_oneself_only_what_no_paper_says_is_changed(as_: As, cast: Cast) -> None:
    alice = cast.people["alice"]
    assert (await edit(as_, "alice", alice, {"skills": "二胡", "area": "东区"}))[0] == 200
    for body in ({"name": "别名"}, {"phone": phone()}, {"is_party_member": True}, {"born_on": None}):
        assert await edit(as_, "alice", alice, body) == (422, "field_not_own")
    assert (await edit(as_, "wen", alice, {"name": "别名"}))[0] == 200
    # Not of herself either: somebody else has to look at the papers.
    assert await edit(as_, "wen", cast.people["wen"], {"name": "别名"}) == (422, "field_not_own")


async def test_the_phone_of_an_office_is_changed_only_by_who_could_revoke_its_roles(
    as_: As, cast: Cast, service: Service
) -> None:
    for who in ("adam", "wen", "stella"):
        person_id = cast.people[who]
        await service.database.write(
            cast.bank,
            lambda tx, person_id=person_id: join(  # type: ignore[misc]  # a lambda with a default has no type
                tx,
                person_id,
                organisation_id=cast.organisations["apple"],
                kind="residence",
                from_on=date(2025, 1, 1),
                today=date(2025, 1, 1),
                actor="test",
            ),
        )
    for by, who, status in (
        ("wen", "adam", 403),
        ("ada", "adam", 403),
        ("ada", "wen", 200),
        ("wen", "stella", 200),
        ("adam", "wen", 200),
    ):
        assert (await edit(as_, by, cast.people[who], {"phone": phone()}))[0] == status, (by, who)
    assert (await edit(as_, "wen", cast.people["adam"], {"area": "x"}))[0] == 200


async def test_a_birth_date_follows_the_id_number(as_: As, cast: Cast) -> None:
    taken, number = id_number(), id_number("19800101")
    await registered(as_, cast, id_number=taken)
    who = await registered(as_, cast, born_on="1979-01-01")
    assert await edit(as_, "wen", who, {"id_number": taken}) == (409, "already_registered")
    assert (await edit(as_, "wen", who, {"id_number": number}))[0] == 200
    assert (await edit(as_, "wen", who, {"id_number": number}))[0] == 200
    read = await as_("wen").get(f"{PEOPLE}/{who}", params=READING)
    assert read.json()["personal"]["born_on"] == "1980-01-01"
    assert await edit(as_, "wen", who, {"born_on": "1980-01-02"}) == (422, "birth_dates_differ")


async def test_a_registered_person_is_enrolled_later(as_: As, cast: Cast) -> None:
    who = await registered(as_, cast)
    path, body = f"{PEOPLE}/{who}/enrolment", {"code": "LATER"}
    assert await edit(as_, "wen", who, {"is_party_member": True}) == (422, "not_a_volunteer")
    for by, status in (("xu", 404), ("olga", 403), ("stranger", 401)):
        assert (await as_(by).post(path, json=body)).status_code == status, by
    new = await as_("wen").post(path, json=body)
    assert new.status_code == 201
    assert new.json()["volunteer"]["organisation_id"] == cast.organisations["apple"]
    again = await as_("wen").post(path, json=body)
    assert (again.status_code, again.json()["code"]) == (409, "already_a_volunteer")
    taken = await as_("wen").post(f"{PEOPLE}/{await registered(as_, cast)}/enrolment", json=body)
    assert (taken.status_code, taken.json()["code"]) == (409, "already_taken_code")


async def test_nothing_personal_is_kept_outside_the_vault(as_: As, cast: Cast, service: Service) -> None:
    number, mobile = id_number(), phone()
    who = await enrolled(as_, cast, "V9", name="独特之名", id_number=number, phone=mobile)
    await as_("wen").get(f"{PEOPLE}/{who}", params=READING)
    await edit(as_, "wen", who, {"employer": "独特单位"})

    async def everything(tx: ReadTx) -> str:
        tables = (
            "people",
            "volunteers",
            "acts",
            "replies",
            "look_ups",
            "memberships",
            "vault",
            "blind_indexes",
        )
        return "\n".join(
            [
                await tx.connection.fetchval(
                    f"select string_agg(t::text, ' ') from {table} t where t.bank_id = $1", tx.bank_id
                )
                for table in tables
            ]
        )

    kept = await service.database.read(cast.bank, everything)
    for personal in (number, mobile, "独特"):
        assert personal not in kept
        assert personal.encode().hex() not in kept
