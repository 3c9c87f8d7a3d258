"""`jobs`: what happens by the calendar: serving it, running a job by hand, and looking after it."""

import asyncio
import gc
import signal
from contextlib import suppress
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from timebank.cli.frame import (
    ACTOR,
    DEFAULT_BANK,
    REFUSED,
    BankOption,
    JsonOption,
    Opened,
    fail,
    local_time,
    print_json,
    run,
    run_on_database,
    show,
    table,
)
from timebank.words import both

if TYPE_CHECKING:
    from timebank.database import Database
    from timebank.jobs.queries import JobRun, JobStatus, RunHistory
    from timebank.settings import Settings
    from timebank.vault.cipher import Cipher

app = typer.Typer()
jobs = typer.Typer(help="定时任务 / what happens by the calendar", no_args_is_help=True)
app.add_typer(jobs, name="jobs")

YEARS = range(1900, 3000)
SHOWN = 30

JobArgument = Annotated[str, typer.Argument(help="任务，见 jobs list / a job, see `jobs list`")]
AsOfOption = Annotated[str, typer.Option("--as-of", help="日期 / the day, YYYY-MM-DD")]


@jobs.command()
def serve(
    *,
    bank: Annotated[str | None, typer.Option("--bank", help="银行代码，缺省为全部 / one bank only")] = None,
) -> None:
    """按时执行任务，直至中止 / Run the jobs when they are due, until stopped; `serve` has one such beside it."""
    from timebank.logs import configure_logs
    from timebank.supervisor import end_with_parent

    configure_logs()
    end_with_parent()

    async def served(settings: "Settings", database: "Database") -> None:
        from timebank.jobs.scheduler import Scheduler
        from timebank.jobs.serving import serve

        gc.enable()  # unlike other commands, this one goes on
        codes = [bank] if bank else None
        for code in codes or ():
            await database.bank(code)
        scheduler = Scheduler(
            database, settings.home, _cipher(settings), lambda: datetime.now(UTC), codes=codes
        )
        serving = asyncio.create_task(serve(scheduler))
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, serving.cancel)
        typer.echo(both("jobs_serving"))
        with suppress(asyncio.CancelledError):
            await serving

    run_on_database(served)
    typer.echo(both("jobs_stopped"))


@jobs.command("run")
def run_job(
    job: JobArgument, *, as_of: AsOfOption, bank: BankOption = DEFAULT_BANK, as_json: JsonOption = False
) -> None:
    """执行一项任务，可重复执行 / Run a job for a day; running it again changes nothing more."""
    from timebank.jobs.run import RunLostError
    from timebank.jobs.running import run_now

    day = parse_day(as_of)
    name = _name(job)

    async def work(opened: Opened) -> dict[str, object]:
        settings = opened.settings
        try:
            return await run_now(
                opened.database,
                opened.bank,
                name,
                as_of=day,
                now=datetime.now(UTC),
                home=settings.home,
                cipher=_cipher(settings),
            )
        except RunLostError:
            fail("run_lost", REFUSED)
            raise

    result = run(work, bank=bank)
    if as_json:
        print_json({"job": job, "as_of": day, **result})
    else:
        figures = "  ".join(f"{key}={value}" for key, value in result.items())
        typer.echo(f"{both(f'job_{name}_done', as_of=day)}  {figures}")


@jobs.command("list")
def list_jobs(*, bank: BankOption = DEFAULT_BANK, as_json: JsonOption = False) -> None:
    """列出任务 / List the jobs: when each is due, what its last run came to, and whether it is paused."""

    async def work(opened: Opened) -> "list[JobStatus]":
        from timebank.jobs.queries import job_statuses

        return await opened.database.read(opened.bank, lambda tx: job_statuses(tx, now=datetime.now(UTC)))

    found = run(work, bank=bank)
    if as_json:
        print_json(found)
        return
    made = table("jobs_title", "job", "schedule", "next_due", "last_run", "run_state", "paused_since")
    for each in found:
        last = each.last_run
        made.add_row(
            _shown(each.name),
            each.schedule,
            each.next_period,
            last.period if last else "",
            last.state if last else "",
            f"{each.pause.paused_at:%Y-%m-%d}" if each.pause else "",
        )
    show(made)


