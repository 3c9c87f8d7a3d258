"""Telling people what happened to them, and keeping what they have read."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from ledger.session import WriteTx
from timebank.errors import RefusalError
from timebank.notifications.queries import Notification, from_row

# What goes to people's channels and to the programs of others is written with what it tells of, in one statement;
# where nobody chose anything that is one look at an index a person. It may be sent from the beginning of time on: the
# clock of whoever sends is not the server's.
_OUTBOX = """
insert into messages
  (bank_id, channel, person_id, endpoint_id, notification_id, kind, params, made_at, state, again_at)
select $1, chosen.channel, made.person_id, null, made.id, $2, made.params, made.made_at, 'waiting', timestamptz 'epoch'
from made, lateral (
  select c.channel from channel_choices c where c.bank_id = $1 and c.person_id = made.person_id offset 0) chosen
union all
select $1, 'webhook', made.person_id, wanted.id, made.id, $2, made.params, made.made_at, 'waiting', timestamptz 'epoch'
from made, lateral (
  select w.id from webhook_endpoints w
  where w.bank_id = $1 and w.ended_at is null and w.kinds && array[$2, '*'] offset 0) wanted
"""
_TELL = f"""
with made as (
  insert into notifications (bank_id, person_id, kind, params)
  select $1, p.id, $2, $4::text::jsonb
  from unnest($3::uuid[]) as told (id),
    lateral (select p.id from people p where p.bank_id = $1 and p.id = told.id and p.erased_at is null offset 0) p
  returning id, person_id, params, made_at
)
{_OUTBOX}
"""  # noqa: S608 -- a constant of ours
_TELL_EACH = f"""
with made as (
  insert into notifications (bank_id, person_id, kind, params)
  select $1, p.id, $2, told.params::jsonb
  from unnest($3::uuid[], $4::text[]) as told (id, params),
    lateral (select p.id from people p where p.bank_id = $1 and p.id = told.id and p.erased_at is null offset 0) p
  returning id, person_id, params, made_at
)
{_OUTBOX}
"""  # noqa: S608 -- a constant of ours
_READ = """
update notifications set read_at = coalesce(read_at, $4) where bank_id = $1 and person_id = $2 and id = $3
returning id, kind, params::text as params, made_at, read_at
"""
_READ_UP_TO = """
update notifications set read_at = $4 where bank_id = $1 and person_id = $2 and id <= $3 and read_at is null
"""


async def tell(tx: WriteTx, people: Iterable[UUID], kind: str, **params: object) -> None:
    """Tell people something, each once; `params` are ids, codes and amounts, never personal data.

    They find it in the service, and get it by the channels they chose; endpoints that want the kind get it, too.
    Who is none of the bank's people is not told: the owner of a wallet may be an organisation or a shop.
    """
    told = sorted(set(people))
    if told:
        await tx.connection.execute(_TELL, tx.bank_id, kind, told, json.dumps(params, default=str))


async def tell_each(tx: WriteTx, told: Sequence[tuple[UUID, Mapping[str, object]]], kind: str) -> None:
    """Tell each of some people something of their own; `params` and who is not told are as in `tell`."""
    if told:
        params = [json.dumps(each, default=str) for _, each in told]
        await tx.connection.execute(_TELL_EACH, tx.bank_id, kind, [who for who, _ in told], params)


async def mark_read(tx: WriteTx, *, person_id: UUID, notification_id: int, now: datetime) -> Notification:
    """Mark one notification of a person as read; one that is read already stays as it is.

    Raises:
        RefusalError: `unknown_notification`.
    """
    row = await tx.connection.fetchrow(_READ, tx.bank_id, person_id, notification_id, now)
    if row is None:
        raise RefusalError("unknown_notification")
    return from_row(row)


async def mark_read_up_to(tx: WriteTx, *, person_id: UUID, last_id: int, now: datetime) -> int:
    """Mark all of a person's notifications up to one as read; return how many were not yet."""
    done: str = await tx.connection.execute(_READ_UP_TO, tx.bank_id, person_id, last_id, now)
    return int(done.rsplit(" ", 1)[-1])
