"""Answers are kept for a season."""

from datetime import UTC, datetime, timedelta

from timebank.acts.actions import REPLIES_KEPT, find_reply, forget_replies, keep_reply
from timebank.database import Bank, Database


async def test_an_answer_is_found_by_its_actor_and_key_until_it_is_old(
    database: Database, bank: Bank
) -> None:
    await database.write(bank, lambda tx: keep_reply(tx, "person:a", "k", b"f" * 32, 201, "{}"))
    now = datetime.now(UTC)
    for actor, key, is_there in (("person:a", "k", True), ("person:b", "k", False), ("person:a", "K", False)):
        found = await database.read(bank, lambda tx, a=actor, k=key: find_reply(tx, a, k))  # type: ignore[misc]  # a lambda with a default has no type
        assert (found is not None) == is_there
    for moment, is_there in ((now, True), (now + REPLIES_KEPT + timedelta(days=1), False)):
        await database.write(bank, lambda tx, m=moment: forget_replies(tx, before=m - REPLIES_KEPT))  # type: ignore[misc]  # a lambda with a default has no type
        assert (await database.read(bank, lambda tx: find_reply(tx, "person:a", "k")) is not None) == is_there
