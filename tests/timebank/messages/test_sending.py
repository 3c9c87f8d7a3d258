"""From telling to sending: each message once, in the transaction of what it tells of, whatever fails."""

import asyncio
from uuid import uuid4

import pytest

from ledger.session import WriteTx
from tests.timebank.messages.conftest import ADDRESS, CIPHER, Post
from timebank.errors import RefusalError
from timebank.messages.channels import TemporaryError, UndeliverableError
from timebank.messages.choices import forget_channel
from timebank.messages.rules import LEASE, MAX_ATTEMPTS, pause_after
from timebank.messages.sending import KEPT, forget_old, send_due
from timebank.notifications.actions import tell, tell_each
from timebank.vault.actions import replace_fields
from timebank.webhooks.actions import end_endpoint


async def told(post: Post, *names: str, kind: str = "awarded", **params: object) -> None:
    people = [post.cast.people[name] for name in names]
    await post.database.write(post.cast.bank, lambda tx: tell(tx, people, kind, **params))


async def test_only_who_chose_a_channel_gets_a_message_by_it(post: Post) -> None:
    alice = await post.choose("alice", "email", "sms", email=ADDRESS, phone="19900000001")
    spies = {name: post.spy(name) for name in ("email", "sms", "wechat")}
    people = [(alice, {"unit": "point", "amount": 5}), (post.cast.people["bob"], {}), (uuid4(), {})]
    await post.database.write(post.cast.bank, lambda tx: tell_each(tx, people, "awarded"))
    assert await send_due(post.outbox, post.cast.bank) == {"sent": 2}
    assert await post.rows() == [("email", "sent", 1, None), ("sms", "sent", 1, None)]
    (mail,), (text,) = spies["email"].sent, spies["sms"].sent
    assert (mail.to, text.to) == (ADDRESS, "19900000001")
    assert (mail.kind, mail.params, mail.person_id) == ("awarded", {"unit": "point", "amount": 5}, alice)
    assert spies["wechat"].sent == []
    assert await send_due(post.outbox, post.cast.bank) == {}
    assert len(spies["email"].sent) == 1


async def test_what_is_not_committed_is_not_sent(post: Post) -> None:
    alice = await post.choose("alice", "wechat")
    spy = post.spy("wechat")

    async def work(tx: WriteTx) -> None:
        await tell(tx, [alice], "pin_set")
        raise RefusalError("unknown_card")

    with pytest.raises(RefusalError):
        await post.database.write(post.cast.bank, work)
    assert await send_due(post.outbox, post.cast.bank) == {}
    assert spy.sent == []


async def test_several_processes_send_each_message_once(post: Post) -> None:
    alice = await post.choose("alice", "wechat")
    spy = post.spy("wechat")
    many = [(alice, {"amount": number}) for number in range(90)]
    await post.database.write(post.cast.bank, lambda tx: tell_each(tx, many, "fufen_taken"))
    done = await asyncio.gather(*(send_due(post.outbox, post.cast.bank) for _ in range(3)))
    assert sum(each["sent"] for each in done) == 90
    assert {each.params["amount"] for each in spy.sent} == set(range(90))
    assert len({each.reference for each in spy.sent}) == 90


async def test_an_endpoint_gets_the_kinds_it_wants(post: Post) -> None:
    await post.endpoint(kinds=["pin_set"], path="/pins")
    await post.endpoint(path="/all")
    spy = post.spy("webhook")
    await told(post, "alice", "bob", kind="pin_set", card=1)
    await told(post, "alice", kind="reversed")
    assert await send_due(post.outbox, post.cast.bank) == {"sent": 5}
    assert sorted((each.kind, each.to.rsplit("/", 1)[1]) for each in spy.sent) == [
        ("pin_set", "all"),
        ("pin_set", "all"),
        ("pin_set", "pins"),
        ("pin_set", "pins"),
        ("reversed", "all"),
    ]


async def test_a_failure_is_tried_again_ever_later_and_then_given_up(post: Post) -> None:
    await post.choose("alice", "email", email=ADDRESS)
    spy = post.spy("email")
    spy.failure = TemporaryError("smtp:421")
    await told(post, "alice")
    for attempt in range(1, MAX_ATTEMPTS):
        assert await send_due(post.outbox, post.cast.bank) == {"waiting": 1}
        assert await post.rows() == [("email", "waiting", attempt, "smtp:421")]
        post.now += pause_after(attempt)
        post.later(microseconds=-1)
        assert await send_due(post.outbox, post.cast.bank) == {}
        post.later(microseconds=1)
    assert await send_due(post.outbox, post.cast.bank) == {"failed": 1}
    assert len({each.reference for each in spy.sent}) == 1
    post.later(days=30)
    assert await send_due(post.outbox, post.cast.bank) == {}


async def test_a_refusal_for_good_is_not_tried_again(post: Post) -> None:
    await post.choose("alice", "email", email=ADDRESS)
    post.spy("email").failure = UndeliverableError("smtp:550")
    await told(post, "alice")
    assert await send_due(post.outbox, post.cast.bank) == {"dropped": 1}
    assert await post.rows() == [("email", "dropped", 1, "smtp:550")]


