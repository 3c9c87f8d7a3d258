"""Asking for an export: what it is about, and whether it may be had, before a task is made of it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from ledger.session import ReadTx
from timebank.access import Actor
from timebank.dossiers.export import LawPurpose
from timebank.errors import RefusalError
from timebank.recognition.pack import packed_round
from timebank.recognition.queries import round_of
from timebank.tasks.queries import PACKS, ExportKind, reach_of_export


@dataclass(frozen=True, slots=True)
class ExportAsked:
    """What is asked for; the rest is of kinds that need it: what dossiers are for and of which days, whose pack."""

    kind: ExportKind
    purpose: LawPurpose | None = None
    from_on: date | None = None
    until_on: date | None = None
    round_id: int | None = None


async def export_params(tx: ReadTx, actor: Actor, asked: ExportAsked, *, now: datetime) -> dict[str, object]:
    """Return the parameters of the task that an export becomes.

    Raises:
        RefusalError: `forbidden`, `export_purpose_needed`, `export_purpose_unwanted`, `export_span_invalid`,
            `export_round_needed`, `export_round_unwanted`, `unknown_round`, `pack_too_early`.
    """
    about = await reach_of_export(tx, actor, asked.kind)
    _check_asked(asked)
    if asked.round_id is not None:
        about = [await _place_of(tx, asked.round_id, about)]
    params: dict[str, object] = {
        "export": asked.kind.value,
        "organisation_ids": about,
        "asked_at": now.isoformat(),
    }
    if asked.purpose is not None:
        params["purpose"] = asked.purpose.value
        params["from_on"] = asked.from_on and asked.from_on.isoformat()
        params["until_on"] = asked.until_on and asked.until_on.isoformat()
    if asked.round_id is not None:
        params["round_id"] = asked.round_id
    return params


async def _place_of(tx: ReadTx, round_id: int, reach: Collection[int] | None) -> int:
    """Return the organisation of a round in reach, of which a pack can be made."""
    place = (await round_of(tx, round_id)).organisation_id
    if reach is not None and place not in reach:
        raise RefusalError("unknown_round")
    await packed_round(tx, round_id)
    return place


def _check_asked(asked: ExportAsked) -> None:
    if (asked.kind in PACKS) != (asked.round_id is not None):
        raise RefusalError("export_round_needed" if asked.kind in PACKS else "export_round_unwanted")
    if asked.kind is ExportKind.DOSSIERS_XLSX:
        if asked.purpose is None:
            raise RefusalError("export_purpose_needed")
        if asked.from_on and asked.until_on and asked.from_on > asked.until_on:
            raise RefusalError("export_span_invalid")
    elif (asked.purpose, asked.from_on, asked.until_on) != (None, None, None):
        raise RefusalError("export_purpose_unwanted")
