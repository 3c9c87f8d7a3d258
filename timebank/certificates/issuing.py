"""Issuing a certificate of service: a person's credited and sealed records of a period, free, as often as wished.

Only what the ledger has is certified: a record's minutes are those of its transaction, and the path to the newest
checkpoint goes into the document. What is not sealed yet is left out and counted; who asks over a door has the bank
sealed first. Locks: the person, so that an erasure comes before or after.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from ledger.proof.checkpoints import StoredCheckpoint, latest_checkpoint
from ledger.proof.content import STORED, Contents
from ledger.proof.merkle import inclusion_plan
from ledger.proof.note import SigningKey
from ledger.proof.tree import load_subtrees
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check_person
from timebank.certificates.document import (
    LAYOUT,
    MAX_BYTES,
    MAX_RECORDS,
    Certificate,
    Holder,
    Inclusion,
    Issuer,
    Served,
    masked_id_number,
)
from timebank.certificates.encoding import signed
from timebank.certificates.storing import Link, store
from timebank.certificates.wording import ABSENT
from timebank.errors import RefusalError
from timebank.notices.rules import shown_name
from timebank.notifications.actions import tell
from timebank.people.queries import masked_names
from timebank.people.rules import ID_NUMBER, NAME
from timebank.privacy.actions import record_look_up
from timebank.vault.actions import check_living, take_fields

if TYPE_CHECKING:
    import asyncpg

    from timebank.vault.cipher import Cipher

PERMISSION: Final = "certificates.own"
IN_FULL: Final = "people.read"
"""An agent for somebody's standing has no right to their profile, and learns the ID number no other way either."""
ID_TYPE: Final = "居民身份证"

# Each record's transaction is looked up by its own key, however few rows the planner believes there are.
_FOUND = """
from (select v.id from volunteers v where v.bank_id = $1 and v.owner = $2 offset 0) v,
lateral (select * from service_records r
  where r.bank_id = $1 and r.volunteer_id = v.id and r.state = 'credited' and r.minutes > 0 offset 0) r,
lateral (select * from activities a where a.bank_id = $1 and a.id = r.activity_id offset 0) a
left join lateral (
  select s.starts_at, s.place from activity_sessions s where s.bank_id = $1 and s.id = r.session_id offset 0
) s on true,
lateral (select * from transactions t
  where t.bank_id = $1 and t.idempotency_key = 'record:' || r.id and t.refusal is null offset 0) t
left join lateral (
  select l.leaf_index from leaves l where l.bank_id = $1 and l.transaction_id = t.id offset 0
) l on true
where a.is_volunteer_service and (coalesce(s.starts_at, a.starts_at) at time zone $3)::date between $4 and $5
  and (select true from transactions x
    where x.bank_id = $1 and x.reverses_id = t.id and x.refusal is null limit 1) is null"""
_RECORDS = f"""
select {STORED}, l.leaf_index, r.id as record, a.name as activity, coalesce(s.starts_at, a.starts_at) as starts_at,
  coalesce(s.place, a.place) as place, a.content, r.minutes, a.leader_id, a.leader_code, r.grade, r.evaluation,
  (select o.name from organisations o where o.bank_id = $1 and o.id = coalesce(a.organisation_id, a.team_id))
    as organiser
{_FOUND} and l.leaf_index < $6 order by (coalesce(s.starts_at, a.starts_at) at time zone $3)::date, r.id limit $7
"""  # noqa: S608 -- ours
_UNSEALED = f"select count(*) {_FOUND} and (l.leaf_index is null or l.leaf_index >= $6)"
_HOLDER = """
select v.code, o.name as organisation from volunteers v
left join organisations o on o.bank_id = $1 and o.id = v.organisation_id where v.bank_id = $1 and v.owner = $2
"""
_BANK = "select b.name from banks b where b.id = $1"


@dataclass(frozen=True, slots=True)
class Signatory:
    """Who stands for the organisation on paper: its head, who handled it, how to reach it. An office says that."""

    head: str = ""
    handler: str = ""
    contact: str = ""


