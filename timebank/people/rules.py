"""What numbers, names and ages are, and who may belong where: pure."""

import re
import unicodedata
from collections.abc import Collection, Mapping
from datetime import date
from typing import Final

from timebank.errors import RefusalError
from timebank.organisations.rules import AREAS, COMMUNITY, OTHER, PARTNER_UNIT, TEAM, WORK_UNIT

NAME, GENDER, BORN_ON, ID_NUMBER, PHONE = "name", "gender", "born_on", "id_number", "phone"
EMPLOYER, AREA, SKILLS, EMAIL = "employer", "area", "skills", "email"
FIELDS: Final = (NAME, GENDER, BORN_ON, ID_NUMBER, PHONE, EMPLOYER, AREA, SKILLS, EMAIL)
"""What the vault holds of a person, after 民政部令第67号 Art 5; the last for who wishes to get mail."""

OWN_FIELDS: Final = frozenset({EMPLOYER, AREA, SKILLS, EMAIL})
"""What people change by themselves. The rest was checked against papers, and the phone is a way to log in."""

FULL_AGE_YEARS: Final = 18
FEBRUARY, LEAP_DAY = 2, 29

_MOBILE = re.compile(r"1[3-9][0-9]{9}")
# Not all that RFC 5321 allows, but whatever anybody has; nothing that a header could take for its end.
_EMAIL = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])"
)
MAX_EMAIL, MAX_LOCAL_PART = 254, 64
_ID_NUMBER = re.compile(r"[0-9]{17}[0-9X]")
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_DIGITS: Final = "10X98765432"

RESIDENCE, PARTY_UNIT, PARTY_COMMUNITY = "residence", "party_unit", "party_community"

LEVELS_OF_KIND: Final[Mapping[str, Collection[str]]] = {
    RESIDENCE: (*AREAS, OTHER),
    TEAM: (TEAM,),
    WORK_UNIT: (WORK_UNIT, PARTNER_UNIT),
    PARTY_UNIT: (WORK_UNIT, PARTNER_UNIT),
    PARTY_COMMUNITY: (COMMUNITY,),
}
"""A membership's kind: the levels of organisation it may be at."""

ONE_AT_A_TIME: Final = frozenset({RESIDENCE, WORK_UNIT, PARTY_UNIT, PARTY_COMMUNITY})
"""Kinds of which a new one ends the one before; of teams there may be many."""

PARTY_KINDS: Final = frozenset({PARTY_UNIT, PARTY_COMMUNITY})
"""双报到: a party member reports at the work unit and at the community."""


def normal_phone(text: str) -> str:
    """Return a mobile number as its 11 digits, however it was written.

    Raises:
        RefusalError: `phone_invalid`.
    """
    plain = re.sub(r"[\s()\-]", "", unicodedata.normalize("NFKC", text))
    plain = re.sub(r"^(?:\+|00)?86(?=1[0-9]{10}$)", "", plain)
    if not _MOBILE.fullmatch(plain):
        raise RefusalError("phone_invalid")
    return plain


def normal_email(text: str) -> str:
    """Return a mail address with its domain in small letters.

    Raises:
        RefusalError: `email_invalid`.
    """
    local, _, domain = unicodedata.normalize("NFKC", text).strip().rpartition("@")
    plain = f"{local}@{domain.lower()}"
    if len(plain) > MAX_EMAIL or len(local) > MAX_LOCAL_PART or not _EMAIL.fullmatch(plain):
        raise RefusalError("email_invalid")
    return plain


def normal_id_number(text: str) -> str:
    """Return an ID number as 18 characters, its birth date and check digit being right (GB 11643).

    Raises:
        RefusalError: `id_number_invalid`.
    """
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", text)).upper()
    if not _ID_NUMBER.fullmatch(plain) or check_digit(plain[:17]) != plain[17]:
        raise RefusalError("id_number_invalid")
    try:
        born_on_of(plain)
    except ValueError:
        raise RefusalError("id_number_invalid") from None
    return plain


def check_digit(first: str) -> str:
    """Return the last character of an ID number, of its first 17 digits: ISO 7064 MOD 11-2."""
    return _CHECK_DIGITS[sum(int(digit) * weight for digit, weight in zip(first, _WEIGHTS, strict=True)) % 11]


def born_on_of(id_number: str) -> date:
    """Return the birth date in an ID number."""
    return date(int(id_number[6:10]), int(id_number[10:12]), int(id_number[12:14]))


def normal_fields(fields: Mapping[str, str], *, today: date) -> dict[str, str]:
    """Return personal fields as the vault keeps them; the birth date follows from the ID number if it was left out.

    Raises:
        RefusalError: `phone_invalid`, `email_invalid`, `id_number_invalid`, `birth_dates_differ` (of field and ID
            number), `birth_date_invalid` (in the future).
    """
    given = {field: value.strip() for field, value in fields.items()}
    if given.get(PHONE):
        given[PHONE] = normal_phone(given[PHONE])
    if given.get(EMAIL):
        given[EMAIL] = normal_email(given[EMAIL])
    if given.get(ID_NUMBER):
        given[ID_NUMBER] = normal_id_number(given[ID_NUMBER])
        born_on = born_on_of(given[ID_NUMBER]).isoformat()
        if given.get(BORN_ON, born_on) not in {born_on, ""}:
            raise RefusalError("birth_dates_differ")
        given[BORN_ON] = born_on
    if given.get(BORN_ON) and date.fromisoformat(given[BORN_ON]) > today:
        raise RefusalError("birth_date_invalid")
    return given


def masked(name: str) -> str:
    """Return a name as strangers may see it: the first character, and not how many follow."""
    return f"{name[:1]}*"


def of_age_on(born_on: date) -> date:
    """Return the day on which somebody is 18: who was born on 29 February is on 1 March."""
    year = born_on.year + FULL_AGE_YEARS
    if (born_on.month, born_on.day) == (FEBRUARY, LEAP_DAY):
        return date(year, FEBRUARY + 1, 1)
    return born_on.replace(year=year)


def is_of_age(born_on: date, day: date) -> bool:
    """Tell whether somebody is 18 on a day."""
    return day >= of_age_on(born_on)


def check_place(kind: str, level: str) -> None:
    """Refuse a membership at an organisation that is not of its level.

    Raises:
        RefusalError: `level_differs`.
    """
    if level not in LEVELS_OF_KIND[kind]:
        raise RefusalError("level_differs", kind=kind, level=level)


def has_reported(kinds: Collection[str]) -> bool:
    """Tell whether current memberships of these kinds are both reports of a party member (双报到)."""
    return set(kinds) >= PARTY_KINDS
