"""Verifying without a login: what holds, what was altered, what another bank signed, what was revoked."""

from pathlib import Path

import pytest

from api.limits import Buckets
from api.service import Service
from ledger.proof.note import SigningKey, VerifierKey, sign_note
from ledger.session import WriteTx
from tests.api.cast import Cast
from tests.api.conftest import As
from tests.timebank.certificates.alterations import altered, leaves, text_with, value_of, with_value
from tests.timebank.certificates.scene import CIPHER, NOW, Scene, enter_scene
from timebank.access import Actor
from timebank.certificates.document import Certificate
from timebank.certificates.numbers import new_number
from timebank.certificates.opening import opened
from timebank.certificates.printing import render_certificate
from timebank.certificates.verifying import verify
from timebank.database import Database
from timebank.privacy.erasure import erase_person
from timebank.proof.actions import prove_record

TEXT = {"content-type": "text/plain"}
PDF = {"content-type": "application/pdf"}
MISSING, REFUSED, TOO_LARGE, UNSUPPORTED, THROTTLED = 404, 422, 413, 415, 429


@pytest.fixture
async def scene(database: Database, cast: Cast, service: Service) -> Scene:
    """Return Alice, who served, and her bank with its key in the service's home."""
    return await enter_scene(database, cast, Path(service.settings.home))


async def handed_in(as_: As, content: bytes | str, headers: dict[str, str] = TEXT) -> dict[str, object]:
    """Hand something in as a stranger."""
    answer = await as_("stranger").post("/api/v1/verification", content=content, headers=headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, object] = answer.json()
    return found


async def looked_up(as_: As, certificate: Certificate) -> dict[str, object]:
    """Look a number up as a stranger."""
    answer = await as_("stranger").get(f"/api/v1/verification/certificates/{certificate.number}")
    found: dict[str, object] = answer.json()
    return found


async def test_a_certificate_holds_by_file_and_by_number(as_: As, scene: Scene) -> None:
    document = await scene.issued()
    certificate = scene.opened(document)
    for content, headers in (
        (document.encode(), TEXT),
        (render_certificate(certificate, document), PDF),
    ):
        said = await handed_in(as_, content, headers)
        assert (said["what"], said["code"], said["is_valid"]) == ("certificate", "valid", True)
        assert (said["holder"], said["minutes"], said["records"]) == (certificate.holder.name, 360, 3)
    found = await looked_up(as_, certificate)
    assert (found["state"], found["masked_name"], found["minutes"]) == ("valid", "测*明", 360)
    assert certificate.holder.name not in str(found)
    typed = certificate.number.lower().replace("-", " ")
    answer = await as_("stranger").get(f"/api/v1/verification/certificates/{typed}")
    assert answer.json() == found


async def test_an_altered_one_and_one_of_another_bank_are_told(as_: As, scene: Scene) -> None:
    document = await scene.issued()
    value = value_of(document)
    for path in list(leaves(value))[::9]:
        said = await handed_in(as_, with_value(document, altered(value, path)))
        assert (said["code"], said["holder"]) == ("bad_signature", None)
    for name in ("timebank/elsewhere", scene.key.name, "somebody"):
        said = await handed_in(as_, sign_note(text_with(value), SigningKey.generate(name)))
        assert (said["code"], said["is_valid"], said["holder"]) == ("unknown_key", False, None)
    other = opened(with_value(document, {**value, "minutes": 420}))
    said = await handed_in(as_, render_certificate(other, document), PDF)
    assert (said["code"], said["minutes"]) == ("text_differs", 360)


async def test_a_revoked_one_is_told_everywhere(as_: As, scene: Scene) -> None:
    document = await scene.issued()
    certificate = scene.opened(document)
    at = f"/api/v1/people/{scene.person}/certificates"
    (listed,) = (await as_("olga").get(at)).json().get("items") or (await as_("alice").get(at)).json()[
        "items"
    ]
    await as_("olga").post(f"{at}/{listed['id']}/revoke", json={"reason": "misuse"})
    said = await handed_in(as_, document)
    assert (said["code"], said["is_valid"]) == ("revoked", False)
    assert said["revoked_on"]
    found = await looked_up(as_, certificate)
    assert (found["state"], found["masked_name"]) == ("revoked", None)
    note = (await as_("stranger").get(f"/api/v1/banks/{scene.cast.bank.code}/revocations")).text
    assert certificate.number not in note
    offline = verify(document.encode(), [scene.key.verifier], revocations=note)
    assert (offline.code, str(offline.revoked_on)) == ("revoked", said["revoked_on"])
    # Another one, and a list that is not the bank's.
    assert verify((await scene.issued()).encode(), [scene.key.verifier], revocations=note).is_valid
    forged = note.replace('"count":1', '"count":0')
    untrusted = verify(document.encode(), [scene.key.verifier], revocations=forged)
    assert untrusted.code == "revocations_untrusted"


