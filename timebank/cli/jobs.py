"""`jobs run`: what happens by the calendar, by hand for any day."""

from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Annotated

import typer

from timebank.cli.frame import DEFAULT_BANK, REFUSED, BankOption, JsonOption, Opened, fail, print_json, run
from timebank.words import both

app = typer.Typer()
jobs = typer.Typer(help="定时任务 / what happens by the calendar", no_args_is_help=True)
app.add_typer(jobs, name="jobs")

YEARS = range(1900, 3000)


class Job(StrEnum):
    """The jobs there are."""

    CLOSE_SESSIONS = "close-sessions"
    CREDIT = "credit"
    EXPIRE = "expire"
    LOW_STOCK = "low-stock"
    RECOGNISE = "recognise"
    RELEASE_HOLDS = "release-holds"
    SETTLE = "settle"


AsOfOption = Annotated[str, typer.Option("--as-of", help="日期 / the day, YYYY-MM-DD")]


@jobs.command("run")
def run_job(
    job: Job, *, as_of: AsOfOption, bank: BankOption = DEFAULT_BANK, as_json: JsonOption = False
) -> None:
    """执行一项任务，可重复执行 / Run a job for a day; running it again changes nothing more."""
    from timebank.jobs.close_sessions import run_close_sessions
    from timebank.jobs.credit import run_credit
    from timebank.jobs.expire import run_expire
    from timebank.jobs.low_stock import run_low_stock
    from timebank.jobs.recognise import run_recognise
    from timebank.jobs.release_holds import run_release_holds
    from timebank.jobs.settle import run_settle

    day = parse_day(as_of)
    action = {
        Job.CLOSE_SESSIONS: run_close_sessions,
        Job.CREDIT: run_credit,
        Job.EXPIRE: run_expire,
        Job.LOW_STOCK: run_low_stock,
        Job.RECOGNISE: run_recognise,
        Job.RELEASE_HOLDS: run_release_holds,
        Job.SETTLE: run_settle,
    }[job]

    async def work(opened: Opened) -> dict[str, object]:
        return await action(opened.database, opened.bank, as_of=day, now=datetime.now(UTC))

    result = run(work, bank=bank)
    if as_json:
        print_json({"job": job.value, "as_of": day, **result})
    else:
        figures = "  ".join(f"{key}={value}" for key, value in result.items())
        typer.echo(f"{both(f'job_{job.name.lower()}_done', as_of=day)}  {figures}")


def parse_day(text: str) -> date:
    """Read a day as YYYY-MM-DD, or end the program."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if day.year not in YEARS:
        fail("day_invalid", REFUSED, day=text)
    return day
