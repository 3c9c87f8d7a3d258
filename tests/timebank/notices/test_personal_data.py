"""Personal data of notices: erased with the person, handed out to them, and sealed anew with a new key."""

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from ledger.proof.document import verify_document
from ledger.proof.note import VerifierKey
from tests.ledger.proof.history import until_decided
from tests.timebank.notices.scene import CIPHER, OVER, Scene
from timebank.access import Actor
from timebank.notices import queries
from timebank.notices.closing import credit_notice
from timebank.notices.crediting import By
from timebank.privacy.erasure import erase_person
from timebank.privacy.export import collect
from timebank.proof.actions import audit_bank, prove_record, seal_settled
from timebank.vault.cipher import Cipher
from timebank.vault.keys import KeyRing
from timebank.vault.rotation import STORES, reseal

BY = By("job:credit")


async def erase(scene: Scene, who: str) -> None:
    person = scene.cast.people[who]
    await scene.write(
        lambda tx: erase_person(tx, CIPHER, Actor(None, uuid4()), person, now=OVER + timedelta(days=1))
    )


async def test_an_erased_volunteers_lines_show_nobody_and_records_and_proofs_stay(
    scene: Scene, tmp_path: Path
) -> None:
    bank = scene.cast.bank
    record, other = await scene.record("alice"), await scene.record("bob")
    notice_id = await scene.notice()
    await scene.write(lambda tx: credit_notice(tx, notice_id=notice_id, by=BY, now=OVER))
    await until_decided(scene.database, bank)
    sealed = await seal_settled(scene.database, bank, tmp_path, now=OVER)
    proof = (await prove_record(scene.database, bank, str(record))).to_json()
    before = (await scene.wallet("alice"), await scene.state(record), await scene.state(other))

    await erase(scene, "alice")

    shown = await scene.read(lambda tx: queries.lines(tx, notice_id, after_line=0, limit=9))
    assert [line.name for line in shown] == ["***", "测*"]
    assert (await scene.wallet("alice"), await scene.state(record), await scene.state(other)) == before
    key, origin = VerifierKey.parse(sealed.verifier), f"timebank/{bank.code}"
    verify_document(proof, key, origin=origin)
    again = (await prove_record(scene.database, bank, str(record))).to_json()
    verify_document(again, key, origin=origin)
    assert await audit_bank(scene.database, bank, tmp_path) == []


async def test_who_was_erased_before_is_shown_as_nobody_and_still_credited(scene: Scene) -> None:
    await scene.record("alice")
    await erase(scene, "alice")
    notice_id = await scene.notice()
    (line,) = await scene.read(lambda tx: queries.lines(tx, notice_id, after_line=0, limit=9))
    assert line.name == "***"
    await scene.write(lambda tx: credit_notice(tx, notice_id=notice_id, by=BY, now=OVER))
    assert (await scene.wallet("alice"))["minute", None] == 120
    assert await scene.told("alice") == []


async def test_an_erased_objectors_words_and_contact_go_and_the_objection_is_still_decided(
    scene: Scene,
) -> None:
    record = await scene.record("alice")
    notice_id = await scene.notice()
    objection = await scene.object_to(notice_id, 1, "xu", contact="19900007001")
    await erase(scene, "xu")
    (found,) = await scene.do("olga", lambda tx, actor: queries.objections(tx, actor, after_id=0, limit=9))
    assert (found.ground, found.has_contact) == ("—", False)
    assert await scene.read(lambda tx: queries.contact_of(tx, CIPHER, objection)) is None
    await scene.decide(objection, "dismissed", now=OVER)
    assert (await scene.state(record))[0] == "credited"


async def test_a_person_gets_their_lines_and_objections(scene: Scene) -> None:
    record = await scene.record("alice")
    notice_id = await scene.notice()
    await scene.object_to(notice_id, 1, "bob", contact="19900007002")
    people = scene.cast.people
    alice = (await scene.read(lambda tx: collect(tx, CIPHER, people["alice"], now=OVER))).parts
    bob = (await scene.read(lambda tx: collect(tx, CIPHER, people["bob"], now=OVER))).parts
    assert [row["record_id"] for row in alice["notice_lines"]] == [record]
    assert alice["objections"] == []
    assert [(row["ground"], row["has_contact"]) for row in bob["objections"]] == [
        ("测试：当日未见其人", True)
    ]
    assert bob["notice_lines"] == []


async def test_contacts_are_sealed_anew_with_a_new_key(scene: Scene) -> None:
    await scene.record("alice")
    notice_id = await scene.notice()
    objection = await scene.object_to(notice_id, 1, contact="19900007003")
    newer = Cipher(KeyRing([b"m" * 32, b"n" * 32]))
    await reseal(scene.database, newer)
    only_new = Cipher(b"m" * 32)
    assert await scene.read(lambda tx: queries.contact_of(tx, only_new, objection)) == "19900007003"
    (store,) = [store for store in STORES if store.name == "objections"]
    rows = await scene.read(lambda tx: tx.connection.fetch(store.count, tx.bank_id))
    assert [(row["key_id"], row["rows"]) for row in rows] == [(only_new.key_id, 1)]
