"""Making banks."""

import re
from datetime import date

from ledger.session import WriteTx
from timebank.database import Bank, Database
from timebank.errors import RefusalError
from timebank.policy.actions import adopt, load_history
from timebank.policy.rules import default_pack
from timebank.settings import check_zone

FIRST_DAY = date(2000, 1, 1)
"""The default pack prices service from here on: older service is not in any spreadsheet."""

_INSERT = "insert into banks (code, name, zone) values ($1, $2, $3) on conflict (code) do nothing"


async def ensure_bank(database: Database, code: str, *, name: str, zone: str, actor: str) -> Bank:
    """Return the bank of that code, making it with the default policy pack if it does not exist.

    A process that dies in between leaves a bank without a pack; the next call gives it one.

    Raises:
        RefusalError: `bank_code_invalid`, `zone_unknown`.
    """
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,39}", code):
        raise RefusalError("bank_code_invalid", bank=code)
    check_zone(zone)
    await database.pool.execute(_INSERT, code, name, zone)
    bank = await database.bank(code)

    async def adopt_default(tx: WriteTx) -> None:
        if not (await load_history(tx)).versions:
            await adopt(tx, default_pack(), effective_from=FIRST_DAY, actor=actor)

    await database.write(bank, adopt_default)
    return bank
