"""The channels `sms` and `wechat`: a provider's template and its values, handed to the installation's own gateway.

Providers in China send approved templates only, so no text of ours goes out: which template says a kind, and in which
order it takes which params, stands in a JSON file of the installation:

    {"sms": {"expiring": {"template": "SMS_1001", "params": ["amount", "unit", "expires_on"]}}, "wechat": {…}}

`title`, `text` and `bank` may stand among the params. The gateway is a program of the installation that speaks with the
provider; it gets a Standard Webhook and dedupes by its id.
"""

import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import httpx2
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from timebank.errors import RefusalError
from timebank.messages.channels import Outgoing, TemporaryError, UndeliverableError
from timebank.messages.posting import posted, signed
from timebank.messages.rendering import rendered, values_of
from timebank.messages.rules import SMS, WECHAT
from timebank.words import LANGUAGES

CHINESE: Final = LANGUAGES[0]
SUCCESS: Final = range(200, 300)
NOT_TAKEN: Final = frozenset({429, 503})
"""By these the gateway says that it did nothing; other errors of its own leave open whether the phone rang."""
CLIENT_ERRORS: Final = range(400, 500)


class Template(BaseModel):
    """How a provider says a kind: its code for the text, and the params in the text's order."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    template: str = Field(min_length=1, max_length=100)
    params: list[str] = Field(max_length=20)


Templates = Mapping[str, Mapping[str, Template]]
_TEMPLATES: Final = TypeAdapter(dict[str, dict[str, Template]])


def load_templates(path: Path) -> Templates:
    """Return channel to kind to template.

    Raises:
        RefusalError: `templates_invalid`.
    """
    try:
        found = _TEMPLATES.validate_json(path.read_bytes())
    except (OSError, ValidationError):
        raise RefusalError("templates_invalid") from None
    if not found.keys() <= {SMS, WECHAT}:
        raise RefusalError("templates_invalid")
    return found


class TemplateChannel:
    """Hands template messages to the gateway."""

    def __init__(
        self,
        name: str,
        templates: Mapping[str, Template],
        *,
        url: str,
        secret: str,
        context: ssl.SSLContext | None = None,
    ) -> None:
        """Take the channel's name and templates, and where the gateway is: an operator's word, on any network."""
        self.name = name
        self._templates = templates
        self._url = url
        self._secret = secret
        self._context = context or httpx2.create_ssl_context()

    async def send(self, outgoing: Outgoing) -> None:
        """Hand it over, unless the kind has no template.

        Raises:
            UndeliverableError: no template, the gateway refuses it, or nobody knows whether it was taken.
            TemporaryError: it certainly was not taken.
        """
        template = self._templates.get(outgoing.kind)
        if template is None:
            raise UndeliverableError("no_template")
        title, sentence = rendered(outgoing.kind, outgoing.params, CHINESE)
        values = {
            **values_of(outgoing.kind, outgoing.params, CHINESE),
            "title": title,
            "text": sentence,
            "bank": outgoing.bank,
        }
        data: dict[str, object] = {
            "to": outgoing.to,
            "template": template.template,
            "params": [values.get(name, "") for name in template.params],
        }
        post = signed(
            self._secret,
            str(outgoing.reference),
            kind=f"message.{self.name}",
            data=data,
            made_at=outgoing.made_at,
            sent_at=outgoing.sent_at,
        )
        try:
            status = await posted(self._url, post, context=self._context)
        except (httpx2.ConnectError, httpx2.ConnectTimeout) as error:
            raise TemporaryError(f"http:{type(error).__name__}", is_of_channel=True) from None
        except httpx2.HTTPError:
            raise UndeliverableError("unknown_outcome") from None
        if status in NOT_TAKEN:
            raise TemporaryError(f"http:{status}", is_of_channel=True)
        if status in CLIENT_ERRORS:
            raise UndeliverableError(f"http:{status}")
        if status not in SUCCESS:
            raise UndeliverableError("unknown_outcome")
