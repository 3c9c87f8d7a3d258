"""What happens by the clock: each job with its runs, past and next, and a way to run it, rest it and wake it."""

from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Annotated, Literal

from fastapi import Path, Query
from fastapi.exceptions import RequestValidationError
from pydantic import StringConstraints
from starlette.responses import Response

from api.fields import Day, Printable
from api.problems import status_of
from api.routers import bare
from api.web.arriving import VisitOf
from api.web.forms import FormBody
from api.web.office.faults import fault_of, item_of
from api.web.visit import Visit
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check_whole_bank
from timebank.errors import RefusalError
from timebank.jobs.actions import ask_for_run, pause_job, resume_job
from timebank.jobs.queries import (
    JobRun,
    JobStatus,
    RunHistory,
    job_runs,
    job_statuses,
    known_job,
    run_history,
)
from timebank.words import period_in_words

router = bare()

READ, WRITE = "jobs.read", "jobs.write"
PAGE_RUNS = 50
SAID = frozenset({"day_in_future", "already_running", "already_paused", "not_paused"})
"""Refusals that the page says where they happened."""

JobName = Annotated[str, Path(pattern=r"^[a-z_]{1,40}$")]
PeriodName = Annotated[str, Path(pattern=r"^[0-9T-]{4,13}$")]
Before = Annotated[str | None, Query(pattern=r"^[0-9T-]{4,13}$")]
Reason = Annotated[str, StringConstraints(max_length=200, strip_whitespace=True), Printable]


class JobForm(FormBody):
    """What is to be done with a job: a run for a day, a rest for a reason, or an end of it."""

    do: Literal["run", "pause", "resume"]
    as_of: Day | Literal[""] = ""
    reason: Reason = ""


@dataclass(frozen=True, slots=True)
class OneJob:
    """A job with a page of its runs, and where the next page begins."""

    status: JobStatus
    runs: list[JobRun]
    following: str | None


@router.get("/office/jobs")
async def show_jobs(visit: VisitOf) -> Response:
    """Show every job with its last and its next run."""

    async def work(tx: ReadTx, actor: Actor) -> list[JobStatus]:
        check_whole_bank(actor, READ)
        return await job_statuses(tx, now=visit.now)

    return visit.page("office/jobs.html", jobs=await visit.read(work), fault=partial(fault_of, visit))


@router.get("/office/jobs/{name}")
async def show_job(visit: VisitOf, name: JobName, before: Before = None) -> Response:
    """Show a job's runs, newest first."""
    return await _job(visit, name, before)


@router.post("/office/jobs/{name}")
async def change_job(visit: VisitOf, name: JobName) -> Response:
    """Ask for a run, let the job rest, or wake it."""
    try:
        form = await visit.form(JobForm)
    except RequestValidationError:
        return await _job(visit, name, None, refused=RefusalError("page.form_invalid"))
    if form.do == "pause" and not form.reason:
        return await _job(visit, name, None, refused=RefusalError("page.jobs.reason_needed"))

    async def work(tx: WriteTx, actor: Actor) -> None:
        check_whole_bank(actor, WRITE)
        if form.do == "run":
            day = form.as_of if isinstance(form.as_of, date) else tx.day(visit.now)
            await ask_for_run(tx, name, as_of=day, asked_by=actor.text, now=visit.now)
        elif form.do == "pause":
            await pause_job(tx, name, reason=form.reason, paused_by=actor.text, now=visit.now)
        else:
            await resume_job(tx, name)

    try:
        await visit.write(work, action=f"jobs.{form.do}", subject=name)
    except RefusalError as refusal:
        if refusal.code not in SAID:
            raise
        return await _job(visit, name, None, refused=refusal)
    return visit.go(f"/office/jobs/{name}")


@router.get("/office/jobs/{name}/{period}")
async def show_run(visit: VisitOf, name: JobName, period: PeriodName) -> Response:
    """Show what happened in one run: its attempts, its figures, and what it passed over."""

    async def work(tx: ReadTx, actor: Actor) -> RunHistory:
        check_whole_bank(actor, READ)
        return await run_history(tx, name, period)

    try:
        history = await visit.read(work)
    except RefusalError as refusal:
        if refusal.code != "unknown_run":
            raise
        return visit.refused(refusal.code, {"job": visit.say(f"job.{name}"), "period": period})
    return visit.page(
        "office/job_run.html",
        history=history,
        fault=partial(fault_of, visit),
        item=partial(item_of, visit),
        period=partial(period_in_words, language=visit.language),
    )


async def _job(
    visit: Visit, name: str, before: str | None, *, refused: RefusalError | None = None
) -> Response:
    async def work(tx: ReadTx, actor: Actor) -> OneJob:
        check_whole_bank(actor, READ)
        known_job(name)
        statuses = {status.name: status for status in await job_statuses(tx, now=visit.now)}
        runs = await job_runs(tx, name, before=before, limit=PAGE_RUNS + 1)
        shown = runs[:PAGE_RUNS]
        return OneJob(statuses[name], shown, shown[-1].period if len(runs) > PAGE_RUNS else None)

    found = await visit.read(work)
    sentence = visit.say(refused.code, **refused.params) if refused else ""
    status = status_of(refused.code) if refused else 200
    return visit.page(
        "office/job.html",
        status=status,
        job=found,
        sentence=sentence,
        today=visit.today,
        fault=partial(fault_of, visit),
    )