async def test_a_channel_s_own_mistake_is_no_reason_to_lose_the_message(post: Post) -> None:
    await post.choose("alice", "email", "sms", email=ADDRESS, phone="19900000001")
    post.spy("email").failure = KeyError(ADDRESS)
    post.spy("sms").failure = KeyError("19900000001")
    await told(post, "alice")
    assert await send_due(post.outbox, post.cast.bank) == {"waiting": 1, "dropped": 1}
    assert await post.rows() == [
        ("email", "waiting", 1, "KeyError"),
        ("sms", "dropped", 1, "unknown_outcome"),
    ]


async def test_a_channel_that_is_not_set_up_now_is_waited_for(post: Post) -> None:
    await post.choose("alice", "email", email=ADDRESS)
    await told(post, "alice")
    assert await send_due(post.outbox, post.cast.bank) == {"waiting": 1}
    spy = post.spy("email")
    post.later(minutes=1)
    assert await send_due(post.outbox, post.cast.bank) == {"sent": 1}
    assert len(spy.sent) == 1


async def test_what_nobody_wants_any_more_is_dropped(post: Post) -> None:
    alice = await post.choose("alice", "email", "sms", "wechat", email=ADDRESS, phone="19900000001")
    endpoint_id, _ = await post.endpoint()
    spies = [post.spy(name) for name in ("email", "sms", "wechat", "webhook")]
    await told(post, "alice")

    async def change(tx: WriteTx) -> None:
        await forget_channel(tx, person_id=alice, channel="email")
        await replace_fields(tx, CIPHER, alice, {"phone": ""})
        await end_endpoint(tx, endpoint_id, expected_version=None, now=post.now)

    await post.database.write(post.cast.bank, change)
    assert await send_due(post.outbox, post.cast.bank) == {"dropped": 3, "sent": 1}
    problems = {channel: problem for channel, _, _, problem in await post.rows()}
    assert problems == {
        "email": "not_chosen",
        "sms": "no_address",
        "wechat": None,
        "webhook": "endpoint_ended",
    }
    assert [len(spy.sent) for spy in spies] == [0, 0, 1, 0]


async def test_a_sender_that_dies_before_it_marks_leaves_a_lease(post: Post) -> None:
    await post.choose("alice", "email", "sms", email=ADDRESS, phone="19900000001")
    spies = [post.spy(name) for name in ("email", "sms")]
    for spy in spies:
        spy.failure = asyncio.CancelledError()  # nothing more is written: the process is gone
    await told(post, "alice")
    with pytest.raises(asyncio.CancelledError):
        await send_due(post.outbox, post.cast.bank)
    assert {state for _, state, _, _ in await post.rows()} == {"sending"}
    for spy in spies:
        spy.failure = None
    post.now += LEASE
    post.later(seconds=-1)
    assert await send_due(post.outbox, post.cast.bank) == {}
    post.later(seconds=1)
    # Whoever gets the mail again can tell by its reference; the phone does not ring twice.
    assert await send_due(post.outbox, post.cast.bank) == {"sent": 1, "dropped": 1}
    assert await post.rows() == [("email", "sent", 2, None), ("sms", "dropped", 1, "unknown_outcome")]
    mails, texts = (spy.sent for spy in spies)
    assert [each.reference for each in mails] == [mails[0].reference] * 2
    assert len(texts) == 1


async def test_who_comes_back_after_its_lease_changes_nothing(post: Post) -> None:
    await post.choose("alice", "wechat")
    spy = post.spy("wechat")
    spy.gate = asyncio.Event()
    await told(post, "alice")
    first = asyncio.create_task(send_due(post.outbox, post.cast.bank))
    while not spy.sent:
        await asyncio.sleep(0.01)
    post.now += LEASE
    assert await send_due(post.outbox, post.cast.bank) == {"dropped": 1}
    spy.gate.set()
    assert await first == {}
    assert await post.rows() == [("wechat", "dropped", 1, "unknown_outcome")]
    assert len(spy.sent) == 1


async def test_an_endpoint_that_is_down_holds_up_nobody_else(post: Post) -> None:
    await post.choose("alice", "wechat")
    await post.endpoint()
    down, up = post.spy("webhook"), post.spy("wechat")
    down.failure = TemporaryError("http:503")
    for number in range(5):
        await told(post, "alice", number=number)
    assert await send_due(post.outbox, post.cast.bank) == {"waiting": 5, "sent": 5}
    assert (len(down.sent), len(up.sent)) == (1, 5)
    # Given back untried, the others have used up no attempt.
    attempts = [attempts for channel, _, attempts, _ in await post.rows() if channel == "webhook"]
    assert sorted(attempts) == [0, 0, 0, 0, 1]
    down.failure = None
    post.later(minutes=1)
    assert await send_due(post.outbox, post.cast.bank) == {"sent": 5}


async def test_old_messages_are_forgotten(post: Post) -> None:
    await post.choose("alice", "wechat")
    post.spy("wechat")
    await told(post, "alice")
    await send_due(post.outbox, post.cast.bank)
    post.now += KEPT
    await forget_old(post.outbox, post.cast.bank)
    assert len(await post.rows()) == 1
    post.later(seconds=1)
    await forget_old(post.outbox, post.cast.bank)
    assert await post.rows() == []
