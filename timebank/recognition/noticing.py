"""The public notice of a list: names masked, for so many working days, before anybody may approve it."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from ledger.session import WriteTx
from timebank.access import Actor
from timebank.errors import RefusalError
from timebank.notices.rules import UNNAMED, is_over, shown_name
from timebank.notifications.actions import tell_each
from timebank.people.queries import masked_names
from timebank.recognition.access import WRITE, locked_round
from timebank.recognition.queries import Round, candidates, round_of
from timebank.workdays.queries import last_working_day

if TYPE_CHECKING:
    from timebank.vault.cipher import Cipher

BATCH: Final = 1_000

_NOBODY: Final = UUID(int=0)

# An erasure at the same time comes before, and there is no name any more, or after, and finds the line.
_LIVING = """
select p.id from people p where p.bank_id = $1 and p.id = any($2::uuid[]) and p.erased_at is null
order by p.id for share
"""
_NAME = """
update recognition_candidates c set masked_name = x.name from unnest($3::bigint[], $4::text[]) as x (number, name)
where c.bank_id = $1 and c.round_id = $2 and c.number = x.number
"""
_OPEN = """
update recognition_rounds r set state = 'notice', notice_opened_on = $3, notice_closes_on = $4, notice_by = $5,
  version = r.version + 1
where r.bank_id = $1 and r.id = $2
"""


async def open_notice(
    tx: WriteTx,
    actor: Actor,
    cipher: "Cipher",
    *,
    round_id: int,
    expected_version: int | None = None,
    now: datetime,
) -> Round:
    """Show who is proposed, for as many working days as the criteria say; with none of them it is over at once.

    Raises:
        RefusalError: `forbidden`, `unknown_round`, `version_differs`, `round_at_other_step`, `nobody_proposed`,
            `vault_key_wrong`.
    """
    found = await locked_round(
        tx, actor, WRITE, round_id, expected_version=expected_version, states=("review",)
    )
    today, days = tx.day(now), found.criteria.notice_working_days
    closes_on = await last_working_day(tx, today, days) if days else None
    if not await _show_all(tx, cipher, round_id):
        raise RefusalError("nobody_proposed")
    await tx.connection.execute(_OPEN, tx.bank_id, round_id, today, closes_on, actor.person_id)
    return await round_of(tx, round_id)


def is_notice_over(found: Round, today: date) -> bool:
    """Tell whether everybody had the time to object."""
    return found.notice_closes_on is None or is_over(found.notice_closes_on, today)


async def _show_all(tx: WriteTx, cipher: "Cipher", round_id: int) -> int:
    """Give each who is proposed the name they are shown by, people a masked one, and tell them; return how many."""
    shown, after = 0, 0
    while some := await candidates(tx, round_id, after=after, limit=BATCH, states=("proposed",)):
        owners = {one.person_id: one for one in some if one.person_id is not None}
        living = [row["id"] for row in await tx.connection.fetch(_LIVING, tx.bank_id, sorted(owners))]
        names = await masked_names(tx, cipher, living, mask=shown_name)
        await tx.connection.execute(
            _NAME,
            tx.bank_id,
            round_id,
            [one.number for one in some],
            [one.organisation or names.get(one.person_id or _NOBODY, UNNAMED) for one in some],
        )
        told = [(who, {"round": round_id, "number": one.number}) for who, one in owners.items()]
        await tell_each(tx, told, "recognition_noticed")
        shown += len(some)
        after = some[-1].number
    return shown
