"""Webhooks by a real receiver: signed, once, to addresses that are everybody's, and nowhere else."""

import ssl
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from uuid import UUID

import pytest
from standardwebhooks import Webhook
from standardwebhooks.webhooks import WebhookVerificationError

from tests.timebank.messages.conftest import Post
from tests.timebank.messages.receivers import HOST, LOCAL, Hooks, certificate, hook_server
from timebank.messages.channels import Outgoing, TemporaryError, UndeliverableError
from timebank.messages.sending import send_due
from timebank.messages.webhook import WebhookChannel, is_public
from timebank.notifications.actions import tell
from timebank.webhooks.actions import new_secret, try_endpoint
from timebank.webhooks.queries import endpoint

SECRET = new_secret()


def message(port: int, to: str = "") -> Outgoing:
    now = datetime.now(UTC)
    url = to or f"https://{HOST}:{port}/in?for=us"
    return Outgoing(UUID(int=7), "银行", "pin_set", {"card": 3}, None, now, now, url, SECRET)


async def test_an_endpoint_gets_what_happened_signed(post: Post, hooks: Hooks) -> None:
    _, secret = await post.endpoint(hooks.port)
    alice = post.cast.people["alice"]
    post.now = datetime.now(UTC)  # the receiver looks at the clock on its own wall
    await post.database.write(
        post.cast.bank, lambda tx: tell(tx, [alice], "timecoins_given", amount=2, transaction=9)
    )
    assert await send_due(post.outbox, post.cast.bank) == {"sent": 1}
    (request,) = hooks.requests
    body = Webhook(secret).verify(request.body, request.headers)
    assert (body["type"], body["data"]) == (
        "timecoins_given",
        {"person_id": str(alice), "amount": 2, "transaction": 9},
    )
    assert request.headers["host"] == f"{HOST}:{hooks.port}"
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(request.body, request.headers)


async def test_a_repetition_has_the_same_id(post: Post, hooks: Hooks) -> None:
    endpoint_id, _ = await post.endpoint(hooks.port)
    hooks.status = 500
    reference = await post.database.write(
        post.cast.bank, lambda tx: try_endpoint(tx, endpoint_id, now=post.now)
    )
    assert await send_due(post.outbox, post.cast.bank) == {"waiting": 1}
    hooks.status = 200
    post.later(minutes=1)
    assert await send_due(post.outbox, post.cast.bank) == {"sent": 1}
    first, second = hooks.requests
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == str(reference)
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) == 60


async def test_an_endpoint_that_is_gone_is_ended(post: Post, hooks: Hooks) -> None:
    endpoint_id, _ = await post.endpoint(hooks.port)
    hooks.status = 410
    for _ in range(2):
        await post.database.write(post.cast.bank, lambda tx: try_endpoint(tx, endpoint_id, now=post.now))
    await send_due(post.outbox, post.cast.bank)
    found = await post.database.read(post.cast.bank, lambda tx: endpoint(tx, endpoint_id))
    assert found.ended_at == post.now
    assert ("webhook", "dropped", 1, "http:410") in await post.rows()


@pytest.mark.parametrize("status", [301, 307, 400, 404, 429, 500, 503])
async def test_anything_but_success_is_tried_again_and_no_redirect_is_followed(
    post: Post, hooks: Hooks, status: int
) -> None:
    hooks.status, hooks.head = status, f"location: https://{HOST}:{hooks.port}/elsewhere\r\n"
    with pytest.raises(TemporaryError, match=f"http:{status}"):
        await post.channels["webhook"].send(message(hooks.port))
    assert [request.path for request in hooks.requests] == ["/in?for=us"]


async def test_the_name_is_proven_by_tls_though_the_address_is_pinned(hooks: Hooks, tmp_path: Path) -> None:
    _, of_another = certificate(tmp_path, "other.example.org")

    async def resolve(name: str, port: int) -> Sequence[str]:
        del name, port
        return [LOCAL]

    channel = WebhookChannel(context=of_another, resolve=resolve, is_allowed=lambda _: True)
    with pytest.raises(TemporaryError, match="http:ConnectError"):
        await channel.send(message(hooks.port))
    assert hooks.requests == []


async def test_what_a_name_leads_to_is_looked_at_once_and_connected_to(hooks: Hooks, tmp_path: Path) -> None:
    server, trusting = certificate(tmp_path)
    asked: list[str] = []

    async def rebinding(name: str, port: int) -> Sequence[str]:
        del port
        asked.append(name)
        return [LOCAL] if len(asked) == 1 else ["10.0.0.1"]

    async with hook_server(Hooks(), server) as pinned:
        channel = WebhookChannel(context=trusting, resolve=rebinding, is_allowed=lambda _: True)
        await channel.send(message(pinned.port))
    assert asked == [HOST]
    assert len(pinned.requests) == 1
    assert hooks.requests == []


def webhook(context: ssl.SSLContext, addresses: Sequence[str]) -> WebhookChannel:
    async def resolve(name: str, port: int) -> Sequence[str]:
        del name, port
        return addresses

    return WebhookChannel(context=context, resolve=resolve)


PRIVATE = (
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",  # noqa: S104 -- refused
    "224.0.0.1",
    "255.255.255.255",
    "::1",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "fd00::1",
    "ff02::1",
    "::ffff:10.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "2002:7f00:1::1",
    "fec0::1",
    "::127.0.0.1",
    "::ffff:0:10.0.0.1",
    "64:ff9b:1::7f00:1",
)


@pytest.mark.parametrize("address", PRIVATE)
async def test_an_address_that_is_not_everybody_s_is_refused(tmp_path: Path, address: str) -> None:
    _, trusting = certificate(tmp_path)
    for found in ([address], ["203.0.114.9", address]):
        with pytest.raises(UndeliverableError, match="address_not_public"):
            await webhook(trusting, found).send(message(443))


def test_addresses_that_are_everybody_s_will_do() -> None:
    for address in ("203.0.114.9", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"):
        assert is_public(ip_address(address))


async def test_a_name_that_leads_nowhere_is_temporary_and_a_plain_url_refused(tmp_path: Path) -> None:
    _, trusting = certificate(tmp_path)

    async def nowhere(name: str, port: int) -> Sequence[str]:
        raise OSError(name, port)

    with pytest.raises(TemporaryError, match="name_not_found"):
        await WebhookChannel(context=trusting, resolve=nowhere).send(message(443))
    for url in (f"http://{HOST}/in", "https:///in"):
        with pytest.raises(UndeliverableError, match="url_invalid"):
            await webhook(trusting, [LOCAL]).send(message(443, url))


async def test_what_is_too_large_or_unsigned_is_not_sent(hooks: Hooks, post: Post) -> None:
    large = replace(message(hooks.port), params={"goods": list(range(10_000))})
    with pytest.raises(UndeliverableError, match="too_large"):
        await post.channels["webhook"].send(large)
    with pytest.raises(UndeliverableError, match="secret_missing"):
        await post.channels["webhook"].send(replace(message(hooks.port), secret=None))
    assert hooks.requests == []
