"""The channel `email`: a relay by SMTP. Chinese first, then English, for nobody's language is known.

The Message-ID is the message's reference, so that a reader's program can show a mail that came twice
as one.
"""

import ssl
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from ipaddress import ip_address
from typing import Final
from urllib.parse import unquote, urlsplit

import aiosmtplib

from timebank.errors import RefusalError
from timebank.messages.channels import Outgoing, TemporaryError, UndeliverableError
from timebank.messages.rendering import rendered
from timebank.messages.rules import EMAIL
from timebank.people.rules import normal_email
from timebank.words import LANGUAGES

TIMEOUT_SECONDS: Final = 15.0
PORTS: Final = {"smtp": 587, "smtps": 465}
PERMANENT: Final = 500


@dataclass(frozen=True, slots=True)
class Relay:
    """Where mail is handed in, and how: TLS from the first byte, or begun by STARTTLS, or none on this very machine."""

    host: str
    port: int
    is_tls: bool
    is_starttls: bool
    user: str | None = None
    password: str | None = field(default=None, repr=False)


def relay_of(url: str) -> Relay:
    """Return the relay of `smtp[s]://[USER:PASSWORD@]HOST[:PORT]`; one at a loopback address is spoken to in clear.

    Raises:
        RefusalError: `setting_invalid`.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
        parts = urlsplit("")
    if parts.scheme not in PORTS or not host or parts.path.strip("/") or parts.query or parts.fragment:
        raise RefusalError("setting_invalid", names="TIMEBANK_SMTP_URL")
    is_tls = parts.scheme == "smtps"
    user, password = (None if part is None else unquote(part) for part in (parts.username, parts.password))
    return Relay(
        host, port or PORTS[parts.scheme], is_tls, not is_tls and not _is_here(host), user or None, password
    )


class EmailChannel:
    """Sends a mail for each message."""

    name = EMAIL

    def __init__(self, relay: Relay, sender: str, *, context: ssl.SSLContext | None = None) -> None:
        """Take the relay and the address that mail comes from; `context` decides whom to trust, by default as usual."""
        self._relay = relay
        self._sender = sender
        self._context = context

    async def send(self, outgoing: Outgoing) -> None:
        """Hand a mail to the relay; that it has it is all that is known.

        Raises:
            UndeliverableError: the relay refuses the address or the mail for good, or the address is none.
            TemporaryError: anything else.
        """
        relay = self._relay
        try:
            normal_email(outgoing.to)
        except RefusalError:  # one that came by another way than the form's
            raise UndeliverableError("address_invalid") from None
        mail = self.mail(outgoing)
        try:
            await aiosmtplib.send(
                mail,
                hostname=relay.host,
                port=relay.port,
                username=relay.user,
                password=relay.password,
                use_tls=relay.is_tls,
                start_tls=relay.is_starttls,
                tls_context=self._context,
                timeout=TIMEOUT_SECONDS,
            )
        except aiosmtplib.SMTPRecipientsRefused as refused:
            raise _refused(refused.recipients[0].code) from None
        except aiosmtplib.SMTPDataError as refused:
            raise _refused(refused.code) from None
        except (aiosmtplib.SMTPException, OSError) as error:
            # Of the relay itself, our login or our sender's address: none of it is the message's fault.
            raise TemporaryError(f"smtp:{type(error).__name__}", is_of_channel=True) from None

    def mail(self, outgoing: Outgoing) -> EmailMessage:
        """Return the mail of a message."""
        said = [rendered(outgoing.kind, outgoing.params, language) for language in LANGUAGES]
        mail = EmailMessage(policy=SMTP)
        bank = " ".join(outgoing.bank.split())
        mail["From"] = Address(bank, addr_spec=self._sender)
        mail["To"] = Address(addr_spec=outgoing.to)
        mail["Subject"] = f"【{bank}】" + " / ".join(title for title, _ in said)
        mail["Date"] = format_datetime(outgoing.made_at)
        mail["Message-ID"] = f"<{outgoing.reference}@{self._sender.rsplit('@', 1)[1]}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content("\n\n".join([*(sentence for _, sentence in said), bank]) + "\n", cte="base64")
        return mail


def _refused(code: int) -> Exception:
    problem = f"smtp:{code}"
    return UndeliverableError(problem) if code >= PERMANENT else TemporaryError(problem)


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
