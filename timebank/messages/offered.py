"""Which channels an installation has, by its settings."""

from collections.abc import Mapping

from timebank.errors import RefusalError
from timebank.messages.channels import Channel
from timebank.messages.email import EmailChannel, relay_of
from timebank.messages.rules import CHANNELS, EMAIL, WEBHOOK
from timebank.messages.templates import TemplateChannel, Templates, load_templates
from timebank.messages.webhook import WebhookChannel
from timebank.settings import Settings


def offered_channels(settings: Settings) -> frozenset[str]:
    """Return the channels that people can choose here.

    Raises:
        RefusalError: `setting_invalid` (of what belongs together, a part is missing), `templates_invalid`.
    """
    _together(settings, "smtp_url", "mail_from")
    found = {EMAIL} if settings.smtp_url is not None else set()
    return frozenset(found | {name for name, kinds in _templates(settings).items() if kinds}) & set(CHANNELS)


def open_channels(settings: Settings) -> Mapping[str, Channel]:
    """Return the channels by name: webhooks always, the others where they are set.

    Raises:
        RefusalError: as `offered_channels`; `setting_invalid` of a relay that is none.
    """
    offered = offered_channels(settings)
    channels: dict[str, Channel] = {WEBHOOK: WebhookChannel()}
    if settings.smtp_url is not None and settings.mail_from is not None:
        channels[EMAIL] = EmailChannel(relay_of(settings.smtp_url.get_secret_value()), settings.mail_from)
    templates = _templates(settings)
    for name in sorted(offered & templates.keys()):
        if settings.gateway_url is not None and settings.gateway_secret is not None:
            secret = settings.gateway_secret.get_secret_value()
            channels[name] = TemplateChannel(name, templates[name], url=settings.gateway_url, secret=secret)
    return channels


def _templates(settings: Settings) -> Templates:
    _together(settings, "gateway_url", "gateway_secret", "gateway_templates")
    return {} if settings.gateway_templates is None else load_templates(settings.gateway_templates)


def _together(settings: Settings, *names: str) -> None:
    """Refuse settings of which some are there and others are missing."""
    missing = [name for name in names if getattr(settings, name) is None]
    if missing and len(missing) < len(names):
        said = ", ".join(f"TIMEBANK_{name}".upper() for name in missing)
        raise RefusalError("setting_invalid", names=said)
