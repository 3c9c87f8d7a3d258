"""A member's own service records, what has become of each, its proof, and saying that one is wrong."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final, Literal, TypeAlias, get_args

from fastapi import Query
from fastapi.exceptions import RequestValidationError
from starlette.responses import Response

from api.cursors import Cursor, instant_and_id, page
from api.fields import LAST_YEAR, PathId, Sentence
from api.routers import bare
from api.web.arriving import VisitOf
from api.web.asking import Problem, problem_of
from api.web.forms import FormBody
from api.web.visit import Visit
from api.web.volunteer.member import member_of
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor
from timebank.errors import RefusalError
from timebank.proof.actions import proof_of_record
from timebank.records.disputes import Dispute, disputes_of_record, raise_dispute
from timebank.records.entries import Entry, entries_of
from timebank.records.own import Tally, newest_records_of, tallies_of
from timebank.records.queries import Record

router = bare()

READ, PROVE = "records.read", "proofs.read"
PAGE_LINES: Final = 20
MOST_ENTRIES: Final = 50
END_OF_TIME: Final = datetime(LAST_YEAR, 12, 31, tzinfo=UTC), 2**62

Which: TypeAlias = Literal["all", "waiting", "credited", "closed"]
WHICH: Final[tuple[Which, ...]] = get_args(Which)
STATES: Final[Mapping[Which, tuple[str, ...] | None]] = {
    "all": None,
    "waiting": ("pending", "second_review", "approved", "noticed", "objected"),
    "credited": ("credited",),
    "closed": ("rejected", "voided"),
}
TOLD: Final = (
    *("made", "approved", "approved_second", "rejected", "noticed", "objected", "cleared", "credited"),
    *("voided", "corrected"),
)
"""What a member is told of what happened to a record; the rest is between reviewers."""


class DisputeForm(FormBody):
    """What is wrong with the record."""

    statement: Sentence


@dataclass(frozen=True, slots=True)
class Shown:
    """A record, what happened to it, and what its volunteer said against it."""

    record: Record
    entries: list[Entry]
    disputes: list[Dispute]

    @property
    def may_be_disputed(self) -> bool:
        """Whether something can be said against it now."""
        return self.record.state != "voided" and all(each.decided_at for each in self.disputes)


@router.get("/me/records")
async def list_own_records(
    visit: VisitOf, which: Annotated[Which, Query()] = "all", cursor: Cursor = None
) -> Response:
    """Show a member their records, the newest service first."""
    before = instant_and_id(cursor, END_OF_TIME)

    async def work(tx: ReadTx, actor: Actor) -> tuple[list[Record], dict[str, Tally]]:
        person_id = await member_of(visit, tx, actor, READ)
        found = await newest_records_of(
            tx, person_id, before=before, limit=PAGE_LINES + 1, states=STATES[which]
        )
        return found, await tallies_of(tx, person_id)

    found, tallies = await visit.read(work)
    records, following = page(found, PAGE_LINES, lambda record: (record.starts_at.isoformat(), record.id))
    return visit.page(
        "volunteer/records.html",
        which=which,
        counts={each: _count(tallies, STATES[each]) for each in WHICH},
        minutes=tallies["credited"].minutes if "credited" in tallies else 0,
        records=records,
        following=following,
        is_first=cursor is None,
    )


@router.get("/me/records/{record_id}")
async def show_own_record(
    visit: VisitOf, record_id: PathId, done: Literal["disputed"] | None = None
) -> Response:
    """Show a member one of their records."""
    return await _record(visit, record_id, done=done or "")


@router.post("/me/records/{record_id}")
async def dispute(visit: VisitOf, record_id: PathId) -> Response:
    """Say what is wrong with a record of one's own; sent twice it is said once."""
    try:
        form = await visit.form(DisputeForm)
    except RequestValidationError:
        wrong = Problem("invalid", visit.say("page.record.say_what"), 422)
        return await _record(visit, record_id, problem=wrong)

    async def work(tx: WriteTx, actor: Actor) -> Dispute:
        return await raise_dispute(tx, actor, record_id=record_id, statement=form.statement, now=visit.now)

    try:
        await visit.write(work, action="disputes.raise", subject=str(record_id))
    except RefusalError as refusal:
        if refusal.code == "already_disputed" and await _said(visit, record_id, form.statement):
            return visit.go(f"/me/records/{record_id}?done=disputed")
        if refusal.code not in {"already_disputed", "record_state_refused"}:
            raise
        return await _record(visit, record_id, problem=problem_of(visit, refusal), typed=form.statement)
    return visit.go(f"/me/records/{record_id}?done=disputed")


@router.get("/me/records/{record_id}/proof")
async def download_proof(visit: VisitOf, record_id: PathId) -> Response:
    """Return the proof that a record's credit is in the sealed books, to be kept."""

    async def work(tx: ReadTx, actor: Actor) -> str:
        await member_of(visit, tx, actor, PROVE)
        await _one(visit, tx, actor, record_id)
        return (await proof_of_record(tx, record_id)).to_json()

    content = await visit.read(work)
    headers = {"Content-Disposition": f'attachment; filename="record-{record_id}-proof.json"'}
    return visit.finish(Response(content, media_type="application/json", headers=headers))


async def _record(
    visit: Visit, record_id: int, *, done: str = "", problem: Problem | None = None, typed: str = ""
) -> Response:
    async def work(tx: ReadTx, actor: Actor) -> Shown:
        record = await _one(visit, tx, actor, record_id)
        entries = await entries_of(tx, record_id, after_id=0, limit=MOST_ENTRIES)
        disputes = await disputes_of_record(tx, record_id, record.person_id)
        return Shown(record, [each for each in entries if each.kind in TOLD], disputes)

    return visit.page(
        "volunteer/record.html",
        shown=await visit.read(work),
        done=done,
        problem=problem,
        typed=typed,
        status=problem.status if problem else 200,
    )


async def _said(visit: Visit, record_id: int, statement: str) -> bool:
    """Tell whether the open dispute over a record says just that: then the form was sent twice."""

    async def work(tx: ReadTx, actor: Actor) -> list[Dispute]:
        record = await _one(visit, tx, actor, record_id)
        return await disputes_of_record(tx, record_id, record.person_id)

    return any(each.decided_at is None and each.statement == statement for each in await visit.read(work))


async def _one(visit: Visit, tx: ReadTx, actor: Actor, record_id: int) -> Record:
    """Return a record of the member's own, and nobody else's, whatever else they may see at a desk."""
    person_id = await member_of(visit, tx, actor, READ)
    found = await newest_records_of(tx, person_id, before=END_OF_TIME, limit=1, record_id=record_id)
    if not found:
        raise RefusalError("unknown_record", record=record_id)
    return found[0]


def _count(tallies: Mapping[str, Tally], states: tuple[str, ...] | None) -> int:
    return sum(tally.records for state, tally in tallies.items() if states is None or state in states)
