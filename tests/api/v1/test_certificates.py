"""Certificates over HTTP: asked for, printed, listed, revoked, and of no concern to anybody else."""

import io
import secrets
from pathlib import Path

import pypdf
import pytest

from api.service import Service
from tests.api.cast import Cast
from tests.api.conftest import As
from tests.ledger.proof.history import until_decided
from tests.timebank.certificates.scene import FIELDS, Scene, enter_scene, serve
from timebank.certificates.verifying import verify
from timebank.database import Database

YEAR = {"from_on": "2025-01-01", "until_on": "2025-12-31"}
CREATED, MISSING, FORBIDDEN, CONFLICT, REFUSED = 201, 404, 403, 409, 422


@pytest.fixture
async def scene(database: Database, cast: Cast, service: Service) -> Scene:
    """Return Alice, who served, and her bank with its key in the service's home."""
    return await enter_scene(database, cast, Path(service.settings.home))


def key() -> dict[str, str]:
    return {"Idempotency-Key": secrets.token_hex(8)}


async def issued(as_: As, scene: Scene, name: str = "alice", **more: object) -> dict[str, object]:
    """Ask for Alice's certificate."""
    answer = await as_(name).post(
        f"/api/v1/people/{scene.person}/certificates", json={**YEAR, **more}, headers=key()
    )
    assert answer.status_code == CREATED, answer.text
    found: dict[str, object] = answer.json()
    return found


async def test_it_is_issued_listed_and_printed(as_: As, scene: Scene) -> None:
    made = await issued(as_, scene)
    assert (made["minutes"], made["records"], made["unsealed"]) == (360, 3, 0)
    at = f"/api/v1/people/{scene.person}/certificates"
    (listed,) = (await as_("alice").get(at)).json()["items"]
    assert (listed["number"], listed["kind"], listed["revoked_at"]) == (made["number"], "service", None)
    assert FIELDS["name"] not in str(listed)
    pdf = await as_("alice").get(f"{at}/{made['id']}/pdf")
    assert pdf.headers["content-type"] == "application/pdf"
    assert FIELDS["name"] in pypdf.PdfReader(io.BytesIO(pdf.content)).pages[0].extract_text()
    document = await as_("alice").get(f"{at}/{made['id']}/document")
    for content in (pdf.content, document.content):
        assert verify(content, [scene.key.verifier]).code == "valid"


async def test_the_same_request_is_answered_once(as_: As, scene: Scene) -> None:
    at, headers = f"/api/v1/people/{scene.person}/certificates", key()
    first = await as_("alice").post(at, json=YEAR, headers=headers)
    again = await as_("alice").post(at, json=YEAR, headers=headers)
    assert (first.json(), first.status_code) == (again.json(), again.status_code)
    other = await as_("alice").post(at, json={**YEAR, "from_on": "2025-02-01"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (CONFLICT, "idempotency_conflict")
    assert len((await as_("alice").get(at)).json()["items"]) == 1


async def test_what_is_not_sealed_is_sealed_first(as_: As, scene: Scene) -> None:
    await serve(scene.database, scene.cast, times=2)
    await until_decided(scene.database, scene.cast.bank)
    made = await issued(as_, scene)
    while made["unsealed"]:  # a writer of another test holds the horizon back for a while
        made = await issued(as_, scene)
    assert (made["records"], made["minutes"]) == (5, 600)
    assert await scene.unsealed() == 0


async def test_who_has_not_served_has_nothing_to_certify(as_: As, scene: Scene) -> None:
    answer = await as_("bob").post(
        f"/api/v1/people/{scene.cast.people['bob']}/certificates", json=YEAR, headers=key()
    )
    assert (answer.status_code, answer.json()["code"]) == (REFUSED, "nothing_to_certify")


async def test_a_community_worker_issues_it_and_the_look_is_recorded(as_: As, scene: Scene) -> None:
    made = await issued(as_, scene, "wen", signatory={"head": "测试主任"}, full_id_number=True)
    at = f"/api/v1/people/{scene.person}"
    pdf = await as_("wen").get(f"{at}/certificates/{made['id']}/pdf")
    assert FIELDS["id_number"] in pypdf.PdfReader(io.BytesIO(pdf.content)).pages[0].extract_text()
    looks = (await as_("alice").get(f"{at}/look-ups")).json()["items"]
    assert [sorted(look["fields"]) for look in looks] == [["name"], ["id_number", "name"]]
    refused = await as_("alice").post(
        f"{at}/certificates", json={**YEAR, "signatory": {"head": "我"}}, headers=key()
    )
    assert refused.json()["code"] == "signatory_not_yours"


async def test_an_agent_for_the_standing_reads_no_whole_number(as_: As, scene: Scene) -> None:
    masked, whole = await issued(as_, scene), await issued(as_, scene, full_id_number=True)
    await scene.database.write(
        scene.cast.bank,
        lambda tx: tx.connection.execute(
            "insert into proxies (bank_id, principal_id, agent_id, scopes, reason, from_at, until_at, made_by)"
            " values ($1, $2, $3, '{standing}', '代办', '2025-01-01', '2999-01-01', 'test')",
            tx.bank_id,
            scene.person,
            scene.cast.people["carl"],
        ),
    )
    at = f"/api/v1/people/{scene.person}/certificates"
    for name, made, status in (("carl", masked, 200), ("carl", whole, FORBIDDEN), ("alice", whole, 200)):
        for form in ("pdf", "document"):
            assert (await as_(name).get(f"{at}/{made['id']}/{form}")).status_code == status


@pytest.mark.parametrize("name", ["bob", "xu", "audrey", "carl", "station"])
async def test_nobody_else_has_it(as_: As, scene: Scene, name: str) -> None:
    made = await issued(as_, scene)
    at = f"/api/v1/people/{scene.person}/certificates"
    for path in (at, f"{at}/{made['id']}/pdf", f"{at}/{made['id']}/document"):
        assert (await as_(name).get(path)).status_code in {FORBIDDEN, MISSING}
    answer = await as_(name).post(f"{at}/{made['id']}/revoke", json={"reason": "mistake"})
    assert answer.status_code in {FORBIDDEN, MISSING}


async def test_the_office_revokes_it_once(as_: As, scene: Scene) -> None:
    made = await issued(as_, scene)
    at = f"/api/v1/people/{scene.person}/certificates"
    done = await as_("olga").post(f"{at}/{made['id']}/revoke", json={"reason": "mistake"})
    assert (done.json()["revoke_reason"], done.json()["number"]) == ("mistake", made["number"])
    again = await as_("olga").post(f"{at}/{made['id']}/revoke", json={"reason": "mistake"})
    assert (again.status_code, again.json()["code"]) == (CONFLICT, "already_revoked_certificate")
    unknown = await as_("olga").post(f"{at}/999999/revoke", json={"reason": "mistake"})
    assert (unknown.status_code, unknown.json()["code"]) == (MISSING, "unknown_certificate")
    told = (await as_("alice").get(f"/api/v1/people/{scene.person}/notifications")).json()["items"]
    assert [item["kind"] for item in told] == ["certificate_revoked"]
