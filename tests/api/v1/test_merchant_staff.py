"""A merchant's staff over HTTP: added and removed by an office in reach, and shown to offices only."""

from tests.api.cast import Cast
from tests.api.conftest import As
from tests.api.v1.bazaar import MERCHANTS, open_merchant, said, second_of_office
from timebank.database import Database


async def test_staff_is_added_and_removed_by_an_office(as_: As, database: Database, cast: Cast) -> None:
    await second_of_office(database, cast)
    id_ = await open_merchant(as_, cast, staff=False)
    staff, max_ = f"{MERCHANTS}/{id_}/staff", str(cast.people["max"])
    assert (await as_("max").get("/api/v1/me/merchants")).json()["items"] == []
    assert said(await as_("wen").post(staff, json={"person_id": str(cast.people["alice"])})) == (
        404,
        "unknown_staff",
    )
    assert (await as_("wen").post(staff, json={"person_id": max_})).status_code == 204
    assert said(await as_("wen").post(staff, json={"person_id": max_})) == (409, "already_staff")
    (own,) = (await as_("max").get("/api/v1/me/merchants")).json()["items"]
    assert own["id"] == id_
    assert max_ not in (await as_("max").get("/api/v1/me/merchants")).text
    assert (await as_("max").get(staff)).status_code == 403
    (line,) = (await as_("wen").get(staff)).json()["items"]
    assert (line["person_id"], line["until_at"]) == (max_, None)
    assert (await as_("wen").post(f"{staff}/{max_}/end")).status_code == 204
    assert said(await as_("wen").post(f"{staff}/{max_}/end")) == (404, "unknown_staff")
    assert said(await as_("max").get(f"{MERCHANTS}/{id_}/acceptances")) == (404, "unknown_merchant")
