"""Issuing a certificate of service: what is in it, what is left out, and who may ask."""

from datetime import UTC, date, datetime, timedelta

import pytest

from ledger.session import WriteTx
from tests.timebank.certificates.scene import FIELDS, FIRST, LAST, NOW, Scene, serve
from timebank.access import Actor, load_actor
from timebank.certificates.issuing import Signatory, Wish, unsealed_records
from timebank.errors import RefusalError


async def test_it_has_what_the_law_asks_for(scene: Scene) -> None:
    certificate = scene.opened(await scene.issued())
    assert (certificate.holder.name, certificate.holder.volunteer) == (FIELDS["name"], "ALICE")
    assert certificate.holder.id_number == "990***********7777"
    assert certificate.issuer.organisation == "测试apple"
    assert (certificate.from_on, certificate.until_on, certificate.minutes) == (FIRST, LAST, 360)
    (first, second, third) = certificate.records
    assert (first.activity, first.place, first.organiser) == ("清洁日", "广场", "测试apple")
    assert (first.leader, first.minutes) == ("ALICE", 120)
    assert (first.day, second.day, third.day) == (date(2025, 3, 5), date(2025, 3, 6), date(2025, 3, 7))


async def test_the_whole_number_is_shown_only_to_who_asks(scene: Scene) -> None:
    wish = scene.wish(full_id_number=True)
    assert scene.opened(await scene.issued(wish)).holder.id_number == FIELDS["id_number"]


async def test_an_agent_for_the_standing_does_not_learn_the_whole_number(scene: Scene) -> None:
    agent = scene.cast.people["carl"]

    async def appoint(tx: WriteTx) -> None:
        await tx.connection.execute(
            "insert into proxies (bank_id, principal_id, agent_id, scopes, reason, from_at, until_at, made_by)"
            " values ($1, $2, $3, '{standing}', '代办', $4, $5, 'test')",
            tx.bank_id,
            scene.person,
            agent,
            NOW - timedelta(days=1),
            NOW + timedelta(days=1),
        )

    await scene.database.write(scene.cast.bank, appoint)
    assert (await scene.issue(by=Actor(None, agent))).records == 3
    with pytest.raises(RefusalError, match="forbidden"):
        await scene.issue(scene.wish(full_id_number=True), by=Actor(None, agent))


async def test_a_period_takes_its_days_and_no_other(scene: Scene) -> None:
    wish = scene.wish(first=date(2025, 3, 6), last=date(2025, 3, 6))
    assert [str(served.day) for served in scene.opened(await scene.issued(wish)).records] == ["2025-03-06"]
    with pytest.raises(RefusalError, match="nothing_to_certify"):
        await scene.issue(scene.wish(first=date(2024, 1, 1), last=date(2024, 12, 31)))
    with pytest.raises(RefusalError, match="period_reversed"):
        await scene.issue(scene.wish(first=LAST, last=FIRST))


async def test_what_is_not_sealed_is_left_out_and_counted(scene: Scene) -> None:
    await serve(scene.database, scene.cast, times=2)
    me = Actor(None, scene.person)

    async def left_out(tx: WriteTx) -> int:
        return await unsealed_records(tx, me, scene.wish(), now=datetime.now(UTC))

    assert await scene.database.read(scene.cast.bank, left_out) == 2  # type: ignore[arg-type]  # it only reads
    done = await scene.issue()
    assert (done.records, done.minutes, done.unsealed) == (3, 360, 2)
    await scene.seal()
    assert (await scene.issue()).records == 5


async def test_a_record_taken_back_is_not_certified(scene: Scene) -> None:
    async def void(tx: WriteTx) -> None:
        await tx.connection.execute(
            "update service_records set state = 'voided' where bank_id = $1 and id ="
            " (select min(id) from service_records where bank_id = $1)",
            tx.bank_id,
        )

    await scene.database.write(scene.cast.bank, void)
    assert (await scene.issue()).minutes == 240


async def test_who_has_no_name_gets_none(scene: Scene) -> None:
    async def forget(tx: WriteTx) -> None:
        await tx.connection.execute("delete from vault where bank_id = $1 and field = 'name'", tx.bank_id)

    await scene.database.write(scene.cast.bank, forget)
    with pytest.raises(RefusalError, match="name_missing"):
        await scene.issue()


@pytest.mark.parametrize("name", ["bob", "xu", "olga", "carl", "audrey"])
async def test_nobody_else_may_ask(scene: Scene, name: str) -> None:
    session = scene.cast.sessions[name]
    actor = await scene.database.read(
        scene.cast.bank, lambda tx: load_actor(tx, session, now=datetime.now(UTC))
    )
    with pytest.raises(RefusalError, match=r"forbidden|unknown_person"):
        await scene.issue(by=actor)


async def test_the_community_worker_says_who_signs_and_the_holder_does_not(scene: Scene) -> None:
    session = scene.cast.sessions["wen"]
    wen = await scene.database.read(
        scene.cast.bank, lambda tx: load_actor(tx, session, now=datetime.now(UTC))
    )
    wish = Wish(scene.person, FIRST, LAST, signatory=Signatory("测试主任", "测试经办", "0000-0000000"))
    with pytest.raises(RefusalError, match="signatory_not_yours"):
        await scene.issue(wish)
    done = await scene.issue(wish, by=wen)
    issuer = scene.opened(await scene.document(done.id)).issuer
    assert (issuer.head, issuer.handler, issuer.contact) == ("测试主任", "测试经办", "0000-0000000")
    told = await scene.database.read(
        scene.cast.bank,
        lambda tx: tx.connection.fetchval(
            "select count(*) from notifications where bank_id = $1 and person_id = $2"
            " and kind = 'certificate_issued'",
            tx.bank_id,
            scene.person,
        ),
    )
    assert told == 1
