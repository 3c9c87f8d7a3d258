"""What fails or is slow rests, so that what goes elsewhere is not held up, and what fails for ever is given up."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from ledger.session import WriteTx
from tests.timebank.messages.conftest import ADDRESS, Post, Spy
from timebank.messages import sending
from timebank.messages.channels import Outgoing, TemporaryError
from timebank.messages.rules import PATIENCE
from timebank.messages.sending import BATCH, KEPT, forget_old, send_due
from timebank.notifications.actions import tell, tell_each

MANY = 5 * BATCH


class Slow(Spy):
    """A channel that takes its time."""

    async def send(self, outgoing: Outgoing) -> None:
        """Keep it, after a while."""
        await asyncio.sleep(0.3)
        self.sent.append(outgoing)


async def backlog(post: Post, number: int = MANY) -> None:
    """Tell Bob many things, and then Alice one; she is told by WeChat."""
    await post.choose("alice", "wechat")
    alice, bob = post.cast.people["alice"], post.cast.people["bob"]
    many = [(bob, {"amount": amount}) for amount in range(number)]

    async def work(tx: WriteTx) -> None:
        await tell_each(tx, many, "awarded")
        await tell(tx, [alice], "pin_set")

    await post.database.write(post.cast.bank, work)


@pytest.mark.parametrize("name", ["webhook", "email"])
async def test_what_is_down_is_tried_once_a_minute_however_much_waits_for_it(post: Post, name: str) -> None:
    if name == "webhook":
        await post.endpoint(kinds=["awarded"])
    else:
        await post.choose("bob", name, email=ADDRESS)
    down, up, outbox = post.spy(name), post.spy("wechat"), post.outbox
    down.failure = TemporaryError("smtp:SMTPConnectError", is_of_channel=True)
    await backlog(post)
    assert await send_due(outbox, post.cast.bank) == {"waiting": BATCH, "sent": 1}
    post.later(seconds=59)
    assert await send_due(outbox, post.cast.bank) == {}
    assert (len(down.sent), len(up.sent)) == (1, 1)
    post.later(seconds=1)
    down.failure = None
    assert await send_due(outbox, post.cast.bank) == {"sent": MANY}


async def test_a_mail_that_is_refused_for_now_holds_up_no_other(post: Post) -> None:
    await post.choose("bob", "email", email=ADDRESS)
    spy = post.spy("email")
    spy.failure = TemporaryError("smtp:451")
    await backlog(post, 5)
    await send_due(post.outbox, post.cast.bank)
    assert len(spy.sent) == 5


async def test_who_is_slow_has_a_turn_and_then_the_others(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "TURN", timedelta(seconds=1))
    await post.endpoint(kinds=["awarded"])
    up, slow, outbox = post.spy("wechat"), Slow("webhook"), post.outbox
    post.channels["webhook"] = slow
    await backlog(post)
    done = await send_due(outbox, post.cast.bank)
    assert len(up.sent) == 1
    assert done == {"sent": len(slow.sent) + 1, "waiting": BATCH - len(slow.sent)}
    assert 1 <= len(slow.sent) <= 5
    # Slowness is no failure: nothing of it counts.
    assert {attempts for _, state, attempts, _ in await post.rows() if state == "waiting"} == {0}


async def test_what_waits_for_an_endpoint_that_stays_down_is_given_up(post: Post) -> None:
    await post.endpoint(kinds=["awarded"])
    post.spy("webhook").failure = TemporaryError("http:ConnectError")
    post.spy("wechat")
    await backlog(post, 5)
    # What is told is told by the server's clock.
    post.now = datetime.now(UTC) + PATIENCE - timedelta(minutes=1)
    await send_due(post.outbox, post.cast.bank)
    assert [state for channel, state, *_ in await post.rows() if channel == "webhook"] == ["waiting"] * 5
    post.later(minutes=2)
    await send_due(post.outbox, post.cast.bank)
    states = [(state, attempts) for channel, state, attempts, _ in await post.rows() if channel == "webhook"]
    # One is tried each minute; of the others nothing more is hoped.
    assert sorted(states) == [("failed", 0)] * 4 + [("waiting", 2)]


async def test_what_no_key_opens_does_not_fill_the_outbox(post: Post) -> None:
    endpoint_id, _ = await post.endpoint(kinds=["awarded"])
    for name in ("webhook", "wechat"):
        post.spy(name)

    async def spoil(tx: WriteTx) -> None:
        await tx.connection.execute(
            "update webhook_endpoints set sealed_secret = 'x' where bank_id = $1 and id = $2",
            tx.bank_id,
            endpoint_id,
        )

    await post.database.write(post.cast.bank, spoil)
    await backlog(post, 1_000)
    post.now = datetime.now(UTC)  # as above
    for _ in range(2):
        await send_due(post.outbox, post.cast.bank)
        post.now += KEPT + timedelta(days=400)
    assert {row[1:] for row in await post.rows() if row[0] == "webhook"} == {("failed", 0, "vault_key_wrong")}
    await forget_old(post.outbox, post.cast.bank)
    assert await post.rows() == []
