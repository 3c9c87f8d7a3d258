"""kill -9 between sending and marking: the command is gone, and what it sent comes again under the same reference."""

import asyncio
import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

import psutil

from tests.timebank.messages.conftest import ADDRESS, CIPHER, Post
from tests.timebank.messages.receivers import LOCAL, Inbox, mail_server
from timebank.database import Address
from timebank.messages.email import EmailChannel, Relay
from timebank.messages.rules import LEASE
from timebank.messages.sending import send_due
from timebank.notifications.actions import tell

VAULT_KEY = "dnZ2dnZ2dnZ2dnZ2dnZ2dnZ2dnZ2dnZ2dnZ2dnZ2dnY="
"""The tests' own, in base64."""


async def test_a_killed_command_leaves_a_mail_that_is_sent_again_as_the_same(
    post: Post, address: Address, tmp_path: Path
) -> None:
    assert CIPHER.ring.keys[0] == b"v" * 32
    alice = await post.choose("alice", "email", "wechat", email=ADDRESS)
    await post.database.write(post.cast.bank, lambda tx: tell(tx, [alice], "pin_set"))
    inbox = Inbox()
    async with mail_server(inbox) as port:
        url = f"postgresql://{address.user}@/{address.database}?host={address.host}&port={address.port}"
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "timebank.cli", "messages", "send", "--bank", post.cast.bank.code),
            env={
                **os.environ,
                "TIMEBANK_HOME": str(tmp_path),
                "TIMEBANK_DATABASE_URL": url,
                "TIMEBANK_VAULT_KEY": VAULT_KEY,
                "TIMEBANK_SMTP_URL": f"smtp://{LOCAL}:{port}",
                "TIMEBANK_MAIL_FROM": "no-reply@bank.example.org",
            },
        )
        # The server has the mail, and the command has not heard yet that it has.
        inbox.heard = lambda: psutil.Process(process.pid).send_signal(signal.SIGKILL)
        assert await asyncio.wait_for(process.wait(), 120) == -signal.SIGKILL
        assert len(inbox.mails) == 1
        assert ("email", "sending", 1, None) in await post.rows()
        inbox.heard = lambda: None
        relay = Relay(LOCAL, port, is_tls=False, is_starttls=False)
        post.channels["email"] = EmailChannel(relay, "no-reply@bank.example.org")
        post.now = datetime.now(UTC) + LEASE
        assert (await send_due(post.outbox, post.cast.bank))["sent"] == 1
    first, second = inbox.mails
    assert first["Message-ID"] == second["Message-ID"]
    assert ("email", "sent", 2, None) in await post.rows()
    assert await send_due(post.outbox, post.cast.bank) == {}
    assert len(inbox.mails) == 2
