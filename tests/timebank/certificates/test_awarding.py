"""Certificates of a list: all on it get one, once, and lose it with the honour."""

import asyncio
import io
import secrets
import zipfile

import pytest

from ledger.session import ReadTx, WriteTx
from tests.timebank.certificates.rounds import publish
from tests.timebank.certificates.scene import CIPHER, NOW, URL, Scene
from timebank.access import Actor, Grant
from timebank.certificates.awarding import Awarded, Edition, award
from timebank.certificates.ceremony import documents_of_round, pack
from timebank.certificates.document import Certificate
from timebank.certificates.issuing import Signatory
from timebank.certificates.numbers import new_number
from timebank.certificates.printing import render_certificate
from timebank.certificates.register import judge, look_up
from timebank.certificates.revoking import revoke_for_candidate
from timebank.certificates.storing import link_to
from timebank.certificates.verifying import verify
from timebank.database import Database
from timebank.errors import RefusalError
from timebank.permissions import Role
from timebank.privacy.erasure import erase_person
from timebank.recognition.ending import revoke_candidate, revoke_round
from timebank.recognition.queries import round_of

_WAITS = """
select exists (select from pg_locks l where not l.granted and pg_backend_pid() = any(pg_blocking_pids(l.pid)))
"""


async def awarded(scene: Scene, round_id: int, *, after: int = 0) -> Awarded:
    """Issue what is to be issued of a list."""
    edition = Edition(
        Signatory(head="测试主任"),
        scene.key,
        lambda: link_to(URL, new_number(scene.cast.bank.id, secrets.token_bytes(10))),
    )

    async def work(tx: WriteTx) -> Awarded:
        found = await round_of(tx, round_id)
        return await award(tx, CIPHER, found, edition, after=after, by="test", now=NOW)

    return await scene.database.write(scene.cast.bank, work)


async def prints(scene: Scene, round_id: int) -> dict[str, bytes]:
    """Return the files of the ceremony's ZIP."""

    async def work(tx: ReadTx) -> bytes:
        return pack(await documents_of_round(tx, CIPHER, round_id, after=0, limit=100))

    content = await scene.database.read(scene.cast.bank, work)
    archive = zipfile.ZipFile(io.BytesIO(content))
    return {name: archive.read(name) for name in archive.namelist()}


async def standing(scene: Scene, certificate: Certificate) -> str:
    """Return what the register says of a certificate."""
    found = await scene.database.read(scene.cast.bank, lambda tx: look_up(tx, CIPHER, certificate.number))
    return judge(found, [scene.key.verifier], bank="测试").state


async def test_all_on_the_list_get_theirs_once(scene: Scene) -> None:
    round_id = await publish(scene)
    done = await asyncio.gather(awarded(scene, round_id), awarded(scene, round_id))
    assert sorted(one.issued for one in done) == [0, 2]
    assert {one.next for one in done} == {None}
    files = await prints(scene, round_id)
    assert [name[:7] for name in files] == ["000001-", "000002-"]
    verdicts = [verify(content, [scene.key.verifier]) for content in files.values()]
    assert [(one.code, one.is_print_compared) for one in verdicts] == [("valid", True)] * 2
    first = verdicts[0].certificate
    assert first is not None
    assert first.honour is not None
    assert (first.kind, first.honour.level_label, first.honour.label) == ("recognition", "银", "年度嘉许")
    assert (first.honour.evidence["share"], first.minutes, first.honour.points) == ("1.5", 360, 60)
    assert (first.issuer.organisation, first.issuer.head) == ("测试root", "测试主任")
    assert await standing(scene, first) == "valid"


async def test_who_lost_the_honour_has_no_certificate(scene: Scene) -> None:
    round_id = await publish(scene)
    await awarded(scene, round_id)
    files = await prints(scene, round_id)
    first = verify(next(iter(files.values())), [scene.key.verifier]).certificate
    assert first is not None

    async def take_back(tx: WriteTx) -> None:
        assert len(await revoke_for_candidate(tx, round_id=round_id, number=1, by="test", now=NOW)) == 1
        assert await revoke_for_candidate(tx, round_id=round_id, number=1, by="test", now=NOW) == []

    await scene.database.write(scene.cast.bank, take_back)
    assert await standing(scene, first) == "revoked"
    assert len(await prints(scene, round_id)) == 1
    assert (await awarded(scene, round_id)).issued == 1  # should the list still have them, another is issued


@pytest.mark.parametrize("whole", [True, False])
async def test_who_loses_the_honour_while_certificates_are_issued_gets_none(
    scene: Scene, whole: bool, database: Database
) -> None:
    round_id = await publish(scene)
    root = scene.cast.organisations["root"]
    olga = Actor(None, scene.cast.people["olga"], grants=(Grant(Role.OFFICE, root, at_root=True),))

    async def take_back(tx: WriteTx) -> "asyncio.Task[Awarded]":
        if whole:
            await revoke_round(tx, olga, round_id=round_id, reason="mistake", now=NOW)
        else:
            await revoke_candidate(tx, olga, round_id=round_id, number=1, reason="mistake", now=NOW)
        issuing = asyncio.create_task(awarded(scene, round_id))
        while not await tx.connection.fetchval(_WAITS):
            await asyncio.sleep(0.02)
        return issuing

    issuing = await database.write(scene.cast.bank, take_back)
    if whole:
        with pytest.raises(RefusalError, match="round_not_published"):
            await issuing
    else:
        assert (await issuing).issued == 1
    assert [name[:6] for name in await prints(scene, round_id)] == ([] if whole else ["000002"])


async def test_a_list_that_is_not_published_has_none(scene: Scene) -> None:
    round_id = await publish(scene, state="approved")
    with pytest.raises(RefusalError, match="round_not_published"):
        await awarded(scene, round_id)


async def test_a_list_that_was_revoked_is_told(scene: Scene) -> None:
    round_id = await publish(scene)
    await awarded(scene, round_id)
    files = await prints(scene, round_id)
    first = verify(next(iter(files.values())), [scene.key.verifier]).certificate
    assert first is not None

    async def end(tx: WriteTx) -> None:
        await tx.connection.execute(
            "update recognition_rounds set state = 'revoked' where bank_id = $1 and id = $2",
            tx.bank_id,
            round_id,
        )

    await scene.database.write(scene.cast.bank, end)
    assert await standing(scene, first) == "changed"


async def test_who_has_no_name_or_was_erased_gets_none(scene: Scene) -> None:
    round_id = await publish(scene)
    by = Actor(None, scene.cast.people["adam"])

    async def forget(tx: WriteTx) -> None:
        await erase_person(tx, CIPHER, by, scene.cast.people["bob"], now=NOW)
        await tx.connection.execute("delete from vault where bank_id = $1 and field = 'name'", tx.bank_id)

    await scene.database.write(scene.cast.bank, forget)
    assert await awarded(scene, round_id) == Awarded(0, 1, None)


async def test_another_level_on_the_print_is_found_out(scene: Scene) -> None:
    from dataclasses import replace  # noqa: PLC0415 -- used here only

    round_id = await publish(scene)
    await awarded(scene, round_id)
    (_, document), *_ = await scene.database.read(
        scene.cast.bank, lambda tx: documents_of_round(tx, CIPHER, round_id, after=0, limit=1)
    )
    real = scene.opened(document)
    assert real.honour is not None
    other = replace(real, honour=replace(real.honour, level_label="金"))
    assert verify(render_certificate(other, document), [scene.key.verifier]).code == "text_differs"
