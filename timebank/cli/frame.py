"""What every command shares: opening the bank, exit codes, JSON or tables, and errors in two languages."""

import asyncio
import gc
import json
from collections.abc import Awaitable, Callable
from contextlib import contextmanager
from dataclasses import asdict, dataclass, is_dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import typer

from timebank.errors import OutageError, RefusalError
from timebank.words import both, words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.table import Table

    from timebank.database import Bank, Database
    from timebank.settings import Settings

T = TypeVar("T")

OK, VIOLATED, REFUSED, OUTAGE = 0, 1, 2, 3
"""Exit codes: done; done and something is wrong (audit, verify); refused; try again."""

LONGEST_LINE = 10_000
INTERRUPTED = 130
_PASSING = frozenset({"server_did_not_start", "server_did_not_stop"})
"""Codes of the embedded server that the same command may not meet again."""

ACTOR = "cli"
DEFAULT_BANK = "default"

BankOption = Annotated[str, typer.Option("--bank", help="银行代码 / code of the bank")]
JsonOption = Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")]


@dataclass(frozen=True, slots=True)
class Opened:
    """An open database and the bank that the command is about."""

    settings: "Settings"
    database: "Database"
    bank: "Bank"


def run(
    work: Callable[[Opened], Awaitable[T]],
    *,
    bank: str,
    make: bool = False,
    name: str | None = None,
    role: str | None = None,
) -> T:
    """Open the database, find (or with `make` make) the bank, and run `work`; errors end the program.

    `name` is what a bank that is made is called; by default it is its code.
    """
    from timebank.banks.actions import ensure_bank

    async def on_bank(settings: "Settings", database: "Database") -> T:
        if make:
            found = await ensure_bank(database, bank, name=name or bank, zone=settings.zone, actor=ACTOR)
        else:
            found = await database.bank(bank)
        return await work(Opened(settings, database, found))

    return run_on_database(on_bank, role=role)


def run_on_database(work: "Callable[[Settings, Database], Awaitable[T]]", *, role: str | None = None) -> T:
    """Open the database and run `work`, which is about no one bank; errors end the program."""
    import asyncpg

    from timebank.database import APP
    from timebank.settings import Settings
    from timebank.startup import open_database, server_address

    # What a command builds it keeps until it ends, which is soon: looking for garbage only costs time.
    gc.disable()

    async def told() -> T:
        """Run it; a server that dies between two transactions is an outage too."""
        try:
            async with open_database(address, role or APP) as database:
                return await work(settings, database)
        except BrokenPipeError:  # who reads our output has had enough: that is no outage
            raise
        except (
            asyncpg.PostgresConnectionError,
            asyncpg.InterfaceError,
            asyncpg.AdminShutdownError,
            ConnectionError,
        ) as error:
            raise OutageError("database_lost") from error

    with explained():
        settings = Settings()
        with server_address(settings) as address:
            return asyncio.run(told())


@contextmanager
def explained() -> "Iterator[None]":
    """Turn refusals and outages into a sentence in both languages and an exit code."""
    try:
        yield
    except RefusalError as error:
        fail(error.code, OUTAGE if error.code in _PASSING else REFUSED, **error.params)
    except OutageError as error:
        fail(error.code, OUTAGE, **error.params)
    except KeyboardInterrupt:
        fail("interrupted", INTERRUPTED)


def fail(code: str, exit_code: int, **params: object) -> None:
    """Say what is wrong on standard error, with its code, and end."""
    typer.echo(f"{both(code, **params)} [{code}]", err=True)
    raise typer.Exit(exit_code)


def print_json(value: object) -> None:
    """Print a value as JSON, dates as ISO 8601, dataclasses as objects."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=1, default=_plain))


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    msg = f"{type(value).__name__} has no JSON form"
    raise TypeError(msg)


def local_time(moment: datetime, zone: ZoneInfo) -> str:
    """Return an instant as the clock on the bank's wall shows it."""
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"


def table(title: str, *columns: str) -> "Table":
    """Return an empty table whose title and columns are words in both languages; `#` marks number columns."""
    from rich.table import Table

    made = Table(title=both(title))
    for column in columns:
        name = column.removeprefix("#")
        made.add_column("\n".join(words(name)), justify="right" if column.startswith("#") else "left")
    return made


def show(made: "Table") -> None:
    """Print a table; where the terminal is too narrow for it, a line per cell, so that nothing is cut off."""
    from rich.console import Console

    # What stands in a cell comes from a workbook: it is shown, and never taken for rich's markup.
    console = Console(markup=False, emoji=False, highlight=False)
    title, made.title = made.title, None
    wide = console.measure(made, options=console.options.update(width=LONGEST_LINE)).maximum
    console.print(title, soft_wrap=True)
    if not console.is_terminal:
        console.width = max(console.width, wide)
    if wide <= console.width:
        console.print(made)
        return
    names = [str(column.header).replace("\n", " / ") for column in made.columns]
    for cells in zip(*(column.cells for column in made.columns), strict=True):
        for name, cell in zip(names, cells, strict=True):
            console.print(f"{name}: {cell}", soft_wrap=True)
        console.print()
