"""The audit at the desk: everything derived anew, the trial balance, the signed checkpoints, proofs to hand out."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

from fastapi import Path, Query
from fastapi.exceptions import RequestValidationError
from starlette.responses import Response

from api.fields import MAX_ID, Day, Id
from api.routers import bare
from api.v1 import proofs as proof_doors
from api.v1.reports import AUDIT_SECONDS
from api.web.arriving import VisitOf
from api.web.asking import Problem, problem_of
from api.web.forms import FormBody
from api.web.office.policy_words import unit_name
from api.web.visit import Visit
from ledger.audit import Violation
from ledger.balances import trial_balance
from ledger.proof.checkpoints import StoredCheckpoint, checkpoint_of_size, newest_checkpoints
from ledger.session import ReadTx
from timebank.access import Actor, check_whole_bank
from timebank.errors import OutageError, RefusalError
from timebank.proof.actions import audit_bank, published_verifier
from timebank.shops.queries import names_of_units

router = bare()

READ = "audit.read"
PAGE_CHECKPOINTS = 12
INVARIANTS = range(1, 11)
GOODS = "goods/"

Before = Annotated[int, Query(ge=1, le=MAX_ID)]
Size = Annotated[int, Path(ge=0, le=MAX_ID)]
AsOf = Annotated[Day | Literal[""], Query()]


class AuditForm(FormBody):
    """Nothing is asked: pressing the button is enough."""


class ProofForm(FormBody):
    """Of what a proof is wanted: a record by its number, or a transaction."""

    of: Literal["record", "transaction"]
    number: Id


@dataclass(frozen=True, slots=True)
class Balance:
    """What a unit's kinds of account hold; together they are 0."""

    name: str
    kinds: Mapping[str, int]

    @property
    def total(self) -> int:
        """What it all comes to."""
        return sum(self.kinds.values())


@dataclass(frozen=True, slots=True)
class Board:
    """What the page shows: balances of units and of goods, and the checkpoints."""

    units: list[Balance]
    goods: list[Balance]
    checkpoints: list[StoredCheckpoint]
    following: int | None


@dataclass(frozen=True, slots=True)
class Audited:
    """What an audit found, by the number of the invariant."""

    by_invariant: Mapping[int, list[Violation]]

    @property
    def count(self) -> int:
        """How much is not as it must be."""
        return sum(map(len, self.by_invariant.values()))


@router.get("/office/audit")
async def show_audit(visit: VisitOf, as_of: AsOf = "", before: Before = MAX_ID) -> Response:
    """Show the trial balance, now or at the end of a day, and the checkpoints."""
    return await _page(visit, as_of=as_of if isinstance(as_of, date) else None, before=before)


@router.post("/office/audit")
async def run_audit(visit: VisitOf) -> Response:
    """Derive everything anew and show what is not as it must be."""
    await visit.form(AuditForm)
    await visit.read(_check)
    try:
        async with asyncio.timeout(AUDIT_SECONDS):
            found = await audit_bank(visit.service.database, visit.banks_own, visit.service.settings.home)
    except TimeoutError:
        raise OutageError("timed_out") from None
    by: dict[int, list[Violation]] = {}
    for violation in found:
        by.setdefault(violation.invariant, []).append(violation)
    return await _page(visit, audited=Audited(by))


@router.post("/office/audit/proofs")
async def fetch_proof(visit: VisitOf) -> Response:
    """Return the proof of a record's credit or of a transaction as a file."""
    try:
        form = await visit.form(ProofForm)
    except RequestValidationError:
        return await _page(visit, problem=problem_of(visit, RefusalError("page.audit.number_needed")))
    await visit.read(_check)
    try:
        if form.of == "record":
            proof = await proof_doors.read_record_proof(visit.caller, form.number)
        else:
            proof = await proof_doors.read_transaction_proof(visit.caller, form.number)
    except RefusalError as refusal:
        return await _page(visit, problem=problem_of(visit, refusal), typed=form)
    proof.headers["Content-Disposition"] = f'attachment; filename="proof-{form.of}-{form.number}.json"'
    return visit.finish(proof)


@router.get("/office/audit/checkpoints/{size}")
async def fetch_checkpoint(visit: VisitOf, size: Size) -> Response:
    """Return a signed checkpoint as a file."""

    async def work(tx: ReadTx, actor: Actor) -> StoredCheckpoint | None:
        await _check(tx, actor)
        return await checkpoint_of_size(tx, size)

    found = await visit.read(work)
    if found is None:
        raise RefusalError("unknown_checkpoint")
    headers = {"Content-Disposition": f'attachment; filename="checkpoint-{size}.txt"'}
    return visit.finish(Response(found.note, media_type="text/plain; charset=utf-8", headers=headers))


async def _check(tx: ReadTx, actor: Actor) -> None:
    del tx
    check_whole_bank(actor, READ)


async def _page(
    visit: Visit,
    *,
    as_of: date | None = None,
    before: int = MAX_ID,
    audited: Audited | None = None,
    problem: Problem | None = None,
    typed: ProofForm | None = None,
) -> Response:
    async def work(tx: ReadTx, actor: Actor) -> Board:
        await _check(tx, actor)
        units = await trial_balance(tx, before=None if as_of is None else tx.end_of(as_of))
        names = await names_of_units(tx, [code for code in units if code.startswith(GOODS)])
        notes = await newest_checkpoints(tx, below_size=before, limit=PAGE_CHECKPOINTS + 1)
        shown = notes[:PAGE_CHECKPOINTS]
        return Board(
            [
                Balance(unit_name(visit, code), kinds)
                for code, kinds in units.items()
                if not code.startswith(GOODS)
            ],
            [
                Balance(names.get(code, code.removeprefix(GOODS)), kinds)
                for code, kinds in units.items()
                if code.startswith(GOODS)
            ],
            shown,
            shown[-1].tree_size if len(notes) > PAGE_CHECKPOINTS else None,
        )

    return visit.page(
        "office/audit.html",
        status=problem.status if problem else 200,
        board=await visit.read(work),
        as_of=as_of,
        audited=audited,
        problem=problem,
        typed=typed,
        invariants=INVARIANTS,
        verifier=published_verifier(visit.service.settings.home, visit.banks_own),
    )
