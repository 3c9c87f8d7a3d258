"""A list from the cut-off to its publication, and what is taken back of it afterwards."""

import hashlib

from tests.timebank.recognition.stage import CIPHER, NEW_YEAR, OVER, Stage
from timebank.notices.objections import Objection
from timebank.recognition.approving import approve_round, publish_round
from timebank.recognition.deciding import decide_candidate
from timebank.recognition.document import document_stream
from timebank.recognition.ending import revoke_candidate
from timebank.recognition.noticing import open_notice
from timebank.recognition.objections import decide_objection, raise_objection
from timebank.recognition.queries import candidate, candidates, decisions


async def test_from_the_cut_off_to_publication(stage: Stage) -> None:
    found = await stage.opened()
    listed = await stage.read(lambda tx: candidates(tx, found.id, limit=10))
    assert [(one.code, one.level, one.place, one.minutes, one.points) for one in listed] == [
        ("ALICE", 2, 1, 360, 20),
        ("BOB", 1, 2, 180, 20),
    ]
    # Somebody is taken off the list in the review, and put on it again.
    for decision, reason in (("exclude", "mistake"), ("include", "cleared")):
        await stage.do(
            "olga",
            lambda tx, actor, decision=decision, reason=reason: decide_candidate(  # type: ignore[misc]  # words of the actions
                tx, actor, round_id=found.id, number=2, decision=decision, reason=reason, now=NEW_YEAR
            ),
        )
    noticed = await stage.do(
        "olga", lambda tx, actor: open_notice(tx, actor, CIPHER, round_id=found.id, now=NEW_YEAR)
    )
    assert (str(noticed.notice_opened_on), str(noticed.notice_closes_on)) == ("2026-01-08", "2026-01-12")
    shown = await stage.read(lambda tx: candidates(tx, found.id, limit=10))
    assert [one.masked_name for one in shown] == ["测*明", "测*"]
    # A neighbour objects; the office that did not review it decides.
    objection_id = await stage.do(
        "max",
        lambda tx, actor: raise_objection(
            tx, actor, CIPHER, round_id=found.id, number=2, objection=Objection("他没来"), now=NEW_YEAR
        ),
    )
    assert (await stage.read(lambda tx: candidate(tx, found.id, 2))).state == "objected"
    await stage.grant("mia", "office", "root")
    await stage.do(
        "mia",
        lambda tx, actor: decide_objection(
            tx, actor, objection_id=objection_id, decision="dismissed", reason="签到表属实", now=NEW_YEAR
        ),
    )
    await stage.do("wen", lambda tx, actor: approve_round(tx, actor, round_id=found.id, now=OVER))
    published = await stage.do(
        "olga", lambda tx, actor: publish_round(tx, actor, round_id=found.id, now=OVER)
    )
    assert (published.state, published.approved_by) == ("published", stage.cast.people["wen"])
    assert await stage.told("alice") == ["recognition_noticed", "recognition_published"]
    assert await stage.told("bob") == ["recognition_noticed", "recognition_objected", "recognition_published"]
    assert await stage.told("max") == ["recognition_objection_decided"]
    await stage.do(
        "wen",
        lambda tx, actor: revoke_candidate(
            tx, actor, round_id=found.id, number=1, reason="records_corrected", now=OVER
        ),
    )
    assert (await stage.read(lambda tx: candidate(tx, found.id, 1))).state == "revoked"
    assert [one.decision for one in await stage.read(lambda tx: decisions(tx, found.id, 1))] == ["revoke"]
    assert (await stage.told("alice"))[-1] == "recognition_revoked"
    # What was found is the same as on the first day.
    document = b"".join([chunk async for chunk in document_stream(stage.read, await stage.again(found))])
    assert hashlib.sha256(document).digest() == found.digest
