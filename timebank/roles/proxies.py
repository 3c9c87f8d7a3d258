"""Proxies (代办): who may act for whom, in what, until when. Made and ended here; `timebank.access` heeds them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check, check_person
from timebank.errors import RefusalError
from timebank.notifications.actions import tell
from timebank.roles.rules import check_proxy

if TYPE_CHECKING:
    import asyncpg

PERMISSION = "proxies.write"

_COLUMNS = """x.id, x.principal_id, x.agent_id, x.scopes, x.reason, x.from_at, x.until_at, x.made_by, x.made_at,
  x.ended_at, x.ended_by"""
_PEOPLE = """
select count(*) from unnest($2::uuid[]) as named (id),
  lateral (select from people p where p.bank_id = $1 and p.id = named.id and p.erased_at is null offset 0) p
"""
_MAKE = f"""
insert into proxies as x (bank_id, principal_id, agent_id, scopes, reason, from_at, until_at, made_by)
values ($1, $2, $3, $4, $5, $6, $7, $8) returning {_COLUMNS}
"""  # noqa: S608 -- ours
_ONE = f"select {_COLUMNS} from proxies x where x.bank_id = $1 and x.id = $2"  # noqa: S608 -- ours
_END = f"""
update proxies x set ended_at = $3, ended_by = $4
where x.bank_id = $1 and x.id = $2 and x.ended_at is null returning {_COLUMNS}
"""  # noqa: S608 -- ours
_PAGE = f"""
select {_COLUMNS} from proxies x
where x.bank_id = $1 and x.id > $3 and (x.principal_id = $2 or x.agent_id = $2)
  and ($4::timestamptz is null or (x.ended_at is null and x.until_at > $4))
order by x.id limit $5
"""  # noqa: S608 -- ours


@dataclass(frozen=True, slots=True)
class Proxy:
    """That one person may act for another in what `scopes` name, between two moments."""

    id: int
    principal_id: UUID
    agent_id: UUID
    scopes: tuple[str, ...]
    reason: str
    from_at: datetime
    until_at: datetime
    made_by: str
    made_at: datetime
    ended_at: datetime | None
    ended_by: str | None


async def make_proxy(  # noqa: PLR0913 -- each is a part of the proxy
    tx: WriteTx,
    actor: Actor,
    *,
    principal_id: UUID,
    agent_id: UUID,
    scopes: Collection[str],
    reason: str,
    from_at: datetime | None,
    until_at: datetime,
    now: datetime,
) -> Proxy:
    """Let one person act for another, as the principal or a worker in reach of them says, and tell both.

    Raises:
        RefusalError: `forbidden`, `unknown_person`, `proxy_of_oneself`, `proxy_to_oneself`, `proxy_scope_invalid`,
            `period_invalid`, `proxy_too_long`.
    """
    await check_person(tx, actor, PERMISSION, principal_id, now=now)
    begins = from_at or now
    check_proxy(
        maker_id=actor.person_id,
        principal_id=principal_id,
        agent_id=agent_id,
        scopes=scopes,
        from_at=begins,
        until_at=until_at,
        now=now,
    )
    if await tx.connection.fetchval(_PEOPLE, tx.bank_id, [principal_id, agent_id]) != len(
        (principal_id, agent_id)
    ):
        raise RefusalError("unknown_person")
    row = await tx.connection.fetchrow(
        _MAKE,
        tx.bank_id,
        principal_id,
        agent_id,
        sorted(set(scopes)),
        reason,
        begins,
        until_at,
        actor.text,
    )
    assert row is not None  # noqa: S101 -- an INSERT returns its row
    made = _proxy(row)
    await tell(
        tx, [principal_id, agent_id], "proxy_made", proxy=made.id, principal=principal_id, agent=agent_id
    )
    return made


async def end_proxy(tx: WriteTx, actor: Actor, *, proxy_id: int, now: datetime) -> Proxy:
    """End a proxy, as the principal, the agent or a worker in reach of the principal may, and tell both.

    Raises:
        RefusalError: `forbidden`, `unknown_proxy`, `already_ended`.
    """
    row = await tx.connection.fetchrow(_ONE, tx.bank_id, proxy_id)
    if row is None or actor.person_id not in (row["principal_id"], row["agent_id"]):
        check(actor, PERMISSION)
        if row is None:
            raise RefusalError("unknown_proxy")
        try:
            await check_person(tx, actor, PERMISSION, row["principal_id"], now=now)
        except RefusalError as refusal:
            raise RefusalError("unknown_proxy") from refusal
    row = await tx.connection.fetchrow(_END, tx.bank_id, proxy_id, now, actor.text)
    if row is None:
        raise RefusalError("already_ended")
    ended = _proxy(row)
    await tell(
        tx,
        [ended.principal_id, ended.agent_id],
        "proxy_ended",
        proxy=ended.id,
        principal=ended.principal_id,
        agent=ended.agent_id,
    )
    return ended


async def proxies_of(
    tx: ReadTx, person_id: UUID, *, after_id: int, limit: int, current_at: datetime | None = None
) -> list[Proxy]:
    """Return the proxies of a person as principal or agent, by id; with a moment those not over by then."""
    rows = await tx.connection.fetch(_PAGE, tx.bank_id, person_id, after_id, current_at, limit)
    return [_proxy(row) for row in rows]


def _proxy(row: "asyncpg.Record") -> Proxy:
    id_, principal_id, agent_id, scopes, *rest = row
    return Proxy(id_, principal_id, agent_id, tuple(scopes), *rest)
