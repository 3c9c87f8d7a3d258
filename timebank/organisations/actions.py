"""Changing the tree of organisations: founding, renaming, moving, closing and reopening, each on a day.

Whoever changes its shape takes the bank's tree lock first: of two moves that would together make a ring, the second
sees the first.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import asyncpg

from ledger.session import WriteTx
from timebank.errors import RefusalError
from timebank.organisations.queries import PARENT_ON, Organisation, organisation
from timebank.organisations.rules import can_hold, is_open

TREE_LOCK = 0x7472 << 48
"""Advisory lock of a bank's tree, next to the ledger's."""

_LOCK = "select pg_advisory_xact_lock($1)"
_INSERT = """
insert into organisations (bank_id, code, name, level, parent_id, opened_on)
values ($1, $2, $3, $4, $5, $6) returning id
"""
_RENAME = """
update organisations set code = $3, name = $4, version = version + 1 where bank_id = $1 and id = $2
"""
_MOVE = "update organisations set parent_id = $3, version = version + 1 where bank_id = $1 and id = $2"
_RECORD_MOVE = """
insert into organisation_moves (bank_id, organisation_id, from_parent_id, to_parent_id, moved_on, actor)
values ($1, $2, $3, $4, $5, $6)
"""
_LAST_MOVED_ON = "select max(moved_on) from organisation_moves where bank_id = $1 and organisation_id = $2"

# Upwards from the new parent, on the day of the move and on each later day on which anything moved: a move that is
# entered late must not make a ring in between either.
_MAKES_RING = f"""
with recursive days (day) as (
  select $4::date union select x.moved_on from organisation_moves x where x.bank_id = $1 and x.moved_on > $4
), up (day, id) as (
  select day, $3::bigint from days
  union
  select up.day, p.id from up
  join organisations o on o.bank_id = $1 and o.id = up.id
  cross join lateral ({PARENT_ON.format(day="up.day")}) p
  where p.id is not null
)
select exists (select from up where id = $2)
"""  # noqa: S608 -- made of the module's own words

_LOCK_ROW = "select id from organisations where bank_id = $1 and id = $2 for update"
_CLOSE = "update organisations set closed_on = $3, version = version + 1 where bank_id = $1 and id = $2"
_HAS_CHILDREN = """
select exists (select from organisations where bank_id = $1 and parent_id = $2
  and (closed_on is null or closed_on > $3))
  or exists (select from organisation_moves where bank_id = $1 and from_parent_id = $2 and moved_on > $3)
"""
_HAS_MEMBERS = """
select exists (select from memberships m join people p on p.bank_id = $1 and p.id = m.person_id
    where m.bank_id = $1 and m.organisation_id = $2 and (m.until_on is null or m.until_on > $3)
      and p.erased_at is null)
  or exists (select from volunteers v join people p on p.bank_id = $1 and p.id = v.owner
    where v.bank_id = $1 and v.organisation_id = $2 and p.erased_at is null)
  or exists (select from volunteers v join people p on p.bank_id = $1 and p.id = v.owner
    where v.bank_id = $1 and v.team_id = $2 and p.erased_at is null)
