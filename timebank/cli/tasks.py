"""`tasks work`: doing the imports and exports that were asked for over HTTP."""

import asyncio
import gc
import signal
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from timebank.cli.frame import run_on_database
from timebank.words import both

if TYPE_CHECKING:
    from timebank.database import Database
    from timebank.settings import Settings

app = typer.Typer()
tasks = typer.Typer(help="导入导出任务 / imports and exports", no_args_is_help=True)
app.add_typer(tasks, name="tasks")


@tasks.callback()
def _group() -> None:
    """Keep the group a group though it has one command."""


@tasks.command()
def work(
    *,
    bank: Annotated[str | None, typer.Option("--bank", help="银行代码，缺省为全部 / one bank only")] = None,
    until_empty: Annotated[bool, typer.Option(help="做完即止 / end when none is left")] = False,
) -> None:
    """处理等待中的任务，直至中止 / Work at tasks until stopped; `serve` has one such beside it."""
    from timebank.logs import configure_logs
    from timebank.supervisor import end_with_parent

    configure_logs()
    end_with_parent()

    async def worked(settings: "Settings", database: "Database") -> int | None:
        from timebank.tasks.worker import Worker
        from timebank.vault.cipher import load_cipher

        gc.enable()  # unlike other commands, this one goes on
        key = settings.vault_key
        cipher = load_cipher(key.get_secret_value() if key else None, settings.home)
        worker = Worker(database, cipher, settings.home / "tasks", lambda: datetime.now(UTC))
        working = asyncio.create_task(worker.work([bank] if bank else None, until_empty=until_empty))
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, working.cancel)
        with suppress(asyncio.CancelledError):
            return await working
        return None

    done = run_on_database(worked)
    if done is not None:
        typer.echo(both("tasks_done", count=done))
