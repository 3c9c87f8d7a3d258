"""Opening funds, paying money into them, and closing them. What is paid out of them is for settlements and grants."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import asyncpg

from ledger.accounts import declare_units
from ledger.posting import post
from ledger.session import WriteTx
from ledger.values import SUPPLY, WALLET, Draft, Move, Place, Posted, Refused
from timebank.errors import RefusalError
from timebank.funds.queries import UNITS, Fund, Kind, fund
from timebank.organisations.queries import check_open

DEPOSIT = "deposit"

_OPEN = """
insert into funds (bank_id, code, name, kind, organisation_id) values ($1, $2, $3, $4, $5) returning id
"""
_LOCK = "select id from funds where bank_id = $1 and id = $2 for update"
_HOLD_OPEN = "select id from funds where bank_id = $1 and id = $2 for share"
_EDIT = """
update funds set name = $3, organisation_id = $4, version = version + 1 where bank_id = $1 and id = $2
"""
_CLOSE = "update funds set closed_on = $3, version = version + 1 where bank_id = $1 and id = $2"


async def open_fund(
    tx: WriteTx, *, code: str, name: str, kind: Kind, organisation_id: int, now: datetime
) -> int:
    """Open a fund of money or of donated time-coins and return its id; it is empty.

    Raises:
        RefusalError: `unknown_organisation`, `organisation_closed`, `already_taken_fund_code`.
    """
    await check_open(tx, organisation_id, tx.day(now))
    if kind == "money":
        await declare_units(tx, [(UNITS[kind], "money", True)])
    with _translated():
        id_: int = await tx.connection.fetchval(_OPEN, tx.bank_id, code, name, kind, organisation_id)
    return id_


async def edit_fund(
    tx: WriteTx,
    fund_id: int,
    *,
    name: str | None,
    organisation_id: int | None,
    expected_version: int | None,
    now: datetime,
) -> Fund:
    """Give a fund another name or place; None leaves it. `expected_version` None is any.

    Raises:
        RefusalError: `unknown_fund`, `version_differs`, `unknown_organisation`, `organisation_closed`.
    """
    found = await _locked(tx, fund_id, expected_version)
    if organisation_id is not None and organisation_id != found.organisation_id:
        await check_open(tx, organisation_id, tx.day(now))
    await tx.connection.execute(
        _EDIT, tx.bank_id, fund_id, name or found.name, organisation_id or found.organisation_id
    )
    return await fund(tx, fund_id)


async def close_fund(tx: WriteTx, fund_id: int, *, expected_version: int | None, now: datetime) -> Fund:
    """Close an empty fund: nothing is paid into it any more.

    Raises:
        RefusalError: `unknown_fund`, `version_differs`, `already_closed_fund`, `fund_not_empty`.
    """
    found = await _locked(tx, fund_id, expected_version)
    if found.closed_on is not None:
        raise RefusalError("already_closed_fund")
    if found.balance:
        raise RefusalError("fund_not_empty", balance=found.balance)
    await tx.connection.execute(_CLOSE, tx.bank_id, fund_id, tx.day(now))
    return await fund(tx, fund_id)


async def hold_open(tx: WriteTx, fund_id: int, *, kind: Kind) -> Fund:
    """Return a fund of a kind that stays open until the transaction ends.

    Raises:
        RefusalError: `unknown_fund`, `fund_closed`, `fund_of_other_kind`.
    """
    await tx.connection.execute(_HOLD_OPEN, tx.bank_id, fund_id)
    found = await fund(tx, fund_id)
    if found.kind != kind:
        raise RefusalError("fund_of_other_kind", kind=found.kind)
    if found.closed_on is not None:
        raise RefusalError("fund_closed")
    return found


async def deposit(
    tx: WriteTx, *, fund_id: int, amount_cents: int, reference: str, key: str, actor: str, now: datetime
) -> int:
    """Book money that came into a fund, once for its key, and return the transaction.

    `reference` is the number of the paper or bank statement that shows it, never a name: the books cannot forget.

    Raises:
        RefusalError: `unknown_fund`, `fund_closed`, `fund_of_other_kind`, `idempotency_conflict`, and what the ledger
            refuses.
    """
    into = await hold_open(tx, fund_id, kind="money")
    move = Move(Place(SUPPLY, into.owner), Place(WALLET, into.owner), into.unit, amount_cents)
    draft = Draft(DEPOSIT, key, now, actor, (move,), metadata={"reference": reference})
    (outcome,) = await post(tx, [draft])
    if isinstance(outcome, Refused):
        raise RefusalError(outcome.code, **outcome.detail)
    if not isinstance(outcome, Posted):
        raise RefusalError("idempotency_conflict")
    return outcome.transaction_id


async def _locked(tx: WriteTx, fund_id: int, expected_version: int | None) -> Fund:
    await tx.connection.execute(_LOCK, tx.bank_id, fund_id)
    found = await fund(tx, fund_id)
    if expected_version is not None and found.version != expected_version:
        raise RefusalError("version_differs")
    return found


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except asyncpg.UniqueViolationError as error:
        if error.constraint_name != "funds_code_key":
            raise
        raise RefusalError("already_taken_fund_code") from None
