"""Whose transaction it is: who may ask for its proof."""

from datetime import datetime
from uuid import UUID

from ledger.session import ReadTx
from timebank.access import Actor, check, check_person, check_whole_bank
from timebank.errors import RefusalError

_PARTIES = """
select distinct a.owner from postings p
join accounts a on a.bank_id = $1 and a.id in (p.from_account_id, p.to_account_id)
join people on people.bank_id = $1 and people.id = a.owner
where p.bank_id = $1 and p.transaction_id = $2 and a.kind in ('wallet', 'held') order by a.owner limit $3
"""

MOST_PARTIES = 20
"""More people than that no everyday transaction has; whoever is later in a longer list asks an auditor."""


async def check_party(
    tx: ReadTx, actor: Actor, permission: str, transaction_id: int, *, now: datetime
) -> None:
    """Refuse a transaction that touched the wallet of nobody the actor is, acts for or has in reach.

    Raises:
        RefusalError: `forbidden`, `unknown_transaction`.
    """
    rows = await tx.connection.fetch(_PARTIES, tx.bank_id, transaction_id, MOST_PARTIES)
    parties: list[UUID] = [row["owner"] for row in rows]
    for person_id in parties:
        try:
            await check_person(tx, actor, permission, person_id, now=now)
        except RefusalError:
            continue
        return
    check(actor, permission)
    try:
        check_whole_bank(actor, permission)
    except RefusalError as refusal:
        raise RefusalError("unknown_transaction") from refusal
