"""By which channels a person is told, besides the service itself: chosen by the person, and by nobody for them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ledger.session import ReadTx, WriteTx
from timebank.errors import RefusalError
from timebank.messages.rules import ADDRESS_FIELDS, CHANNELS
from timebank.vault.actions import check_living

_CHOICES = "select c.channel, c.chosen_at from channel_choices c where c.bank_id = $1 and c.person_id = $2"
_FIELDS = "select v.field from vault v where v.bank_id = $1 and v.subject = $2 and v.field = any($3::text[])"
_CHOOSE = """
insert into channel_choices (bank_id, person_id, channel, chosen_at) values ($1, $2, $3, $4)
on conflict on constraint channel_choices_pkey do nothing
"""
_FORGET = "delete from channel_choices where bank_id = $1 and person_id = $2 and channel = $3"


@dataclass(frozen=True, slots=True)
class Choice:
    """A channel and a person: whether the installation has it, the person has an address for it, and wants it."""

    channel: str
    is_offered: bool
    has_address: bool
    chosen_at: datetime | None


async def choices_of(tx: ReadTx, person_id: UUID, *, offered: Collection[str]) -> list[Choice]:
    """Return every channel as a person has it."""
    chosen = {
        row["channel"]: row["chosen_at"] for row in await tx.connection.fetch(_CHOICES, tx.bank_id, person_id)
    }
    fields = await _fields(tx, person_id)
    return [
        Choice(name, name in offered, ADDRESS_FIELDS.get(name) in {None, *fields}, chosen.get(name))
        for name in CHANNELS
    ]


async def choose_channel(
    tx: WriteTx, *, person_id: UUID, channel: str, offered: Collection[str], now: datetime
) -> None:
    """Tell a person by a channel from now on; that a mail address was confirmed is the caller's to know.

    Raises:
        RefusalError: `channel_not_offered`, `channel_without_address`, `unknown_person`, `person_erased`.
    """
    await check_living(tx, person_id)
    check_offered(channel, offered)
    field = ADDRESS_FIELDS.get(channel)
    if field is not None and field not in await _fields(tx, person_id):
        raise RefusalError("channel_without_address", channel=channel)
    await tx.connection.execute(_CHOOSE, tx.bank_id, person_id, channel, now)


async def forget_channel(tx: WriteTx, *, person_id: UUID, channel: str) -> None:
    """Tell a person by a channel no more; what is under way is not sent either."""
    await tx.connection.execute(_FORGET, tx.bank_id, person_id, channel)


def check_offered(channel: str, offered: Collection[str]) -> None:
    """Refuse a channel that the installation does not have.

    Raises:
        RefusalError: `channel_not_offered`.
    """
    if channel not in offered:
        raise RefusalError("channel_not_offered", channel=channel)


async def _fields(tx: ReadTx, person_id: UUID) -> Sequence[str]:
    wanted = list(ADDRESS_FIELDS.values())
    return [row["field"] for row in await tx.connection.fetch(_FIELDS, tx.bank_id, person_id, wanted)]
