"""Opening a round: the cut-off is frozen by the newest checkpoint, and with it what the registers say of everybody.

Only what lies in the tree at that checkpoint counts, for ever. Where people live, whether they are party members and
where they belong changes without a seal, so it is copied in the transaction that makes the round: a round is there
with all that it needs to be computed again, or it is not there.
"""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from ledger.proof.checkpoints import latest_checkpoint
from ledger.session import ReadTx, WriteTx
from ledger.values import canonical_json
from timebank.access import Actor, check_organisation
from timebank.database import Bank, Database
from timebank.errors import RefusalError
from timebank.organisations.queries import organisation
from timebank.policy.calendar import RecognitionScheme
from timebank.policy.queries import version_on
from timebank.policy.rules import schemes
from timebank.proof.actions import seal_settled

WRITE: Final = "recognitions.write"

MOST_UNSEALED: Final = 50_000
"""What is sealed on the way, where somebody waits for the answer: a few seconds."""

NOBODY: Final = UUID(int=0)
"""Who opened a round by the command."""

_TOP = "select min(o.id) from organisations o where o.bank_id = $1 and o.parent_id is null"
_UNSEALED = """
select count(*) from (select from transactions t where t.bank_id = $1 and t.xact >= $2 limit $3) counted
"""
_OPEN = """
insert into recognition_rounds (bank_id, scheme, title, organisation_id, from_on, until_on, policy_version, criteria,
  tree_size, checkpoint, opened_at, opened_by, state)
values ($1, $2, $3, $4, $5, $6, $7, $8::text::jsonb, $9, $10, $11, $12, 'computing') returning id
"""
# Below the round's organisation, with the community that each lies in; a person without a home is of the top.
BELOW: Final = """
with recursive down (id, community_id) as (
  select o.id, case when o.level = 'community' then o.id else (
    with recursive up (id, parent_id, level) as (
      select u.id, u.parent_id, u.level from organisations u where u.bank_id = $1 and u.id = o.parent_id
      union
      select u.id, u.parent_id, u.level from organisations u join up on u.id = up.parent_id where u.bank_id = $1
    ) select up.id from up where up.level = 'community' limit 1) end
  from organisations o where o.bank_id = $1 and o.id = $3
  union
  select o.id, case when o.level = 'community' then o.id else down.community_id end
  from organisations o join down on o.parent_id = down.id where o.bank_id = $1
)
"""
_VOLUNTEERS = f"""
{BELOW}
insert into recognition_subjects (bank_id, round_id, subject, volunteer_id, community_id)
select $1, $2, v.owner, v.id, down.community_id
from volunteers v
join people p on p.bank_id = $1 and p.id = v.owner and p.erased_at is null
left join down on down.id = v.organisation_id
where v.bank_id = $1 and (v.is_party_member or not $4)
  and (down.id is not null or v.organisation_id is null
    and exists (select from organisations o where o.bank_id = $1 and o.id = $3 and o.parent_id is null))
"""  # noqa: S608 -- ours
# Several memberships at one organisation are one; who is named in the register without one was always there.
_GROUPS = f"""
{BELOW}, groups as (
  insert into recognition_subjects (bank_id, round_id, subject, organisation_id, community_id)
  select $1, $2, o.owner, o.id, down.community_id
  from down join organisations o on o.bank_id = $1 and o.id = down.id where o.level = any($5::text[])
  returning organisation_id
), held as (
  select m.organisation_id, m.person_id, m.from_on, m.until_on
  from groups g join memberships m on m.bank_id = $1 and m.organisation_id = g.organisation_id
  where m.kind = any($6::text[]) and m.from_on <= $8 and (m.until_on is null or m.until_on > $7)
  union all
  select v.team_id, v.owner, date '1900-01-01', null::date
  from groups g join volunteers v on v.bank_id = $1 and v.team_id = g.organisation_id
  where not exists (select from memberships m where m.bank_id = $1 and m.person_id = v.owner and m.kind = 'team')
)
insert into recognition_members (bank_id, round_id, organisation_id, person_id, from_on, until_on)
select $1, $2, h.organisation_id, h.person_id, h.from_on,
  case when bool_or(h.until_on is null) then null else max(h.until_on) end
from held h
where not $4 or exists (select from volunteers v
  where v.bank_id = $1 and v.owner = h.person_id and v.is_party_member)
group by h.organisation_id, h.person_id, h.from_on
"""  # noqa: S608 -- ours
_LEVELS: Final = {"team": ["team"], "unit": ["work_unit", "partner_unit"]}
_KINDS: Final = {"team": ["team"], "unit": ["work_unit", "party_unit"]}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which list is to be made: of whom, by which scheme, of which days, both included, under which title."""

    organisation_id: int
    scheme: str
    from_on: date
    until_on: date
    title: str


@dataclass(frozen=True, slots=True)
class Criteria:
    """By what a list is made, and which version of the policy says so."""

    policy_version: int
    scheme: RecognitionScheme


async def check_opening(tx: ReadTx, actor: Actor, wanted: Wanted, *, now: datetime) -> None:
    """Refuse beforehand what `open_round` would refuse, before anything is sealed for it.

    Raises:
        RefusalError: as `open_round`, but for `nothing_sealed`; `too_much_unsealed`: seal by the job or command first.
    """
    await check_organisation(tx, actor, WRITE, wanted.organisation_id)
    await _by_policy(tx, wanted, now=now)
    last = await latest_checkpoint(tx)
    before = 0 if last is None else last.sealed_before
    count = await tx.connection.fetchval(_UNSEALED, tx.bank_id, before, MOST_UNSEALED + 1)
    if count > MOST_UNSEALED:
        raise RefusalError("too_much_unsealed", limit=MOST_UNSEALED)


async def seal_for_round(database: Database, bank: Bank, home: Path, *, now: datetime) -> None:
    """Seal what was decided so far, so that the round that is opened next counts it.

    Raises:
        RefusalError: `tree_tampered`, `history_forked`.
    """
    await seal_settled(database, bank, home, now=now)


async def open_round(tx: WriteTx, actor: Actor, wanted: Wanted, *, now: datetime) -> int:
    """Freeze a round at the newest checkpoint, by the policy in force today, and return its id.

    Raises:
        RefusalError: `forbidden`, `unknown_organisation`, `policy_missing`, `unknown_scheme`, `period_inverted`,
            `period_not_over`, `nothing_sealed`.
    """
    await check_organisation(tx, actor, WRITE, wanted.organisation_id)
    assert actor.person_id is not None  # noqa: S101 -- no device has the permission
    return await freeze_round(tx, wanted, await _by_policy(tx, wanted, now=now), by=actor.person_id, now=now)


async def open_by_command(tx: WriteTx, wanted: Wanted, *, now: datetime) -> int:
    """Freeze a round for who has the installation at hand, as nobody in particular; raises as `open_round`."""
    await organisation(tx, wanted.organisation_id)
    return await freeze_round(tx, wanted, await _by_policy(tx, wanted, now=now), by=NOBODY, now=now)


async def freeze_round(tx: WriteTx, wanted: Wanted, criteria: Criteria, *, by: UUID, now: datetime) -> int:
    """Freeze a round of a scheme.

    Raises:
        RefusalError: `nothing_sealed`.
    """
    checkpoint = await latest_checkpoint(tx)
    if checkpoint is None:
        raise RefusalError("nothing_sealed")
    scheme = criteria.scheme
    round_id: int = await tx.connection.fetchval(
        _OPEN,
        tx.bank_id,
        scheme.code,
        wanted.title,
        wanted.organisation_id,
        wanted.from_on,
        wanted.until_on,
        criteria.policy_version,
        canonical_json(scheme.model_dump(mode="json")),
        checkpoint.tree_size,
        checkpoint.note,
        now,
        by,
    )
    await _freeze_registers(tx, round_id, wanted, scheme)
    return round_id


async def _by_policy(tx: ReadTx, wanted: Wanted, *, now: datetime) -> Criteria:
    today = tx.day(now)
    if wanted.from_on > wanted.until_on:
        raise RefusalError("period_inverted")
    if wanted.until_on >= today:
        raise RefusalError("period_not_over", day=wanted.until_on.isoformat())
    version = await version_on(tx, today)
    if version is None:
        raise RefusalError("policy_missing", day=today.isoformat())
    for scheme in schemes(version.pack):
        if scheme.code == wanted.scheme:
            return Criteria(version.version, scheme)
    raise RefusalError("unknown_scheme", scheme=wanted.scheme)


async def _freeze_registers(tx: WriteTx, round_id: int, wanted: Wanted, scheme: RecognitionScheme) -> None:
    """Copy who could be on the list; one statement, so one view of the registers."""
    which = (tx.bank_id, round_id, wanted.organisation_id, scheme.party_members_only)
    await tx.connection.execute("set local enable_seqscan = on")
    if scheme.subject == "volunteer":
        await tx.connection.execute(_VOLUNTEERS, *which)
    else:
        await tx.connection.execute(
            _GROUPS,
            *which,
            _LEVELS[scheme.subject],
            _KINDS[scheme.subject],
            wanted.from_on,
            wanted.until_on,
        )
    await tx.connection.execute("set local enable_seqscan = off")


async def top_of(tx: ReadTx) -> int:
    """Return the top of the tree, the first if there are several.

    Raises:
        RefusalError: `unknown_organisation` if nothing is registered.
    """
    found: int | None = await tx.connection.fetchval(_TOP, tx.bank_id)
    if found is None:
        raise RefusalError("unknown_organisation")
    return found
