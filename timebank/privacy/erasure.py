"""Erasing a person (PIPL Art 47): what identifies them goes, for good; the books, records and proofs stay whole.

What stays is known by a pseudonymous id only: service records, which the law wants kept, consents, registers of acts
and looks, and the ledger. Nothing of it is changed, so the audit stays clean and proofs given before stay valid.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from ledger.session import WriteTx
from timebank.access import Actor
from timebank.activities.sign_ups import withdraw_everywhere
from timebank.errors import RefusalError
from timebank.notices.rules import UNNAMED
from timebank.roles.actions import check_not_last
from timebank.vault.actions import take_fields
from timebank.vault.blind import INDEXED, PHONE, BlindIndex
from timebank.vault.cipher import Cipher

REDACTED = "—"
TELLING = INDEXED | {"name", "born_on", "employer", "email"}
"""Fields long enough to be searched for; a gender or an area stands in many an answer that is not about them."""

_LOCK = "select erased_at is not null from people where bank_id = $1 and id = $2 for update"
_MARK = "update people set erased_at = $3, version = version + 1 where bank_id = $1 and id = $2"
_PHONES = "select digest from blind_indexes where bank_id = $1 and person_id = $2 and field = 'phone'"

# Codes are of a phone, which others may share: they ask for another one.
_CODES = "delete from login_codes where bank_id = $1 and phone_digest = any($2::bytea[])"

_DELETES = (
    "delete from vault where bank_id = $1 and subject = $2",
    "delete from blind_indexes where bank_id = $1 and person_id = $2",
    "delete from credentials where bank_id = $1 and person_id = $2",
    "delete from login_links where bank_id = $1 and person_id = $2",
    "delete from cards where bank_id = $1 and person_id = $2",
    "delete from passes where bank_id = $1 and person_id = $2",
    "delete from messages where bank_id = $1 and person_id = $2",
    "delete from notifications where bank_id = $1 and person_id = $2",
    "delete from channel_choices where bank_id = $1 and person_id = $2",
    """
delete from refresh_tokens r using sessions s
where r.bank_id = $1 and s.bank_id = $1 and s.id = r.session_id and s.person_id = $2
""",
    "delete from sessions where bank_id = $1 and person_id = $2",
)
_ENDS = (
    """
update role_grants set revoked_at = $3, revoked_by = $4
where bank_id = $1 and person_id = $2 and revoked_at is null
""",
    """
update proxies set ended_at = $3, ended_by = $4
where bank_id = $1 and (principal_id = $2 or agent_id = $2) and ended_at is null
""",
    """
update kinships set ended_at = $3, ended_by = $4
where bank_id = $1 and (person_id = $2 or kin_id = $2) and ended_at is null
""",
)
# What was signed goes; that it was, its period and its digest stay, so that a copy can still be told from a forgery.
_CERTIFICATES = """
update certificates set sealed = null, key_id = null where bank_id = $1 and person_id = $2 and sealed is not null
"""
_STAFFS = """
update merchant_staff set until_at = greatest(since_at, $3)
where bank_id = $1 and person_id = $2 and (until_at is null or until_at > $3)
"""
_STEWARDSHIPS = (
    "update stations set steward_id = null, version = version + 1 where bank_id = $1 and steward_id = $2"
)
# The reason is free text, in which somebody may be described.
_REASONS = "update proxies set reason = $3 where bank_id = $1 and (principal_id = $2 or agent_id = $2)"
_UNTIL = (
    """
update memberships set until_on = greatest(from_on, $3::date)
where bank_id = $1 and person_id = $2 and (until_on is null or until_on > $3)
""",
    """
update guardianships set until_on = greatest(from_on, $3::date)
where bank_id = $1 and (minor_id = $2 or guardian_id = $2) and (until_on is null or until_on > $3)
""",
)

_LINES = """
update notice_lines l set masked_name = $3 from volunteers v, service_records r
where v.bank_id = $1 and v.owner = $2 and r.bank_id = $1 and r.volunteer_id = v.id
  and l.bank_id = $1 and l.record_id = r.id
"""
# What was said in an objection, by the person or about them, and how the objector was to be reached.
_OBJECTIONS = """
update objections o set ground = $3, reason = case when o.reason is not null then $3 end,
  contact_sealed = case when o.raised_by <> $2 then o.contact_sealed end,
  contact_key_id = case when o.raised_by <> $2 then o.contact_key_id end
where o.bank_id = $1 and (o.raised_by = $2 or exists (
  select from service_records r join volunteers v on v.bank_id = $1 and v.id = r.volunteer_id
  where r.bank_id = $1 and r.id = o.record_id and v.owner = $2))
"""

# The lists stay as they were found; what says who somebody is, or what was written about them, goes.
_LISTED = """
update recognition_candidates c set masked_name = $3 from volunteers v
where v.bank_id = $1 and v.owner = $2 and c.bank_id = $1 and c.volunteer_id = v.id and c.masked_name is not null
"""
_REVIEWED = """
update recognition_decisions d set note = $3 from volunteers v, recognition_candidates c
where v.bank_id = $1 and v.owner = $2 and c.bank_id = $1 and c.volunteer_id = v.id
  and d.bank_id = $1 and d.round_id = c.round_id and d.number = c.number and d.note <> ''
"""
_OBJECTED = """
update recognition_objections o set ground = $3, reason = case when o.reason is not null then $3 end,
  contact_sealed = case when o.raised_by <> $2 then o.contact_sealed end,
  contact_key_id = case when o.raised_by <> $2 then o.contact_key_id end
