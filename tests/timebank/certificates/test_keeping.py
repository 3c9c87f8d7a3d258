"""What is kept of a certificate: sealed, sealed anew when keys change, and gone with the person but for its digest."""

import pytest

from ledger.session import ReadTx
from tests.timebank.certificates.scene import CIPHER, NOW, Scene
from timebank.access import Actor
from timebank.certificates.queries import Issued, certificates_of, documents_of
from timebank.certificates.storing import digest_of_document
from timebank.errors import RefusalError
from timebank.privacy.erasure import erase_person
from timebank.vault.cipher import Cipher
from timebank.vault.keys import KeyRing
from timebank.vault.rotation import STORES, _reseal_store

OLD, NEW = b"v" * 32, b"n" * 32


async def kept(scene: Scene, cipher: Cipher) -> tuple[Issued, str | None]:
    """Return the only certificate and its document."""

    async def work(tx: ReadTx) -> tuple[Issued, str | None]:
        (found,) = await certificates_of(tx, scene.person, before_id=2**63 - 1, limit=2)
        return found, (await documents_of(tx, cipher, [found])).get(found.id)

    return await scene.database.read(scene.cast.bank, work)


async def test_a_new_key_seals_it_anew(scene: Scene) -> None:
    document = await scene.issued()
    (store,) = [store for store in STORES if store.name == "certificates"]
    swept = await _reseal_store(scene.database, scene.cast.bank, Cipher(KeyRing([NEW, OLD])), store)
    assert (swept.sealed, swept.unopened) == (1, 0)
    assert (await kept(scene, Cipher(NEW)))[1] == document
    with pytest.raises(RefusalError, match="vault_key_wrong"):
        await kept(scene, CIPHER)


async def test_the_person_goes_and_the_digest_stays(scene: Scene) -> None:
    document = await scene.issued()
    by = Actor(None, scene.cast.people["adam"])
    await scene.database.write(
        scene.cast.bank, lambda tx: erase_person(tx, CIPHER, by, scene.person, now=NOW)
    )
    found, left = await kept(scene, CIPHER)
    assert (found.is_erased, left) == (True, None)
    assert found.digest == digest_of_document(document)
    with pytest.raises(RefusalError, match="person_erased"):
        await scene.issue()