NOBODY: Final = Signatory()


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants certified: whose records of which days, and whether the ID number is shown in full."""

    person_id: UUID
    from_on: date
    until_on: date
    full_id_number: bool = False
    signatory: Signatory = NOBODY


@dataclass(frozen=True, slots=True)
class Certified:
    """What was issued; `unsealed` records of the period were left out because they are not sealed yet."""

    id: int
    number: str
    minutes: int
    records: int
    unsealed: int


async def unsealed_records(tx: ReadTx, actor: Actor, wish: Wish, *, now: datetime) -> int:
    """Return how many records of a period would be left out, for they are not sealed yet.

    Raises:
        RefusalError: as `issue`.
    """
    await _check(tx, actor, wish, now=now)
    head = await latest_checkpoint(tx)
    return await _count_unsealed(tx, wish, head)


async def issue(
    tx: WriteTx,
    actor: Actor,
    cipher: "Cipher",
    wish: Wish,
    *,
    link: Link,
    key: SigningKey,
    now: datetime,
) -> Certified:
    """Issue a certificate of a person's service in a period, signed with the bank's key, and keep it sealed.

    Raises:
        RefusalError: `forbidden`, `unknown_person`, `person_erased`, `period_reversed`, `nothing_to_certify`,
            `certificate_not_sealed_yet`, `certificate_too_long`, `name_missing`, `vault_key_wrong`,
            `signatory_not_yours` (who asks for themselves).
    """
    await _check(tx, actor, wish, now=now)
    is_own = actor.person_id == wish.person_id or actor.principal_id is not None
    if is_own and wish.signatory != NOBODY:
        raise RefusalError("signatory_not_yours")
    done = await certify(tx, cipher, wish, link=link, key=key, by=actor.text, now=now)
    fields = [NAME, ID_NUMBER] if wish.full_id_number else [NAME]
    await record_look_up(tx, actor, wish.person_id, purpose="certificate", fields=fields)
    if actor.person_id != wish.person_id:
        await tell(tx, [wish.person_id], "certificate_issued", certificate=done.id)
    return done


async def certify(
    tx: WriteTx, cipher: "Cipher", wish: Wish, *, link: Link, key: SigningKey, by: str, now: datetime
) -> Certified:
    """Issue a certificate; who asks for it was checked before, and is `by`.

    Raises:
        RefusalError: as `issue`, but for what is about who asks.
    """
    await check_living(tx, wish.person_id)
    head = await latest_checkpoint(tx)
    unsealed = await _count_unsealed(tx, wish, head)
    rows = [] if head is None else await _records(tx, wish, head)
    if head is None or not rows:
        raise RefusalError("certificate_not_sealed_yet" if unsealed else "nothing_to_certify")
    records = await _served(tx, cipher, rows, head)
    certificate = Certificate(
        layout=LAYOUT,
        number=link.number,
        link=link.address,
        issued_on=tx.day(now),
        holder=await _holder(tx, cipher, wish),
        issuer=await _issuer(tx, wish.person_id, wish.signatory),
        from_on=wish.from_on,
        until_on=wish.until_on,
        minutes=sum(served.minutes for served in records),
        records=records,
        honour=None,
        checkpoint=head.note,
    )
    document = signed(certificate, key)
    if len(document.encode()) > MAX_BYTES:
        raise RefusalError("certificate_too_long", limit=MAX_RECORDS)
    (id_,) = await store(tx, cipher, [(wish.person_id, certificate, document)], by=by, now=now)
    return Certified(id_, link.number, certificate.minutes, len(records), unsealed)


async def _check(tx: ReadTx, actor: Actor, wish: Wish, *, now: datetime) -> None:
    await check_person(tx, actor, PERMISSION, wish.person_id, now=now)
    if wish.full_id_number:
        await check_person(tx, actor, IN_FULL, wish.person_id, now=now)
    if wish.until_on < wish.from_on:
        raise RefusalError("period_reversed")


async def _count_unsealed(tx: ReadTx, wish: Wish, head: StoredCheckpoint | None) -> int:
    count: int = await tx.connection.fetchval(
        _UNSEALED,
        tx.bank_id,
        wish.person_id,
        tx.zone.key,
        wish.from_on,
        wish.until_on,
        head.tree_size if head else 0,
    )
    return count


async def _records(tx: ReadTx, wish: Wish, head: StoredCheckpoint) -> "Sequence[asyncpg.Record]":
    rows: Sequence[asyncpg.Record] = await tx.connection.fetch(
        _RECORDS,
        tx.bank_id,
        wish.person_id,
        tx.zone.key,
        wish.from_on,
        wish.until_on,
        head.tree_size,
        MAX_RECORDS + 1,
    )
    if len(rows) > MAX_RECORDS:
        raise RefusalError("certificate_too_long", limit=MAX_RECORDS)
    return rows


async def _served(
    tx: ReadTx, cipher: "Cipher", rows: "Sequence[asyncpg.Record]", head: StoredCheckpoint
) -> tuple[Served, ...]:
    """Return the records with their proofs, all read with a few queries."""
    contents = await Contents.load(tx, [row["id"] for row in rows])
    plans = [inclusion_plan(row["leaf_index"], head.tree_size) for row in rows]
    hashes = await load_subtrees(tx, {subtree for plan in plans for subtree in plan.subtrees})
    leaders = {row["leader_id"] for row in rows if row["leader_id"] is not None}
    names = await masked_names(tx, cipher, sorted(leaders), mask=shown_name)
    return tuple(
        Served(
            record=row["record"],
            activity=row["activity"],
            day=tx.day(row["starts_at"]),
            place=row["place"] or "",
            content=row["content"],
            minutes=row["minutes"],
            organiser=row["organiser"] or "",
            leader=names.get(row["leader_id"], row["leader_code"] or ""),
            grade=row["grade"] or "",
            evaluation=row["evaluation"] or "",
            proof=Inclusion(
                contents.of(row), bytes(row["salt"]), row["leaf_index"], tuple(plan.assemble(hashes))
            ),
        )
        for row, plan in zip(rows, plans, strict=True)
    )


async def _holder(tx: ReadTx, cipher: "Cipher", wish: Wish) -> Holder:
    fields = await take_fields(tx, cipher, wish.person_id)
    row = await tx.connection.fetchrow(_HOLDER, tx.bank_id, wish.person_id)
    if not fields.get(NAME):
        raise RefusalError("name_missing")
    number = fields.get(ID_NUMBER, "")
    return Holder(
        name=fields[NAME],
        id_type=ID_TYPE if number else ABSENT,
        id_number=number if wish.full_id_number else masked_id_number(number),
        volunteer=row["code"] if row else "",
        account=wish.person_id,
    )


async def _issuer(tx: ReadTx, person_id: UUID, signatory: Signatory) -> Issuer:
    row = await tx.connection.fetchrow(_HOLDER, tx.bank_id, person_id)
    bank_name = await bank_name_of(tx)
    return Issuer(
        bank=tx.bank_code,
        bank_name=bank_name,
        organisation=(row["organisation"] if row else None) or bank_name,
        head=signatory.head,
        handler=signatory.handler,
        contact=signatory.contact,
    )


async def bank_name_of(tx: ReadTx) -> str:
    """Return the name of the transaction's bank."""
    name: str = await tx.connection.fetchval(_BANK, tx.bank_id)
    return name
