"""Opening, editing and closing stations, and taking their printed posters out of use."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from ledger.session import WriteTx
from timebank.errors import RefusalError
from timebank.organisations.queries import check_open
from timebank.roles.queries import may_at
from timebank.stations.queries import Plan, Station, station

_INSERT = """
insert into stations (bank_id, code, name, kind, place, hours, organisation_id, steward_id, latitude_e6, longitude_e6,
  radius_metres)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) returning id
"""
_EDIT = """
update stations set code = $3, name = $4, kind = $5, place = $6, hours = $7, organisation_id = $8, steward_id = $9,
  latitude_e6 = $10, longitude_e6 = $11, radius_metres = $12, version = version + 1
where bank_id = $1 and id = $2
"""
_LOCK = "select id from stations where bank_id = $1 and id = $2 for update"
_CLOSE = "update stations set closed_on = $3, version = version + 1 where bank_id = $1 and id = $2"
_RENEW = """
update stations set poster_serial = poster_serial + 1, version = version + 1 where bank_id = $1 and id = $2
"""


async def open_station(tx: WriteTx, plan: Plan, *, now: datetime) -> Station:
    """Open a station of an organisation.

    Raises:
        RefusalError: `unknown_organisation`, `organisation_closed`, `unknown_steward`, `already_taken_station_code`.
    """
    await check_open(tx, plan.organisation_id, tx.day(now))
    await _check_steward(tx, plan.steward_id, plan.organisation_id, now)
    with _translated():
        new: int = await tx.connection.fetchval(_INSERT, tx.bank_id, *_values(plan))
    return await station(tx, new)


async def edit_station(
    tx: WriteTx, station_id: int, *, changes: Mapping[str, Any], expected_version: int | None, now: datetime
) -> Station:
    """Change fields of a station's plan, by name; `expected_version` None is any.

    Raises:
        RefusalError: `unknown_station`, `version_differs`, `station_closed`, `unknown_organisation`,
            `organisation_closed`, `unknown_steward`, `already_taken_station_code`.
    """
    found = await _locked(tx, station_id, expected_version, tx.day(now))
    plan = replace(found.plan, **changes)
    if plan.organisation_id != found.plan.organisation_id:
        await check_open(tx, plan.organisation_id, tx.day(now))
    if {"steward_id", "organisation_id"} & changes.keys():
        await _check_steward(tx, plan.steward_id, plan.organisation_id, now)
    with _translated():
        await tx.connection.execute(_EDIT, tx.bank_id, station_id, *_values(plan))
    return await station(tx, station_id)


async def close_station(
    tx: WriteTx, station_id: int, *, expected_version: int | None, now: datetime
) -> Station:
    """Close a station from today on: it shows no codes, and its posters are refused.

    Raises:
        RefusalError: `unknown_station`, `already_closed_station`, `version_differs`.
    """
    today = tx.day(now)
    try:
        await _locked(tx, station_id, expected_version, today)
    except RefusalError as refused:
        if refused.code == "station_closed":
            raise RefusalError("already_closed_station") from None
        raise
    await tx.connection.execute(_CLOSE, tx.bank_id, station_id, today)
    return await station(tx, station_id)


async def renew_poster(
    tx: WriteTx, station_id: int, *, expected_version: int | None, now: datetime
) -> Station:
    """Give a station's poster another code; those that hang already are refused from now on.

    Raises:
        RefusalError: `unknown_station`, `station_closed`, `version_differs`.
    """
    await _locked(tx, station_id, expected_version, tx.day(now))
    await tx.connection.execute(_RENEW, tx.bank_id, station_id)
    return await station(tx, station_id)


async def _locked(tx: WriteTx, station_id: int, expected_version: int | None, today: date) -> Station:
    await tx.connection.execute(_LOCK, tx.bank_id, station_id)
    found = await station(tx, station_id)
    if expected_version is not None and found.version != expected_version:
        raise RefusalError("version_differs")
    if not found.is_open(today):
        raise RefusalError("station_closed")
    return found


async def _check_steward(tx: WriteTx, steward_id: UUID | None, organisation_id: int, now: datetime) -> None:
    """Refuse a steward without a role there that lets them show the station's code."""
    if steward_id is None:
        return
    if not await may_at(tx, steward_id, "stations.show", organisation_id, now=now):
        raise RefusalError("unknown_steward")


def _values(plan: Plan) -> tuple[object, ...]:
    at = plan.position
    place = (None, None, None) if at is None else (at.latitude_e6, at.longitude_e6, at.radius_metres)
    return (
        plan.code, plan.name, plan.kind, plan.place, plan.hours, plan.organisation_id, plan.steward_id, *place
    )  # fmt: skip


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except asyncpg.UniqueViolationError as error:
        if error.constraint_name != "stations_code_key":
            raise
        raise RefusalError("already_taken_station_code") from None