"""


async def found_organisation(
    tx: WriteTx, *, code: str, name: str, level: str, parent_id: int | None, opened_on: date, today: date
) -> Organisation:
    """Found an organisation below another, or a new top without a parent.

    Raises:
        RefusalError: `unknown_organisation` (the parent), `day_in_future`, `parent_closed`, `level_not_held`,
            `already_taken_code`.
    """
    await _lock_tree(tx)
    _check_past(opened_on, today)
    if parent_id is not None:
        await _check_parent(tx, parent_id, level, opened_on)
    with _translated():
        new: int = await tx.connection.fetchval(_INSERT, tx.bank_id, code, name, level, parent_id, opened_on)
    return await organisation(tx, new)


async def edit_organisation(
    tx: WriteTx, organisation_id: int, *, code: str | None, name: str | None, expected_version: int | None
) -> Organisation:
    """Give an organisation another code or name; None leaves it as it is. `expected_version` None is any.

    Raises:
        RefusalError: `unknown_organisation`, `version_differs`, `already_taken_code`.
    """
    await tx.connection.execute(_LOCK_ROW, tx.bank_id, organisation_id)
    found = await organisation(tx, organisation_id)
    _check_version(found, expected_version)
    with _translated():
        await tx.connection.execute(
            _RENAME, tx.bank_id, organisation_id, code or found.code, name or found.name
        )
    return await organisation(tx, organisation_id)


async def move_organisation(
    tx: WriteTx, organisation_id: int, *, parent_id: int, moved_on: date, today: date, actor: str
) -> Organisation:
    """Put an organisation with all below it under another parent, from a day on.

    Raises:
        RefusalError: `unknown_organisation`, `day_in_future`, `organisation_closed`, `already_there`, `moves_in_order`
            (it has moved since that day), `parent_closed`, `level_not_held`, `tree_ring` (the parent is below it, or
            was on a day since).
    """
    await _lock_tree(tx)
    found = await organisation(tx, organisation_id)
    _check_past(moved_on, today)
    if not is_open(found.opened_on, found.closed_on, moved_on):
        raise RefusalError("organisation_closed")
    if found.parent_id == parent_id:
        raise RefusalError("already_there")
    last = await tx.connection.fetchval(_LAST_MOVED_ON, tx.bank_id, organisation_id)
    if last is not None and moved_on < last:
        raise RefusalError("moves_in_order", day=last.isoformat())
    await _check_parent(tx, parent_id, found.level, moved_on)
    if await tx.connection.fetchval(_MAKES_RING, tx.bank_id, organisation_id, parent_id, moved_on):
        raise RefusalError("tree_ring")
    await tx.connection.execute(_MOVE, tx.bank_id, organisation_id, parent_id)
    await tx.connection.execute(
        _RECORD_MOVE, tx.bank_id, organisation_id, found.parent_id, parent_id, moved_on, actor
    )
    return await organisation(tx, organisation_id)


async def close_organisation(
    tx: WriteTx, organisation_id: int, *, closed_on: date, today: date
) -> Organisation:
    """Close an organisation from a day on: it is empty by then, and nobody joins it any more.

    Raises:
        RefusalError: `unknown_organisation`, `already_closed`, `day_in_future`, `closed_before_opened` (or before it
            moved), `has_children`, `has_members`.
    """
    await _lock_tree(tx)
    # Who joins holds the row too, so nobody comes in behind the check.
    await tx.connection.execute(_LOCK_ROW, tx.bank_id, organisation_id)
    found = await organisation(tx, organisation_id)
    if found.closed_on is not None:
        raise RefusalError("already_closed")
    _check_past(closed_on, today)
    moved_on = await tx.connection.fetchval(_LAST_MOVED_ON, tx.bank_id, organisation_id)
    if any(day is not None and closed_on < day for day in (found.opened_on, moved_on)):
        raise RefusalError("closed_before_opened")
    if await tx.connection.fetchval(_HAS_CHILDREN, tx.bank_id, organisation_id, closed_on):
        raise RefusalError("has_children")
    if await tx.connection.fetchval(_HAS_MEMBERS, tx.bank_id, organisation_id, closed_on):
        raise RefusalError("has_members")
    await tx.connection.execute(_CLOSE, tx.bank_id, organisation_id, closed_on)
    return await organisation(tx, organisation_id)


async def reopen_organisation(tx: WriteTx, organisation_id: int) -> Organisation:
    """Take a closing back, as if it had not been; the act itself stays on record.

    Raises:
        RefusalError: `unknown_organisation`, `already_open`, `parent_closed`.
    """
    await _lock_tree(tx)
    found = await organisation(tx, organisation_id)
    if found.closed_on is None:
        raise RefusalError("already_open")
    if found.parent_id is not None and (await organisation(tx, found.parent_id)).closed_on is not None:
        raise RefusalError("parent_closed")
    await tx.connection.execute(_CLOSE, tx.bank_id, organisation_id, None)
    return await organisation(tx, organisation_id)


async def _lock_tree(tx: WriteTx) -> None:
    await tx.connection.execute(_LOCK, TREE_LOCK + tx.bank_id)


async def _check_parent(tx: WriteTx, parent_id: int, level: str, day: date) -> None:
    parent = await organisation(tx, parent_id)
    if parent.closed_on is not None or not is_open(parent.opened_on, parent.closed_on, day):
        raise RefusalError("parent_closed")
    if not can_hold(parent.level, level):
        raise RefusalError("level_not_held", parent=parent.level, level=level)


def _check_past(day: date, today: date) -> None:
    if day > today:
        raise RefusalError("day_in_future", day=day.isoformat())


def _check_version(found: Organisation, expected_version: int | None) -> None:
    if expected_version is not None and found.version != expected_version:
        raise RefusalError("version_differs")


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except asyncpg.UniqueViolationError as error:
        if error.constraint_name != "organisations_code_key":
            raise
        raise RefusalError("already_taken_code") from None