where o.bank_id = $1 and (o.raised_by = $2 or exists (
  select from recognition_candidates c join volunteers v on v.bank_id = $1 and v.id = c.volunteer_id
  where c.bank_id = $1 and c.round_id = o.round_id and c.number = o.number and v.owner = $2))
"""

_DISPUTES = """
update disputes d set statement = $3, answer = case when d.answer is not null then $3 end
where d.bank_id = $1 and d.person_id = $2
"""

# What was wished for is said by one of the two and may be about the other.
_WISHES = """
update service_orders o set wish = $3, version = o.version + 1
where o.bank_id = $1 and (o.person_id = $2 or o.served_id = $2)
"""
_WISHED = """
select distinct o.wish from service_orders o where o.bank_id = $1 and (o.person_id = $2 or o.served_id = $2)
"""

_COMPLAINTS = """
update complaints c set statement = $3, answer = case when c.answer is not null then $3 end
where c.bank_id = $1 and c.person_id = $2
"""

# Workbooks and reports of finished tasks hold whole registers; nobody can tell who is in them. They are sealed and
# kept for days only, and can be asked for again.
_FILES = """
delete from task_files f using tasks t
where f.bank_id = $1 and t.bank_id = $1 and t.id = f.task_id and t.finished_at is not null
"""

# Answers kept for repetition, of the person or about them, that say anything personal. The rest stays, so that a
# repetition is still told from a new request; nobody can tell them apart if the fields do not open.
_REPLIES = """
delete from replies r where r.bank_id = $1 and (r.actor = $2 or position($3 in r.body) > 0)
  and ($4::text[] is null or exists (select from unnest($4) as v (value) where position(v.value in r.body) > 0))
"""


@dataclass(frozen=True, slots=True)
class Erased:
    """Who was erased, and when."""

    person_id: UUID
    erased_at: datetime


async def erase_person(
    tx: WriteTx, cipher: Cipher, actor: Actor, person_id: UUID, *, now: datetime
) -> Erased:
    """Erase what identifies a person, end what they could do, and mark them as erased.

    Raises:
        RefusalError: `unknown_person`, `already_erased`, `erasure_of_self`, `last_administrator`.
    """
    if actor.person_id == person_id:
        raise RefusalError("erasure_of_self")
    await check_not_last(tx, person_id, now=now)
    is_erased = await tx.connection.fetchval(_LOCK, tx.bank_id, person_id)
    if is_erased is None:
        raise RefusalError("unknown_person")
    if is_erased:
        raise RefusalError("already_erased")
    try:
        fields = await take_fields(tx, cipher, person_id)
    except RefusalError:  # a lost key is no reason to keep what it sealed
        fields = None
    await _delete_replies(tx, person_id, fields)
    await withdraw_everywhere(tx, person_id, actor=actor.text, now=now)
    digests = [row[0] for row in await tx.connection.fetch(_PHONES, tx.bank_id, person_id)]
    if fields and PHONE in fields:
        digests += BlindIndex(cipher.ring).digests(tx.bank_id, PHONE, fields[PHONE])
    await tx.connection.execute(_CODES, tx.bank_id, digests)
    for statement in _DELETES:
        await tx.connection.execute(statement, tx.bank_id, person_id)
    for statement in _ENDS:
        await tx.connection.execute(statement, tx.bank_id, person_id, now, actor.text)
    await tx.connection.execute(_CERTIFICATES, tx.bank_id, person_id)
    await tx.connection.execute(_STEWARDSHIPS, tx.bank_id, person_id)
    await tx.connection.execute(_STAFFS, tx.bank_id, person_id, now)
    await tx.connection.execute(_REASONS, tx.bank_id, person_id, REDACTED)
    for statement in _UNTIL:
        await tx.connection.execute(statement, tx.bank_id, person_id, tx.day(now))
    await tx.connection.execute(_LINES, tx.bank_id, person_id, UNNAMED)
    await tx.connection.execute(_OBJECTIONS, tx.bank_id, person_id, REDACTED)
    await tx.connection.execute(_LISTED, tx.bank_id, person_id, UNNAMED)
    await tx.connection.execute(_REVIEWED, tx.bank_id, person_id, REDACTED)
    await tx.connection.execute(_OBJECTED, tx.bank_id, person_id, REDACTED)
    await tx.connection.execute(_DISPUTES, tx.bank_id, person_id, REDACTED)
    await tx.connection.execute(_COMPLAINTS, tx.bank_id, person_id, REDACTED)
    await tx.connection.execute(_WISHES, tx.bank_id, person_id, REDACTED)
    await tx.connection.execute(_FILES, tx.bank_id)
    await tx.connection.execute(_MARK, tx.bank_id, person_id, now)
    return Erased(person_id, now)


async def _delete_replies(tx: WriteTx, person_id: UUID, fields: Mapping[str, str] | None) -> None:
    """Delete kept answers that say a field of the person or their wish, as it is or as JSON writes it."""
    said = None
    if fields is not None:
        telling = [value for field, value in fields.items() if field in TELLING]
        telling += [row["wish"] for row in await tx.connection.fetch(_WISHED, tx.bank_id, person_id)]
        said = sorted({form for value in telling for form in (value, json.dumps(value)[1:-1])})
    await tx.connection.execute(_REPLIES, tx.bank_id, f"person:{person_id}", str(person_id), said)
