"""Certificates of a published round, for all on its list: for the ceremony. Resumable: who has one keeps that one.

Only people get certificates; what a team or a unit is named for is on the list itself.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from ledger.proof.note import SigningKey
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check, check_row
from timebank.certificates.document import (
    LAYOUT,
    Certificate,
    Holder,
    Honour,
    Issuer,
    exact,
    masked_id_number,
)
from timebank.certificates.encoding import signed
from timebank.certificates.issuing import ID_TYPE, Signatory, bank_name_of
from timebank.certificates.queries import candidates_with
from timebank.certificates.storing import Link, store
from timebank.certificates.wording import ABSENT
from timebank.errors import RefusalError
from timebank.notifications.actions import tell_each
from timebank.people.rules import ID_NUMBER, NAME
from timebank.recognition.queries import Candidate, Round, candidates, round_of

if TYPE_CHECKING:
    from timebank.vault.cipher import Cipher

PERMISSION: Final = "certificates.award"
BATCH: Final = 100
"""Certificates of one transaction, and of one file."""

_LOCK = "select r.id from recognition_rounds r where r.bank_id = $1 and r.id = $2 for update"
# Held until the end, in one order for all, so that an erasure comes before or after.
_LIVING = """
select p.id from people p
where p.bank_id = $1 and p.id = any($2::uuid[]) and p.erased_at is null order by p.id for share
"""
_FIELDS = """
select subject, field, sealed from vault where bank_id = $1 and field = any($2::text[]) and subject = any($3::uuid[])
"""


@dataclass(frozen=True, slots=True)
class Edition:
    """What all certificates of a batch share: who signs on paper, the bank's key, where new numbers come from."""

    signatory: Signatory
    key: SigningKey
    new_link: Callable[[], Link]


@dataclass(frozen=True, slots=True)
class Awarded:
    """How many were issued, how many got none because no name is known, and after which number to go on, if at all."""

    issued: int
    nameless: int
    next: int | None


async def check_round(tx: ReadTx, actor: Actor, permission: str, round_id: int) -> Round:
    """Return a round in reach.

    Raises:
        RefusalError: `forbidden`, `unknown_round`.
    """
    check(actor, permission)
    found = await round_of(tx, round_id)
    await check_row(tx, actor, permission, found.organisation_id, unknown="unknown_round")
    return found


async def award(
    tx: WriteTx, cipher: "Cipher", found: Round, edition: Edition, *, after: int, by: str, now: datetime
) -> Awarded:
    """Issue certificates to the next of a published list who have none, and tell them.

    Raises:
        RefusalError: `round_not_published`, `vault_key_wrong`.
    """
    # Two who award the same list at once take turns, so that each finds what the other has issued; and who takes the
    # honour back comes before, and there is no certificate, or after, and revokes it.
    await tx.connection.execute(_LOCK, tx.bank_id, found.id)
    found = await round_of(tx, found.id)
    if found.state != "published" or found.digest is None:
        raise RefusalError("round_not_published")
    page = await candidates(tx, found.id, after=after, limit=BATCH, states=["proposed"])
    following = page[-1].number if len(page) == BATCH else None
    standing = await candidates_with(tx, found.id, [one.number for one in page])
    wanted = {one.person_id: one for one in page if one.person_id and one.number not in standing}
    living = [row["id"] for row in await tx.connection.fetch(_LIVING, tx.bank_id, sorted(wanted))]
    fields = await _fields(tx, cipher, living)
    named = [person_id for person_id in living if fields[person_id].get(NAME)]
    bank_name = await bank_name_of(tx)
    issued = []
    for person_id in named:
        certificate = _certificate(
            found,
            wanted[person_id],
            _holder(person_id, wanted[person_id], fields[person_id]),
            _issuer(tx, found, bank_name, edition.signatory),
            edition.new_link(),
            tx.day(now),
        )
        issued.append((person_id, certificate, signed(certificate, edition.key)))
    if issued:
        await store(tx, cipher, issued, by=by, now=now)
        told = [(person_id, {"round": found.id}) for person_id in named]
        await tell_each(tx, told, "certificate_awarded")
    return Awarded(len(issued), len(living) - len(named), following)


async def _fields(tx: ReadTx, cipher: "Cipher", people: Sequence[UUID]) -> Mapping[UUID, Mapping[str, str]]:
    """Return names and ID numbers."""
    found: dict[UUID, dict[str, str]] = {person_id: {} for person_id in people}
    for row in await tx.connection.fetch(_FIELDS, tx.bank_id, [NAME, ID_NUMBER], people):
        who, field = row["subject"], row["field"]
        found[who][field] = cipher.open(tx.bank_id, who, field, row["sealed"])
    return found


def _holder(person_id: UUID, candidate: Candidate, fields: Mapping[str, str]) -> Holder:
    number = fields.get(ID_NUMBER, "")
    return Holder(
        name=fields[NAME],
        id_type=ID_TYPE if number else ABSENT,
        id_number=masked_id_number(number),
        volunteer=candidate.code or "",
        account=person_id,
    )


def _issuer(tx: ReadTx, found: Round, bank_name: str, signatory: Signatory) -> Issuer:
    return Issuer(
        bank=tx.bank_code,
        bank_name=bank_name,
        organisation=found.organisation,
        head=signatory.head,
        handler=signatory.handler,
        contact=signatory.contact,
    )


def _certificate(
    found: Round, candidate: Candidate, holder: Holder, issuer: Issuer, link: Link, issued_on: date
) -> Certificate:
    labels = found.criteria.step_labels
    evidence = exact(candidate.evidence)
    return Certificate(
        layout=LAYOUT,
        number=link.number,
        link=link.address,
        issued_on=issued_on,
        holder=holder,
        issuer=issuer,
        from_on=found.from_on,
        until_on=found.until_on,
        minutes=candidate.minutes,
        records=(),
        honour=Honour(
            round=found.id,
            candidate=candidate.number,
            scheme=found.scheme,
            label=found.criteria.label.zh,
            title=found.title,
            level=candidate.level,
            level_label=labels[candidate.level - 1].zh if 0 < candidate.level <= len(labels) else "",
            points=candidate.points,
            records=candidate.records,
            digest=found.digest.hex() if found.digest else "",
            evidence=evidence if isinstance(evidence, dict) else {},
        ),
        checkpoint=found.checkpoint,
    )
