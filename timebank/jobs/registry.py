"""The jobs there are: what each does, when it is due, and how long one attempt may take."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import time, timedelta
from types import MappingProxyType
from typing import Final

from timebank.jobs.close_sessions import run_close_sessions
from timebank.jobs.credit import run_credit
from timebank.jobs.expire import run_expire
from timebank.jobs.fold import run_fold
from timebank.jobs.low_stock import run_low_stock
from timebank.jobs.periods import DAY, Daily, Hourly, Monthly, Schedule
from timebank.jobs.recognise import run_recognise
from timebank.jobs.release_holds import run_release_holds
from timebank.jobs.remind_overdue_records import run_remind_overdue_records
from timebank.jobs.run import Run
from timebank.jobs.seal import run_seal
from timebank.jobs.settle import run_settle
from timebank.jobs.warn_expiry import run_warn_expiry
from timebank.recognition.computing import run_compute_rounds

SHORT: Final = timedelta(minutes=10)
LONG: Final = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class Job:
    """What happens by the clock, under a name that rows, routes and commands use."""

    name: str
    schedule: Schedule
    action: Callable[[Run], Awaitable[dict[str, object]]]
    time_limit: timedelta


_ALL: Final = (
    Job("release_holds", Hourly(5), run_release_holds, SHORT),
    Job("close_sessions", Hourly(20), run_close_sessions, LONG),
    Job("seal", Hourly(40), run_seal, LONG),
    Job("compute_rounds", Hourly(50), run_compute_rounds, LONG),
    Job("expire", Daily(time(0, 10)), run_expire, LONG),
    Job("credit", Daily(time(0, 30)), run_credit, LONG),
    Job("fold", Daily(time(2)), run_fold, SHORT),
    Job("recognise", Daily(time(2, 30)), run_recognise, LONG),
    Job("low_stock", Daily(time(7, 30)), run_low_stock, SHORT),
    Job("remind_overdue_records", Daily(time(8, 30), catch_up=DAY), run_remind_overdue_records, SHORT),
    Job("warn_expiry", Daily(time(9)), run_warn_expiry, LONG),
    Job("settle", Monthly(1, time(3, 30)), run_settle, LONG),
)

JOBS: Final[Mapping[str, Job]] = MappingProxyType({job.name: job for job in _ALL})
