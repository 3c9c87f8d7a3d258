"""Short messages and WeChat: the installation's templates, handed to its own gateway."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import httpx2
import pytest
import pytest_asyncio
from standardwebhooks import Webhook

from tests.timebank.messages.receivers import LOCAL, Hooks, hook_server
from timebank.errors import RefusalError
from timebank.messages.channels import Outgoing, TemporaryError, UndeliverableError
from timebank.messages.offered import offered_channels, open_channels
from timebank.messages.templates import TemplateChannel, load_templates
from timebank.settings import Settings
from timebank.webhooks.actions import new_secret

SECRET = new_secret()
PARAMS = {"unit": "point", "amount": 30, "expires_on": "2026-12-31", "days": 7}
FILE = {
    "sms": {
        "expiring": {"template": "SMS_1", "params": ["bank", "amount", "unit", "expires_on", "absent"]},
        "pin_set": {"template": "SMS_2", "params": []},
    },
    "wechat": {},
}


def message(kind: str = "expiring", **params: object) -> Outgoing:
    now = datetime.now(UTC)
    return Outgoing(UUID(int=7), "银行", kind, params or PARAMS, None, now, now, "19900000001")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return the installation's file."""
    found = tmp_path / "templates.json"
    found.write_text(json.dumps(FILE), encoding="utf-8")
    return found


@pytest_asyncio.fixture
async def gateway() -> AsyncIterator[Hooks]:
    """Return a gateway on this machine, as an installation may have it."""
    async with hook_server(Hooks(), None) as running:
        yield running


@pytest.fixture
def sms(gateway: Hooks, path: Path) -> TemplateChannel:
    """Return the channel of short messages."""
    return TemplateChannel(
        "sms", load_templates(path)["sms"], url=f"http://{LOCAL}:{gateway.port}/sms", secret=SECRET
    )


async def test_a_template_gets_its_values_in_order(gateway: Hooks, sms: TemplateChannel) -> None:
    await sms.send(message())
    (request,) = gateway.requests
    body = Webhook(SECRET).verify(request.body, request.headers)
    assert body["type"] == "message.sms"
    assert body["data"] == {
        "to": "19900000001",
        "template": "SMS_1",
        "params": ["银行", "30", "积分", "2026-12-31", ""],
    }
    assert request.headers["webhook-id"] == str(UUID(int=7))


async def test_a_kind_without_a_template_is_not_sent(gateway: Hooks, sms: TemplateChannel) -> None:
    with pytest.raises(UndeliverableError, match="no_template"):
        await sms.send(message("awarded"))
    assert gateway.requests == []


@pytest.mark.parametrize(
    ("status", "kind", "problem"),
    [
        (429, TemporaryError, "http:429"),
        (503, TemporaryError, "http:503"),
        (400, UndeliverableError, "http:400"),
        (500, UndeliverableError, "unknown_outcome"),
        (302, UndeliverableError, "unknown_outcome"),
    ],
)
async def test_only_what_was_certainly_not_taken_is_tried_again(
    gateway: Hooks, sms: TemplateChannel, status: int, kind: type[Exception], problem: str
) -> None:
    gateway.status = status
    with pytest.raises(kind, match=problem):
        await sms.send(message())


async def test_an_answer_that_never_comes_leaves_the_outcome_unknown(
    gateway: Hooks, sms: TemplateChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway.seconds = 5
    # Only the answer is late: the way there may take as long as this machine likes.
    monkeypatch.setattr("timebank.messages.posting.TIMEOUT", httpx2.Timeout(60.0, read=0.1))
    with pytest.raises(UndeliverableError, match="unknown_outcome"):
        await sms.send(message())


async def test_a_gateway_that_is_not_there_is_temporary(path: Path) -> None:
    channel = TemplateChannel("sms", load_templates(path)["sms"], url="http://127.0.0.1:1/", secret=SECRET)
    with pytest.raises(TemporaryError, match="http:ConnectError"):
        await channel.send(replace(message("pin_set")))


def test_what_is_set_is_offered(tmp_path: Path, path: Path) -> None:
    assert offered_channels(Settings(home=tmp_path)) == frozenset()
    assert set(open_channels(Settings(home=tmp_path))) == {"webhook"}
    settings = Settings(
        home=tmp_path,
        smtp_url="smtps://mx.example.org",
        mail_from="no-reply@bank.example.org",
        gateway_url="http://gateway.internal/in",
        gateway_secret=SECRET,
        gateway_templates=path,
    )
    assert offered_channels(settings) == {"email", "sms"}  # of WeChat there is no template
    assert set(open_channels(settings)) == {"webhook", "email", "sms"}


@pytest.mark.parametrize(
    "values",
    [
        {"smtp_url": "smtps://mx.example.org"},
        {"mail_from": "no-reply@bank.example.org"},
        {"gateway_url": "http://gateway.internal/in"},
        {"gateway_secret": SECRET},
    ],
)
def test_half_of_what_belongs_together_is_refused(tmp_path: Path, values: dict[str, str]) -> None:
    with pytest.raises(RefusalError, match="setting_invalid"):
        offered_channels(Settings(home=tmp_path, **values))


@pytest.mark.parametrize("text", ["", "[]", '{"fax": {}}', '{"sms": {"x": {"template": 1}}}', '{"sms": 1}'])
def test_a_file_that_is_none_is_refused(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RefusalError, match="templates_invalid"):
        load_templates(path)
