"""Guardians of minors over HTTP, and the birthday on which it ends by itself."""

from datetime import UTC, date, datetime
from uuid import UUID

from api.service import Service
from ledger.session import ReadTx
from tests.api.cast import Cast
from tests.api.conftest import As
from tests.api.v1.residents import PEOPLE, id_number, registered
from timebank.access import acts_for

TODAY = datetime.now(UTC).date()
TEN_YEARS_AGO = date(TODAY.year - 10, 1, 15)
OF_AGE = date(TODAY.year + 8, 1, 15)


async def family(as_: As, cast: Cast) -> tuple[UUID, UUID]:
    minor = await registered(as_, cast, name="示例小", born_on=str(TEN_YEARS_AGO))
    return minor, await registered(as_, cast, name="示例大", born_on="1985-05-05")


async def appoint(as_: As, minor: UUID, guardian: UUID, *, by: str = "wen") -> tuple[int, str | None]:
    body = {"guardian_id": str(guardian), "relation": "parent"}
    answer = await as_(by).post(f"{PEOPLE}/{minor}/guardianships", json=body)
    return answer.status_code, answer.json().get("code")


async def may_act(service: Service, cast: Cast, guardian: UUID, minor: UUID, day: date) -> bool:
    async def work(tx: ReadTx) -> bool:
        return await acts_for(tx, guardian, minor, "profile", now=tx.start_of(day))

    return await service.database.read(cast.bank, work)


async def test_a_guardian_acts_for_a_minor_until_the_eighteenth_birthday(
    as_: As, cast: Cast, service: Service
) -> None:
    minor, guardian = await family(as_, cast)
    assert await appoint(as_, minor, guardian) == (201, None)
    (found,) = (await as_("wen").get(f"{PEOPLE}/{minor}/guardianships")).json()["items"]
    assert (found["guardian_id"], found["until_on"]) == (str(guardian), str(OF_AGE))
    assert await may_act(service, cast, guardian, minor, OF_AGE.replace(day=14))
    assert not await may_act(service, cast, guardian, minor, OF_AGE)
    assert not await may_act(service, cast, minor, guardian, OF_AGE.replace(day=14))
    assert await appoint(as_, minor, guardian) == (409, "already_guardian")


async def test_a_corrected_birth_date_moves_the_end(as_: As, cast: Cast) -> None:
    minor, guardian = await family(as_, cast)
    await appoint(as_, minor, guardian)
    born = date(TODAY.year - 9, 1, 15)
    number = id_number(f"{born:%Y%m%d}")
    edited = await as_("wen").patch(
        f"{PEOPLE}/{minor}", json={"id_number": number}, headers={"If-Match": "*"}
    )
    assert edited.status_code == 200
    (found,) = (await as_("wen").get(f"{PEOPLE}/{minor}/guardianships")).json()["items"]
    assert found["until_on"] == str(born.replace(year=born.year + 18))


async def test_nobody_is_appointed_when(as_: As, cast: Cast) -> None:
    minor, guardian = await family(as_, cast)
    sibling = await registered(as_, cast, born_on=str(TEN_YEARS_AGO))
    unknown = await registered(as_, cast)
    assert await appoint(as_, guardian, minor) == (422, "not_a_minor")
    assert await appoint(as_, minor, sibling) == (422, "guardian_not_of_age")
    assert await appoint(as_, minor, minor) == (422, "guardian_not_of_age")
    assert await appoint(as_, minor, unknown) == (422, "birth_date_missing")
    assert await appoint(as_, unknown, guardian) == (422, "birth_date_missing")


async def test_only_workers_and_administrators_with_both_in_reach_appoint(as_: As, cast: Cast) -> None:
    minor, guardian = await family(as_, cast)
    far = await registered(as_, cast, by="xu", at="birch", born_on="1985-05-05")
    for by, status in (("olga", 403), ("alice", 403), ("xu", 404), ("station", 403), ("stranger", 401)):
        assert (await appoint(as_, minor, guardian, by=by))[0] == status, by
    assert await appoint(as_, minor, far) == (404, "unknown_person")
    assert await appoint(as_, minor, far, by="ada") == (201, None)


async def test_nobody_appoints_themselves(as_: As, cast: Cast) -> None:
    minor, _ = await family(as_, cast)
    wen = cast.people["wen"]
    body = {"organisation_id": cast.organisations["apple"], "kind": "residence", "from_on": "2025-01-01"}
    assert (await as_("adam").post(f"{PEOPLE}/{wen}/memberships", json=body)).status_code == 201
    born = await as_("adam").patch(
        f"{PEOPLE}/{wen}", json={"born_on": "1985-05-05"}, headers={"If-Match": "*"}
    )
    assert born.status_code == 200
    assert await appoint(as_, minor, wen) == (422, "guardian_to_oneself")
    assert await appoint(as_, minor, wen, by="adam") == (201, None)


async def test_is_ended_before_its_time_and_can_begin_again(as_: As, cast: Cast, service: Service) -> None:
    minor, guardian = await family(as_, cast)
    await appoint(as_, minor, guardian)
    path = f"{PEOPLE}/{minor}/guardianships"
    (found,) = (await as_("wen").get(path)).json()["items"]
    end = f"{path}/{found['id']}/end"
    assert (await as_("xu").post(end)).status_code == 404
    ended = await as_("wen").post(end)
    assert ended.status_code == 200
    assert not await may_act(service, cast, guardian, minor, date.fromisoformat(ended.json()["until_on"]))
    again = await as_("wen").post(end)
    assert (again.status_code, again.json()["code"]) == (409, "already_ended")
    missing = await as_("wen").post(f"{path}/{2**62}/end")
    assert (missing.status_code, missing.json()["code"]) == (404, "unknown_guardianship")
    assert await appoint(as_, minor, guardian) == (201, None)