async def test_what_was_corrected_since_is_told(as_: As, scene: Scene) -> None:
    document = await scene.issued()

    async def void(tx: WriteTx) -> None:
        await tx.connection.execute(
            "update service_records set state = 'voided' where bank_id = $1 and id ="
            " (select max(id) from service_records where bank_id = $1)",
            tx.bank_id,
        )

    await scene.database.write(scene.cast.bank, void)
    said = await handed_in(as_, document)
    assert (said["code"], said["is_valid"]) == ("changed", False)
    assert (await looked_up(as_, scene.opened(document)))["state"] == "changed"


async def test_of_an_erased_person_only_the_copy_speaks(as_: As, scene: Scene) -> None:
    document = await scene.issued()
    by = Actor(None, scene.cast.people["adam"])
    await scene.database.write(
        scene.cast.bank, lambda tx: erase_person(tx, CIPHER, by, scene.person, now=NOW)
    )
    assert (await handed_in(as_, document))["code"] == "valid"
    found = await looked_up(as_, scene.opened(document))
    assert (found["state"], found["masked_name"], found["organisation"]) == ("erased", None, None)


async def test_signed_but_not_in_the_register_is_told(as_: As, scene: Scene) -> None:
    value = value_of(await scene.issued())
    value["number"] = new_number(scene.cast.bank.id, b"0123456789")
    assert (await handed_in(as_, sign_note(text_with(value), scene.key)))["code"] == "not_on_record"


async def test_proofs_and_checkpoints_are_verified_too(as_: As, scene: Scene) -> None:
    certificate = scene.opened(await scene.issued())
    said = await handed_in(as_, certificate.checkpoint)
    assert (said["what"], said["code"], said["tree_size"]) == ("checkpoint", "checkpoint", 3)
    record = str(certificate.records[0].record)
    proof = (await prove_record(scene.database, scene.cast.bank, record)).to_json()
    assert (await handed_in(as_, proof))["code"] == "proof"
    assert (await handed_in(as_, proof.replace('"amount": 120', '"amount": 180')))["code"] == "not_included"
    altered_head = certificate.checkpoint.replace("\n3\n", "\n4\n")
    assert (await handed_in(as_, altered_head))["code"] == "bad_signature"
    foreign = sign_note("timebank/x\n1\n" + "A" * 43 + "=\n", SigningKey.generate("timebank/x"))
    assert (await handed_in(as_, foreign))["code"] == "unknown_key"


@pytest.mark.parametrize("content", [b"", b"\xff", b"{", b"[]", b"{}", b"timebank/", b"hello", b"\x00" * 10])
async def test_anything_else_is_nothing(as_: As, scene: Scene, content: bytes) -> None:
    del scene  # which has a key
    assert not (await handed_in(as_, content))["is_valid"]


@pytest.mark.parametrize(
    "content", [b"%PDF-1.7", b"%PDF-1.7\n1 0 obj<</Length 9>>stream\n", b"%PDF-" + b"x" * 9000]
)
async def test_a_broken_pdf_is_no_certificate(as_: As, scene: Scene, content: bytes) -> None:
    del scene  # which has a key
    assert (await handed_in(as_, content, PDF))["code"] == "not_a_certificate"


async def test_numbers_that_are_not_there_and_bodies_that_are_too_much(as_: As, scene: Scene) -> None:
    stranger, at = as_("stranger"), "/api/v1/verification"
    missing = new_number(scene.cast.bank.id, b"0123456789")
    for number, status, code in (
        (missing, MISSING, "unknown_certificate"),
        (new_number(10**9, b"0123456789"), MISSING, "unknown_certificate"),
        (missing[:-1] + ("A" if missing[-1] != "A" else "B"), REFUSED, "certificate_number_wrong"),
        ("x", REFUSED, "certificate_number_wrong"),
    ):
        answer = await stranger.get(f"{at}/certificates/{number}")
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    large = await stranger.post(at, content=b"x" * (9 * 1024 * 1024), headers=TEXT)
    assert large.status_code == TOO_LARGE
    odd = await stranger.post(at, content=b"x", headers={"content-type": "image/png"})
    assert odd.status_code == UNSUPPORTED


async def test_one_address_has_to_wait(as_: As, service: Service, scene: Scene) -> None:
    service.verify_limit = Buckets(2, 0.001)
    number = new_number(scene.cast.bank.id, b"0123456789")
    codes = [
        (await as_("stranger").get(f"/api/v1/verification/certificates/{number}")).status_code
        for _ in range(3)
    ]
    assert codes == [MISSING, MISSING, THROTTLED]


async def test_the_published_key_is_the_one_that_verifies(as_: As, scene: Scene) -> None:
    said = (await as_("stranger").get(f"/api/v1/banks/{scene.cast.bank.code}/verifier")).json()
    assert verify((await scene.issued()).encode(), [VerifierKey.parse(said["verifier"])]).is_valid
