"""One phone, one member: what a phone does for others is refused or doubted."""

import secrets

from tests.timebank.scans.scene import ENDS, KEYS, STARTS, Scene, own, taken
from tests.timebank.scans.test_actions import MINUTE, SECOND
from timebank.codes.rules import StationCode, read_code
from timebank.scans.receipts import make_receipt


async def test_one_phone_checks_in_one_member(scene: Scene) -> None:
    ann, ben = await scene.members(2)
    phone, code = secrets.token_bytes(32), scene.shown(STARTS)
    requests = [own(ann, STARTS, code=code, phone=phone), own(ben, STARTS, code=code, phone=phone)]
    assert await scene.outcomes(*requests) == ["accepted", "phone_used"]
    # Nor does it check another out, who came with a phone of their own.
    at, bens = ENDS, secrets.token_bytes(32)
    assert await scene.outcomes(own(ben, STARTS, code=code, phone=bens)) == ["accepted"]
    assert await scene.outcomes(own(ben, at, kind="out", code=scene.shown(at), phone=phone)) == ["phone_used"]
    other = await scene.another_session(STARTS)
    there = own(ben, STARTS, code=scene.shown(STARTS, session=other), phone=phone)
    assert await scene.outcomes(there) == ["accepted"]


async def test_a_receipt_is_good_for_five_minutes_on_its_phone_and_once(scene: Scene) -> None:
    ann, ben = await scene.members(2)
    phone = secrets.token_bytes(32)
    code = read_code(scene.shown(STARTS))
    assert isinstance(code, StationCode)
    receipt = make_receipt(KEYS, bank_id=scene.bank.id, station_code=code, phone=phone, now=STARTS)
    late = STARTS + 5 * MINUTE
    cases = [
        ("code_replayed", own(ben, STARTS + MINUTE, receipt=receipt)),
        ("code_expired", own(ann, late + SECOND, receipt=receipt, phone=phone)),
        ("code_forged", own(ann, STARTS, receipt=receipt[:-4] + "AAAA", phone=phone)),
        ("code_unreadable", own(ann, STARTS, receipt=receipt[4:], phone=phone)),
        ("accepted", own(ann, late, receipt=receipt, phone=phone)),
        ("repeat", own(ann, late, receipt=receipt, phone=phone)),
        ("code_replayed", own(ann, late, kind="out", receipt=receipt, phone=phone)),
        ("code_replayed", own(ben, late, receipt=receipt, phone=phone)),
    ]
    assert await scene.outcomes(*(request for _, request in cases)) == [outcome for outcome, _ in cases]
    (attendance,) = await scene.attendances()
    assert (attendance.owner, attendance.check_in_at) == (ann, STARTS)


async def test_one_phone_checks_no_other_out_by_a_poster(scene: Scene) -> None:
    ann, ben = await scene.members(2)
    phone = secrets.token_bytes(32)
    assert await scene.outcomes(own(ann, STARTS, code=scene.poster(), phone=phone)) == ["accepted"]
    assert await scene.outcomes(own(ben, STARTS, code=scene.poster())) == ["accepted"]
    out = own(ben, ENDS, kind="out", code=scene.poster(), phone=phone)
    assert await scene.outcomes(out) == ["phone_used"]


async def test_a_phone_whose_member_was_checked_in_by_a_steward_checks_in_no_other(scene: Scene) -> None:
    ann, ben = await scene.members(2)
    phone, code = secrets.token_bytes(32), scene.shown(STARTS)
    first = taken(scene, STARTS, member_code=(await scene.pass_of(ann)).code(STARTS))
    assert await scene.outcomes(first) == ["accepted"]
    both = [own(person, STARTS, code=code, phone=phone) for person in (ann, ben)]
    assert await scene.outcomes(both[0]) == ["repeat"]
    assert await scene.outcomes(both[1]) == ["phone_used"]


async def test_in_one_batch_a_repeat_uses_the_phone_too(scene: Scene) -> None:
    ann, ben = await scene.members(2)
    phone, code = secrets.token_bytes(32), scene.shown(STARTS)
    requests = [
        taken(scene, STARTS, member_code=(await scene.pass_of(ann)).code(STARTS)),
        own(ann, STARTS, code=code, phone=phone),
        own(ben, STARTS, code=code, phone=phone),
    ]
    assert await scene.outcomes(*requests) == ["accepted", "repeat", "phone_used"]
