"""Which unit may be given for which: rules with a date, kept by the ledger and checked at every posting."""

from collections.abc import Iterable
from datetime import datetime

from ledger.session import WriteTx

_CURRENT = """
select distinct on (from_unit, to_unit) from_unit, to_unit, is_allowed from exchange_rules
where bank_id = $1 and effective_from <= $2 order by from_unit, to_unit, effective_from desc
"""
_ADD = """
insert into exchange_rules (bank_id, from_unit, to_unit, effective_from, is_allowed)
select $1, r.from_unit, r.to_unit, $2, r.is_allowed
from unnest($3::text[], $4::text[], $5::bool[]) as r (from_unit, to_unit, is_allowed)
returning 1
"""


async def set_exchanges(tx: WriteTx, pairs: Iterable[tuple[str, str]], *, effective_from: datetime) -> None:
    """From that instant on allow exactly these exchanges: (unit given, unit got or `class:goods`).

    Rules are set in order of time; what was set for one instant stays.

    Raises:
        asyncpg.UniqueViolationError: `exchange_rules_pkey` if a rule for a changed pair begins at that instant.
    """
    wanted = set(pairs)
    current = {
        (row["from_unit"], row["to_unit"])
        for row in await tx.connection.fetch(_CURRENT, tx.bank_id, effective_from)
        if row["is_allowed"]
    }
    changes = [(*pair, True) for pair in sorted(wanted - current)]
    changes += [(*pair, False) for pair in sorted(current - wanted)]
    if changes:
        await tx.connection.execute(_ADD, tx.bank_id, effective_from, *map(list, zip(*changes, strict=True)))