@jobs.command()
def history(
    job: JobArgument,
    period: Annotated[str | None, typer.Argument(help="周期 / a period, such as 2026-11-22")] = None,
    *,
    bank: BankOption = DEFAULT_BANK,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="行数 / lines")] = SHOWN,
    as_json: JsonOption = False,
) -> None:
    """查看运行记录 / Show a job's runs, newest first; with a period, its attempts and what it passed over."""
    from timebank.jobs.queries import job_runs, run_history

    name = _name(job)

    async def runs(opened: Opened) -> "tuple[list[JobRun], Opened]":
        found = await opened.database.read(
            opened.bank, lambda tx: job_runs(tx, name, before=None, limit=limit)
        )
        return found, opened

    async def one(opened: Opened) -> "tuple[RunHistory, Opened]":
        found = await opened.database.read(opened.bank, lambda tx: run_history(tx, name, period or ""))
        return found, opened

    if period is None:
        listed, opened = run(runs, bank=bank)
        if as_json:
            print_json(listed)
            return
        made = table("job_runs_title", "period", "run_state", "started_at", "#attempts", "problem")
        for each in listed:
            began = local_time(each.started_at, opened.bank.zone)
            made.add_row(each.period, each.state, began, str(each.attempts), each.problem or "")
        show(made)
        return
    found, opened = run(one, bank=bank)
    if as_json:
        print_json(found)
        return
    made = table("job_attempts_title", "#attempt", "asked_by", "started_at", "outcome", "problem")
    for attempt in found.attempts:
        began = local_time(attempt.started_at, opened.bank.zone)
        by, outcome, problem = attempt.asked_by, attempt.outcome or "", attempt.problem or ""
        made.add_row(str(attempt.attempt), by, began, outcome, problem)
    show(made)
    for fault in found.faults:
        typer.echo(f"{fault.item}: {fault.problem}")


@jobs.command()
def pause(
    job: JobArgument,
    *,
    reason: Annotated[str, typer.Option("--reason", help="原因 / why")],
    bank: BankOption = DEFAULT_BANK,
) -> None:
    """暂停任务 / Let a job rest: what falls due waits until it is resumed."""
    from timebank.jobs.actions import pause_job

    name = _name(job)

    async def work(opened: Opened) -> None:
        now = datetime.now(UTC)
        await opened.database.write(
            opened.bank, lambda tx: pause_job(tx, name, reason=reason, paused_by=ACTOR, now=now)
        )

    run(work, bank=bank)
    typer.echo(both("job_paused", job=_shown(name)))


@jobs.command()
def resume(job: JobArgument, *, bank: BankOption = DEFAULT_BANK) -> None:
    """恢复任务 / Wake a job: what fell due meanwhile is caught up."""
    from timebank.jobs.actions import resume_job

    name = _name(job)

    async def work(opened: Opened) -> None:
        await opened.database.write(opened.bank, lambda tx: resume_job(tx, name))

    run(work, bank=bank)
    typer.echo(both("job_resumed", job=_shown(name)))


def _cipher(settings: "Settings") -> "Cipher":
    from timebank.vault.cipher import load_cipher

    key = settings.vault_key
    return load_cipher(key.get_secret_value() if key else None, settings.home)


def _name(job: str) -> str:
    """Return a job's name in the books, or end the program: commands are typed with dashes."""
    from timebank.jobs.registry import JOBS

    name = job.replace("-", "_")
    if name not in JOBS:
        fail("unknown_job", REFUSED, job=job)
    return name


def _shown(name: str) -> str:
    return name.replace("_", "-")


def parse_day(text: str) -> date:
    """Read a day as YYYY-MM-DD, or end the program."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if day.year not in YEARS:
        fail("day_invalid", REFUSED, day=text)
    return day
