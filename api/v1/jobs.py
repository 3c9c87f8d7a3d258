"""Jobs: what happens by the calendar, what became of it, running one by hand, and letting one rest."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.responses import Response

from api.cursors import DEFAULT_LIMIT, Cursor, Limit, Page, decode, page
from api.edge import CallerOf, IdempotencyKey
from api.fields import Day, Sentence
from api.problems import problems
from api.routers import resource
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check_whole_bank
from timebank.jobs import queries
from timebank.jobs.actions import ask_for_run, pause_job, resume_job
from timebank.jobs.queries import JobRun, JobStatus, Outcome, Pause, RunHistory, RunState

router = resource("/jobs", tag="jobs")

READ, WRITE = "jobs.read", "jobs.write"

JobName = Annotated[str, Path(pattern=r"^[a-z_]{1,40}$", description="As the list of jobs names it.")]
Period = Annotated[
    str,
    Path(
        pattern=r"^[0-9]{4}(-[0-9]{2}(-[0-9]{2}(T[0-9]{2})?)?)?$", description="A year, month, day or hour."
    ),
]


class RunOut(BaseModel):
    """What became of a job for one period; `result` is the figures of its last success."""

    model_config = ConfigDict(from_attributes=True)

    job: str = Field(examples=["expire"])
    period: str = Field(examples=["2026-11-22"])
    state: RunState
    due_at: datetime | None = Field(description="None if it was asked for by hand.")
    started_at: datetime
    finished_at: datetime | None
    again_at: datetime | None = Field(description="When a run that waits is tried.")
    attempts: int
    asked_by: str
    done: int
    total: int | None
    problem: str | None = Field(description="Why the last attempt did not succeed, as a code.")
    result: Mapping[str, object] | None


class PauseOut(BaseModel):
    """Since when a job rests, by whom, and why."""

    model_config = ConfigDict(from_attributes=True)

    paused_at: datetime
    paused_by: str
    reason: str


class JobOut(BaseModel):
    """A job, when it is due next, and how it last went."""

    model_config = ConfigDict(from_attributes=True)

    name: str = Field(examples=["expire"])
    schedule: str = Field(examples=["daily 00:10"])
    next_period: str
    next_due_at: datetime
    last_run: RunOut | None
    last_success_at: datetime | None
    pause: PauseOut | None


class AttemptOut(BaseModel):
    """One attempt at a run; one under way has no outcome yet."""

    model_config = ConfigDict(from_attributes=True)

    attempt: int
    asked_by: str
    started_at: datetime
    ended_at: datetime | None
    outcome: Outcome | None
    problem: str | None


class FaultOut(BaseModel):
    """A thing that a run passed over, named by ids and codes, so that the others got theirs."""

    model_config = ConfigDict(from_attributes=True)

    item: str
    problem: str
    happened_at: datetime


class HistoryOut(BaseModel):
    """A run, its last attempts, newest first, and the first of its faults."""

    model_config = ConfigDict(from_attributes=True)

    run: RunOut
    attempts: list[AttemptOut]
    faults: list[FaultOut]


class RunIn(BaseModel):
    """The day to run the job for; the period of the job that it lies in is run."""

    model_config = ConfigDict(extra="forbid")

    as_of: Day


class PauseIn(BaseModel):
    """Why the job is to rest."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[Sentence, StringConstraints(max_length=200)]


@router.get("", operation_id="list_jobs", responses=problems(401, 403))
async def list_jobs(caller: CallerOf) -> list[JobOut]:
    """Return every job with its schedule, its last run and when it is due next."""

    async def work(tx: ReadTx, actor: Actor) -> list[JobStatus]:
        check_whole_bank(actor, READ)
        return await queries.job_statuses(tx, now=caller.now)

    return [JobOut.model_validate(job) for job in await caller.read(work)]


@router.get("/{job}/runs", operation_id="list_job_runs", responses=problems(401, 403, 404))
async def list_job_runs(
    caller: CallerOf, job: JobName, *, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> Page[RunOut]:
    """Return the runs of a job, the newest period first."""
    before = None if cursor is None else str(decode(cursor, str)[0])

    async def work(tx: ReadTx, actor: Actor) -> list[JobRun]:
        check_whole_bank(actor, READ)
        return await queries.job_runs(tx, job, before=before, limit=limit + 1)

    found, next_cursor = page(await caller.read(work), limit, lambda run: (run.period,))
    return Page(items=[RunOut.model_validate(run) for run in found], next_cursor=next_cursor)


@router.get("/{job}/runs/{period}", operation_id="get_job_run", responses=problems(401, 403, 404))
async def get_job_run(caller: CallerOf, job: JobName, period: Period) -> HistoryOut:
    """Return a run with its attempts and what it passed over."""

    async def work(tx: ReadTx, actor: Actor) -> RunHistory:
        check_whole_bank(actor, READ)
        return await queries.run_history(tx, job, period)

    return HistoryOut.model_validate(await caller.read(work))


@router.post(
    "/{job}/runs",
    status_code=202,
    operation_id="ask_for_job_run",
    response_model=RunOut,
    responses=problems(401, 403, 404, 409),
)
async def post_job_run(caller: CallerOf, job: JobName, body: RunIn, key: IdempotencyKey) -> Response:
    """Let a job run for a day, again if it ran already; it begins within seconds."""

    async def work(tx: WriteTx, actor: Actor) -> RunOut:
        check_whole_bank(actor, WRITE)
        asked = await ask_for_run(tx, job, as_of=body.as_of, asked_by=actor.text, now=caller.now)
        return RunOut.model_validate(asked)

    request = {"job": job, **body.model_dump(mode="json")}
    return await caller.write_once(key, request, work, action="jobs.ask", subject=job, status=202)


@router.put("/{job}/pause", operation_id="pause_job", responses=problems(401, 403, 404, 409))
async def put_job_pause(caller: CallerOf, job: JobName, body: PauseIn) -> PauseOut:
    """Let a job rest: what falls due meanwhile waits; what is under way is finished."""

    async def work(tx: WriteTx, actor: Actor) -> Pause:
        check_whole_bank(actor, WRITE)
        return await pause_job(tx, job, reason=body.reason, paused_by=actor.text, now=caller.now)

    return PauseOut.model_validate(await caller.write(work, action="jobs.pause", subject=job))


@router.delete("/{job}/pause", operation_id="resume_job", responses=problems(401, 403, 404))
async def delete_job_pause(caller: CallerOf, job: JobName) -> PauseOut:
    """Wake a job and return how it had rested; what fell due meanwhile is caught up."""

    async def work(tx: WriteTx, actor: Actor) -> Pause:
        check_whole_bank(actor, WRITE)
        return await resume_job(tx, job)

    return PauseOut.model_validate(await caller.write(work, action="jobs.resume", subject=job))
