"""The books as a Beancount journal that `bean-check` accepts.

Roots: `Liabilities` is what the bank owes, to owners (`Wallet`, `Held`) and to other banks (`Clearing`);
`Assets` is the goods on a `Shelf`; `Equity` is everything that value comes from and goes to. Below the root
stand kind, unit, owner and, for a lot, its last day. Amounts keep the ledger's sign (what came in is
positive), so an owner's points are positive here too and totals can be laid beside the trial balance.

A plain code (`party_score`) is a currency in capitals (`PARTY_SCORE`); any other gets the unit's number after a
point (`GOODS-RICE.6`), which no plain one has, so no two units share a currency. Its code is metadata of it.
"""

import re
from datetime import date
from typing import TextIO

from ledger.export.journal import JournalAccount, JournalEntry, accounts, entries, units
from ledger.session import ReadTx
from ledger.values import CLEARING, HELD, SHELF, WALLET

_ROOTS = {WALLET: "Liabilities", HELD: "Liabilities", CLEARING: "Liabilities", SHELF: "Assets"}
_OTHER_ROOT = "Equity"

CURRENCY_LENGTH = 24
"""The longest currency that every version of Beancount takes."""

_PLAIN_CODE = re.compile(r"[a-z][a-z0-9_]{0,22}[a-z0-9]")
_NOT_IN_A_NAME = re.compile(r"[^A-Z0-9]+")
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t"})
_INVISIBLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]+")


async def write_beancount(tx: ReadTx, out: TextIO) -> int:
    """Write the journal of the bank and return the number of transactions in it."""
    out.write(f'option "title" {quoted(f"{tx.bank_code} ({tx.zone.key})")}\n\n')
    first_on: dict[int, date] = {}
    async for account, day in accounts(tx):
        first_on[account.unit_id] = min(day, first_on.get(account.unit_id, day))
        out.write(f"{day} open {account_name(account)} {currency(account.unit_id, account.unit)}\n")
    for unit in await units(tx):
        if unit.id in first_on:
            out.write(f"{first_on[unit.id]} commodity {currency(unit.id, unit.code)}\n")
            out.write(f"  code: {quoted(unit.code)}\n  class: {quoted(unit.class_)}\n")
    count = 0
    async for entry in entries(tx):
        out.write(_transaction(entry))
        count += 1
    return count


async def account_names(tx: ReadTx) -> dict[JournalAccount, str]:
    """Return the journal's name of every account in it."""
    return {account: account_name(account) async for account, _ in accounts(tx)}


def account_name(account: JournalAccount) -> str:
    """Return the account's name in the journal; no two accounts share one."""
    root = _ROOTS.get(account.kind, _OTHER_ROOT)
    kind = account.kind.title().replace("_", "-")
    unit = _component(account.unit_id, account.unit)
    name = f"{root}:{kind}:{unit}:{str(account.owner).upper()}"
    return f"{name}:{account.expires_on}" if account.expires_on else name


def currency(unit_id: int, code: str) -> str:
    """Return the unit's currency in the journal; no two units of a bank share one."""
    if _PLAIN_CODE.fullmatch(code):
        return code.upper()
    number = str(unit_id)
    return f"{_readable(code)[: CURRENCY_LENGTH - 1 - len(number)]}.{number}"


def quoted(text: str) -> str:
    """Return free text as a string of the journal; line breaks and tabs are escaped, other controls become spaces."""
    return f'"{_INVISIBLE.sub(" ", text).translate(_ESCAPES)}"'


def _component(unit_id: int, code: str) -> str:
    """Return the unit as part of an account's name, which may hold no point: the number stands in front."""
    if _PLAIN_CODE.fullmatch(code):
        return code.upper().replace("_", "-")
    return f"{unit_id}-{_readable(code)}"


def _readable(code: str) -> str:
    return _NOT_IN_A_NAME.sub("-", code.upper())


def _transaction(entry: JournalEntry) -> str:
    parts = [
        f"\n{entry.effective_on} * {quoted(entry.kind)} {quoted(entry.memo)}\n",
        f'  id: "{entry.id}"\n  key: {quoted(entry.key)}\n  actor: {quoted(entry.actor)}\n',
        f'  recorded: "{entry.recorded_at.isoformat()}"\n',
    ]
    if entry.reverses_id is not None:
        parts.append(f'  reverses: "{entry.reverses_id}"\n')
    if entry.resolves_id is not None:
        parts.append(f'  resolves: "{entry.resolves_id}"\n')
    for line in entry.lines:
        unit = currency(line.source.unit_id, line.source.unit)
        parts.append(f"  {account_name(line.source)}  {-line.amount} {unit}\n")
        parts.append(f"  {account_name(line.target)}  {line.amount} {unit}\n")
    return "".join(parts)
