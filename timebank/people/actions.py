"""Registering people, enrolling them as volunteers, and correcting what is known of them.

What identifies anybody goes into the vault. An ID number belongs to one person of a bank: who brings it again is
refused and not told whose it is.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import asyncpg

from ledger.session import WriteTx
from timebank.errors import RefusalError
from timebank.login.passwords import forget_password
from timebank.messages.choices import forget_channel
from timebank.organisations.rules import TEAM
from timebank.people.guardianships import reckon_guardianships
from timebank.people.memberships import join, lock_person, memberships_of, set_place
from timebank.people.queries import Person, person
from timebank.people.rules import (
    BORN_ON,
    EMAIL,
    ID_NUMBER,
    OWN_FIELDS,
    PARTY_KINDS,
    PHONE,
    RESIDENCE,
    born_on_of,
    normal_fields,
    normal_id_number,
)
from timebank.vault.actions import put_fields, replace_fields, take_fields
from timebank.vault.blind import BlindIndex, find
from timebank.vault.cipher import Cipher

_INSERT = "insert into people (bank_id) values ($1) returning id"
_ENROL = """
insert into volunteers (bank_id, code, owner, is_party_member, registered_on) values ($1, $2, $3, $4, $5)
"""
_TOUCH = "update people set version = version + 1 where bank_id = $1 and id = $2"
_SET_PARTY_MEMBER = "update volunteers set is_party_member = $3 where bank_id = $1 and owner = $2"
# Of the digest, so that two who bring one number at once come one after the other, and others do not wait.
_LOCK_NUMBER = "select pg_advisory_xact_lock($1, $2)"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A volunteer's place in the register."""

    code: str
    team_id: int | None
    is_party_member: bool
    registered_on: date


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be different: personal fields (an empty value removes one) and party membership (None leaves it)."""

    fields: Mapping[str, str]
    is_party_member: bool | None = None


async def register_person(  # noqa: PLR0913 -- a person has that many sides
    tx: WriteTx,
    cipher: Cipher,
    blind: BlindIndex,
    *,
    fields: Mapping[str, str],
    organisation_id: int | None,
    enrolment: Enrolment | None,
    today: date,
    actor: str,
) -> Person:
    """Register a person who lives in an area, and enrol them as a volunteer if they serve.

    Raises:
        RefusalError: `phone_invalid`, `id_number_invalid`, `birth_dates_differ`, `birth_date_invalid`,
            `already_registered` (the ID number); and as `enrol_volunteer`.
    """
    kept = normal_fields(fields, today=today)
    if kept.get(ID_NUMBER):
        await _check_number_is_new(tx, blind, kept[ID_NUMBER], but=None)
    person_id: UUID = await tx.connection.fetchval(_INSERT, tx.bank_id)
    await put_fields(tx, cipher, [(person_id, field, value) for field, value in kept.items()])
    if enrolment is not None:
        await enrol_volunteer(
            tx, person_id, enrolment, organisation_id=organisation_id, today=today, actor=actor
        )
    elif organisation_id is not None:
        await join(
            tx,
            person_id,
            organisation_id=organisation_id,
            kind=RESIDENCE,
            from_on=today,
            today=today,
            actor=actor,
        )
    return await person(tx, person_id)


async def enrol_volunteer(
    tx: WriteTx,
    person_id: UUID,
    enrolment: Enrolment,
    *,
    organisation_id: int | None,
    today: date,
    actor: str,
) -> Person:
    """Make a person a volunteer, who lives in the area and serves in the team from the day of registration on.

    Raises:
        RefusalError: `unknown_person`, `already_a_volunteer`, `day_in_future`, `already_taken_code`, and as `join`.
    """
    await lock_person(tx, person_id)
    if (await person(tx, person_id)).volunteer is not None:
        raise RefusalError("already_a_volunteer")
    if enrolment.registered_on > today:
        raise RefusalError("day_in_future", day=enrolment.registered_on.isoformat())
    with _translated():
        await tx.connection.execute(
            _ENROL,
            tx.bank_id,
            enrolment.code,
            person_id,
            enrolment.is_party_member,
            enrolment.registered_on,
        )
    current = {
        one.kind: one.organisation_id for one in await memberships_of(tx, person_id) if one.until_on is None
    }
    for kind, place in ((RESIDENCE, organisation_id), (TEAM, enrolment.team_id)):
        if place is not None and place != current.get(kind):
            await join(
                tx,
                person_id,
                organisation_id=place,
                kind=kind,
                from_on=enrolment.registered_on,
                today=today,
                actor=actor,
            )
        else:
            await set_place(tx, person_id, kind, current.get(kind))
    await tx.connection.execute(_TOUCH, tx.bank_id, person_id)
    return await person(tx, person_id)


async def edit_person(  # noqa: PLR0913 -- who, what, by whom, on what ground
    tx: WriteTx,
    cipher: Cipher,
    blind: BlindIndex,
    person_id: UUID,
    change: Change,
    *,
    by_office: bool,
    expected_version: int | None,
    today: date,
) -> Person:
    """Correct what is known of a person; `by_office` is false for the person and who acts for them.

    With another phone the password goes: it was the other phone's. With another mail address nothing is mailed until
    that one is confirmed.

    Raises:
        RefusalError: `unknown_person`, `version_differs`, `field_not_own`, `phone_invalid`, `email_invalid`,
            `id_number_invalid`, `birth_dates_differ`, `birth_date_invalid`, `already_registered`, `not_a_volunteer`,
            `party_reports_open`.
    """
    await lock_person(tx, person_id)
    found = await person(tx, person_id)
    if expected_version is not None and found.version != expected_version:
        raise RefusalError("version_differs")
    if not by_office and (not change.fields.keys() <= OWN_FIELDS or change.is_party_member is not None):
        raise RefusalError("field_not_own")
    fields = normal_fields(change.fields, today=today)
    if ID_NUMBER not in fields and BORN_ON in fields:
        _check_birth_dates(fields[BORN_ON], (await take_fields(tx, cipher, person_id)).get(ID_NUMBER, ""))
    if fields.get(ID_NUMBER):
        await _check_number_is_new(tx, blind, fields[ID_NUMBER], but=person_id)
    if PHONE in fields and person_id not in await find(tx, blind, PHONE, fields[PHONE]):
        await forget_password(tx, person_id)
    if EMAIL in fields and fields[EMAIL] != (await take_fields(tx, cipher, person_id)).get(EMAIL):
        await forget_channel(tx, person_id=person_id, channel=EMAIL)
    if fields:
        await replace_fields(tx, cipher, person_id, fields)
    if fields.get(BORN_ON):
        await reckon_guardianships(tx, person_id, date.fromisoformat(fields[BORN_ON]), today=today)
    if change.is_party_member is not None:
        await _set_party_member(tx, found, is_party_member=change.is_party_member)
    await tx.connection.execute(_TOUCH, tx.bank_id, person_id)
    return await person(tx, person_id)


async def _set_party_member(tx: WriteTx, found: Person, *, is_party_member: bool) -> None:
    if found.volunteer is None:
        raise RefusalError("not_a_volunteer")
    current = [one for one in await memberships_of(tx, found.id) if one.until_on is None]
    if not is_party_member and any(one.kind in PARTY_KINDS for one in current):
        raise RefusalError("party_reports_open")
    await tx.connection.execute(_SET_PARTY_MEMBER, tx.bank_id, found.id, is_party_member)


async def _check_number_is_new(tx: WriteTx, blind: BlindIndex, number: str, *, but: UUID | None) -> None:
    digest = blind.digest(tx.bank_id, ID_NUMBER, number)
    halves = (int.from_bytes(digest[start : start + 4], signed=True) for start in (0, 4))
    await tx.connection.execute(_LOCK_NUMBER, *halves)
    if any(holder != but for holder in await find(tx, blind, ID_NUMBER, number)):
        raise RefusalError("already_registered")


def _check_birth_dates(born_on: str, id_number: str) -> None:
    try:
        known = born_on_of(normal_id_number(id_number)).isoformat()
    except RefusalError:  # none, or one that came with a workbook and is none
        return
    if born_on != known:
        raise RefusalError("birth_dates_differ")


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except asyncpg.UniqueViolationError as error:
        if error.constraint_name != "volunteers_code_key":
            raise
        raise RefusalError("already_taken_code") from None
