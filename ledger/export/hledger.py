"""The books as an hledger journal that passes its strict checks and `ordereddates` and `payees`.

An account is `kind:unit:owner` and, for a lot, `:last day`; a colon in a unit's code is written `~`, which no
code may hold. Units are quoted commodities under their own codes. The payee is the transaction's kind, the
note its memo, the code its id; tags carry the rest. Amounts have the ledger's sign: what came in is positive.
What has a meaning to hledger (`;`, `|`, `,`, line breaks) is written full-width or as a space in free text.
"""

import re
from typing import TextIO

from ledger.export.journal import JournalAccount, JournalEntry, accounts, entries, kinds, units
from ledger.session import ReadTx

_FULL_WIDTH = str.maketrans({";": "；", "|": "｜", ",": "，"})
_INVISIBLE = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]+")


async def write_hledger(tx: ReadTx, out: TextIO) -> int:
    """Write the journal of the bank and return the number of transactions in it."""
    out.write(f"; {tx.bank_code}: {plain(tx.zone.key)}\n\n")
    # The point is the decimal mark: hledger asks for one here.
    out.writelines(f'commodity 1. "{unit.code}"\n' for unit in await units(tx))
    out.writelines(f"payee {kind}\n" for kind in await kinds(tx))
    # hledger searches this list from the top for every posting: the busy open accounts stand first, and the
    # others sorted, which is twice as fast as any other order that was tried.
    async for account, _ in accounts(tx):
        out.write(f"account {account_name(account)}\n")
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
    name = f"{account.kind}:{account.unit.replace(':', '~')}:{account.owner}"
    return f"{name}:{account.expires_on}" if account.expires_on else name


def plain(text: str) -> str:
    """Return free text on one line without the characters that hledger would read as its own."""
    return _INVISIBLE.sub(" ", text).strip().translate(_FULL_WIDTH)


def _transaction(entry: JournalEntry) -> str:
    note = plain(entry.memo)
    parts = [f"\n{entry.effective_on} * ({entry.id}) {entry.kind}{' | ' if note else ''}{note}\n"]
    tags = {"key": entry.key, "actor": entry.actor, "recorded": entry.recorded_at.isoformat()}
    if entry.reverses_id is not None:
        tags["reverses"] = str(entry.reverses_id)
    if entry.resolves_id is not None:
        tags["resolves"] = str(entry.resolves_id)
    parts += [f"    ; {name}: {plain(value)}\n" for name, value in tags.items()]
    for line in entry.lines:
        unit = line.source.unit
        parts.append(f'    {account_name(line.source)}  {-line.amount} "{unit}"\n')
        parts.append(f'    {account_name(line.target)}  {line.amount} "{unit}"\n')
    return "".join(parts)
