"""Sending for ever: what becomes due is sent without anybody asking, and a stop waits for what is being sent."""

import asyncio

import pytest

from tests.timebank.messages.conftest import Post
from timebank.errors import RefusalError
from timebank.messages.loop import send_all, send_forever
from timebank.notifications.actions import tell


async def told(post: Post) -> None:
    people = [post.cast.people["alice"]]
    await post.database.write(post.cast.bank, lambda tx: tell(tx, people, "pin_set"))


async def test_a_stop_lets_what_is_being_sent_be_sent_and_marked(post: Post) -> None:
    await post.choose("alice", "wechat")
    spy, stop = post.spy("wechat"), asyncio.Event()
    spy.gate = asyncio.Event()
    await told(post)
    sending = asyncio.create_task(send_forever(post.outbox, [post.cast.bank.code], stop=stop))
    while not spy.sent:
        await asyncio.sleep(0.01)
    stop.set()
    await asyncio.sleep(0.01)
    assert not sending.done()
    spy.gate.set()
    await asyncio.wait_for(sending, 60)
    assert await post.rows() == [("wechat", "sent", 1, None)]


async def test_one_pass_sends_of_the_banks_that_are_named(post: Post) -> None:
    await post.choose("alice", "wechat")
    post.spy("wechat")
    await told(post)
    with pytest.raises(RefusalError, match="unknown_bank"):
        await send_all(post.outbox, ["of_nobody"])
    assert await send_all(post.outbox, [post.cast.bank.code]) == {"sent": 1}
