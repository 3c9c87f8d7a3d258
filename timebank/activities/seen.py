"""Who sees which activities: a draft only who may write it."""

from ledger.session import ReadTx
from timebank.access import Actor, has, reach

WRITE = "activities.write"

# What was cancelled before it was ever published is a draft still to everybody else.
IS_SEEN = """(a.state <> 'draft' and (a.state <> 'cancelled' or a.published_at is not null)
  or ${n}::bigint[] is null or a.organisation_id = any(${n}::bigint[]))"""
DOWN = """
with recursive down (id) as (
  select o.id from organisations o where o.bank_id = $1 and o.id = $3
  union
  select o.id from organisations o join down on o.parent_id = down.id where o.bank_id = $1
)
"""


async def drafts_seen(tx: ReadTx, actor: Actor) -> list[int] | None:
    """Return the organisations whose drafts an actor sees; None for all."""
    return await reach(tx, actor, WRITE) if has(actor, WRITE) else []
