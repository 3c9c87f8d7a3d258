"""Mail by a real server: what it says, how it is handed over, and what a refusal means."""

import ssl
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from tests.timebank.messages.conftest import ADDRESS, Post
from tests.timebank.messages.receivers import LOCAL, Inbox, certificate, mail_server
from timebank.errors import RefusalError
from timebank.messages.channels import Outgoing, TemporaryError, UndeliverableError
from timebank.messages.email import EmailChannel, Relay, relay_of
from timebank.messages.sending import send_due
from timebank.notifications.actions import tell

FROM = "no-reply@bank.example.org"
REFERENCE = UUID(int=7)
AT = datetime(2026, 5, 9, 4, 0, tzinfo=UTC)
MESSAGE = Outgoing(REFERENCE, "测试 银行", "pin_set", {}, None, AT, AT, ADDRESS)


def channel(port: int, *, is_starttls: bool = False, context: ssl.SSLContext | None = None) -> EmailChannel:
    return EmailChannel(Relay(LOCAL, port, is_tls=False, is_starttls=is_starttls), FROM, context=context)


async def test_a_person_gets_one_mail_in_both_languages(post: Post, inbox: Inbox) -> None:
    alice = await post.choose("alice", "email", email=ADDRESS)
    params = {"unit": "point", "amount": 30, "expires_on": "2026-12-31", "days": 7}
    await post.database.write(post.cast.bank, lambda tx: tell(tx, [alice], "expiring", **params))
    assert await send_due(post.outbox, post.cast.bank) == {"sent": 1}
    (mail,) = inbox.mails
    assert inbox.recipients == [[ADDRESS]]
    assert mail["Subject"] == "【测试时间银行】即将到期 / About to expire"
    assert mail["From"].addresses[0].display_name == "测试时间银行"
    assert mail["From"].addresses[0].addr_spec == FROM
    body = mail.get_content()
    assert body.index("您有 30 积分将在2026年12月31日") < body.index("30 points of yours expire")
    assert mail["Auto-Submitted"] == "auto-generated"
    assert str(alice) not in mail.as_string()


async def test_the_message_id_is_the_reference(inbox: Inbox) -> None:
    async with mail_server(inbox) as port:
        await channel(port).send(MESSAGE)
        await channel(port).send(MESSAGE)
    first, second = inbox.mails
    assert first["Message-ID"] == second["Message-ID"] == f"<{REFERENCE}@bank.example.org>"
    assert first["Date"].datetime == AT


@pytest.mark.parametrize(
    ("refusal", "answer", "kind", "problem"),
    [
        ("550 no such mailbox alice@mail.example.org", "250 OK", UndeliverableError, "smtp:550"),
        ("451 greylisted", "250 OK", TemporaryError, "smtp:451"),
        ("", "554 spam", UndeliverableError, "smtp:554"),
        ("", "452 full", TemporaryError, "smtp:452"),
    ],
)
async def test_a_refusal_is_for_good_by_its_number_and_repeats_nothing(
    refusal: str, answer: str, kind: type[Exception], problem: str
) -> None:
    async with mail_server(Inbox(refusal=refusal, answer=answer)) as port:
        with pytest.raises(kind) as raised:
            await channel(port).send(MESSAGE)
    assert str(raised.value) == problem
    assert raised.value.__cause__ is None


async def test_a_relay_that_is_not_there_is_temporary(inbox: Inbox) -> None:
    async with mail_server(inbox) as port:
        pass
    with pytest.raises(TemporaryError, match="smtp:SMTPConnectError"):
        await channel(port).send(MESSAGE)


async def test_starttls_is_asked_for_and_the_certificate_looked_at(tmp_path: Path) -> None:
    server, trusting = certificate(tmp_path, "localhost")
    inbox = Inbox()
    async with mail_server(inbox, context=server) as port:
        trusted = EmailChannel(
            Relay("localhost", port, is_tls=False, is_starttls=True), FROM, context=trusting
        )
        await trusted.send(MESSAGE)
        with pytest.raises(TemporaryError):
            await EmailChannel(Relay("localhost", port, is_tls=False, is_starttls=True), FROM).send(MESSAGE)
    assert len(inbox.mails) == 1
    plain = Inbox()
    async with mail_server(plain) as port:
        with pytest.raises(TemporaryError):
            await channel(port, is_starttls=True, context=trusting).send(MESSAGE)
    assert plain.mails == []


@pytest.mark.parametrize(
    "to", ["a@b.example\r\nBcc: c@d.example", "two@a.example, three@b.example", "none", ""]
)
async def test_an_address_that_is_none_gets_into_no_header(to: str) -> None:
    with pytest.raises(UndeliverableError, match="address_invalid"):
        await channel(1).send(replace(MESSAGE, to=to))


def test_a_bank_s_name_of_several_lines_stays_in_its_header() -> None:
    mail = channel(1).mail(replace(MESSAGE, bank="银行\r\nBcc: c@d.example"))
    assert mail["Bcc"] is None
    assert "\nBcc" not in mail.as_string()


def test_a_relay_is_read_from_its_url() -> None:
    assert relay_of("smtps://me:p%40ss@mx.example.org") == Relay(
        "mx.example.org", 465, is_tls=True, is_starttls=False, user="me", password="p@ss"
    )
    assert relay_of("smtp://mx.example.org") == Relay("mx.example.org", 587, is_tls=False, is_starttls=True)
    for here in ("localhost", "127.0.0.1", "[::1]"):
        assert not relay_of(f"smtp://{here}:25").is_starttls
    for wrong in ("http://a", "smtp://", "smtp://a:port", "smtp://a/b", "a", "smtp://a?b"):
        with pytest.raises(RefusalError, match="setting_invalid"):
            relay_of(wrong)
    assert "p@ss" not in repr(relay_of("smtps://me:p%40ss@mx.example.org"))
