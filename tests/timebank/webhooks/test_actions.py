"""Endpoints: their secrets are sealed and follow the vault's key, and there is an end to how many there are."""

import pytest

from tests.api.cast import Cast
from tests.timebank.messages.conftest import NOON, Spy
from timebank.database import Database
from timebank.errors import RefusalError
from timebank.messages.sending import Outbox, send_due
from timebank.vault.cipher import Cipher
from timebank.vault.keys import KeyRing
from timebank.vault.rotation import STORES, _reseal_store
from timebank.webhooks.actions import Made, make_endpoint, try_endpoint
from timebank.webhooks.rules import MAX_ENDPOINTS

OLD, NEW = b"o" * 32, b"n" * 32


async def make(database: Database, cast: Cast, number: int) -> Made:
    url = f"https://a.example.org/{number}"
    return await database.write(
        cast.bank, lambda tx: make_endpoint(tx, Cipher(OLD), url=url, kinds=["*"], actor="t", now=NOON)
    )


async def test_another_vault_key_seals_the_secrets_anew(database: Database, cast: Cast) -> None:
    made = [await make(database, cast, number) for number in range(12)]
    store = next(store for store in STORES if store.name == "webhook_endpoints")
    swept = await _reseal_store(database, cast.bank, Cipher(KeyRing([NEW, OLD])), store)
    assert (swept.sealed, swept.unopened) == (12, 0)
    spy, after = Spy("webhook"), Cipher(NEW)
    last = made[-1]
    await database.write(cast.bank, lambda tx: try_endpoint(tx, last.endpoint.id, now=NOON))
    assert await send_due(Outbox(database, after, {"webhook": spy}, lambda: NOON), cast.bank) == {"sent": 1}
    assert spy.sent[0].secret == last.secret


async def test_a_secret_that_no_key_opens_is_waited_for(database: Database, cast: Cast) -> None:
    made = await make(database, cast, 1)
    await database.write(cast.bank, lambda tx: try_endpoint(tx, made.endpoint.id, now=NOON))
    spy = Spy("webhook")
    outbox = Outbox(database, Cipher(NEW), {"webhook": spy}, lambda: NOON)
    assert await send_due(outbox, cast.bank) == {"waiting": 1}
    assert spy.sent == []


async def test_there_are_so_many_endpoints_and_no_more(database: Database, cast: Cast) -> None:
    for number in range(MAX_ENDPOINTS):
        await make(database, cast, number)
    with pytest.raises(RefusalError, match="too_many_endpoints"):
        await make(database, cast, MAX_ENDPOINTS)
