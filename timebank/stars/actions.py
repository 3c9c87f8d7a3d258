"""Lowering a star: only an office does, with a reason from a list, and tells the person. Raising is the daily job's."""

from datetime import datetime
from typing import Final
from uuid import UUID

from ledger.session import WriteTx
from timebank.access import Actor, check_person, represented
from timebank.errors import RefusalError
from timebank.notifications.actions import tell
from timebank.policy.queries import version_in_force
from timebank.policy.rules import level_of
from timebank.stars.queries import StarChange, needed, star_standing
from timebank.stars.rules import LoweredFor, check_lowering
from timebank.stars.standings import lock_stars

PERMISSION: Final = "stars.lower"

_LOWER = """
insert into star_changes (bank_id, volunteer_id, from_level, to_level, minutes, as_of, policy_version, reason,
  changed_by, changed_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
returning id
"""


async def lower_star(
    tx: WriteTx, actor: Actor, *, person_id: UUID, to_star: int, reason: LoweredFor, now: datetime
) -> StarChange:
    """Lower the star of a person in reach to one that their hours still make today, and tell them.

    Raises:
        RefusalError: `forbidden`, `unknown_person`, `star_of_own`, `policy_missing`, `star_not_lower`,
            `star_below_hours`.
    """
    await check_person(tx, actor, PERMISSION, person_id, now=now)
    if person_id == actor.person_id or await represented(tx, actor.person_id, [person_id], now=now):
        raise RefusalError("star_of_own")
    await lock_stars(tx)
    version = await version_in_force(tx, now)
    standing = await star_standing(tx, person_id, version)
    steps = version.pack.star_hours
    check_lowering(star=standing.star, to_star=to_star, by_hours=level_of(standing.minutes, steps))
    as_of = tx.day(now)
    change_id = await tx.connection.fetchval(
        _LOWER,
        tx.bank_id,
        standing.volunteer_id,
        standing.star,
        to_star,
        standing.minutes,
        as_of,
        version.version,
        reason,
        actor.text,
        now,
    )
    await tell(tx, [person_id], "star_lowered", star=to_star, reason=reason)
    return StarChange(
        change_id,
        standing.star,
        to_star,
        standing.minutes,
        needed(to_star, steps),
        as_of,
        version.version,
        reason,
        now,
    )
