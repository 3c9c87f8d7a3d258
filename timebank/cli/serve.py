"""`serve`: the HTTP service in several processes, and beside it those that work at tasks, messages and jobs."""

import asyncio
import shutil
import signal
import socket
import sys
from collections.abc import Callable, Collection
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from timebank.cli.frame import ACTOR, DEFAULT_BANK, OUTAGE, REFUSED, explained, fail
from timebank.words import both

if TYPE_CHECKING:
    from timebank.database import Address, Bank, Database
    from timebank.demo.shown import Shown
    from timebank.settings import Settings

app = typer.Typer()

HOST, PORT, WORKERS = "127.0.0.1", 8000, 2
BACKLOG = 2_048

HostOption = Annotated[str, typer.Option(help="监听地址 / address to listen at")]
PortOption = Annotated[int, typer.Option(min=0, max=65_535, help="端口，0 为任选 / port, 0 for any")]
WorkersOption = Annotated[int, typer.Option(min=1, max=64, help="进程数 / processes that serve")]
MessagesOption = Annotated[
    bool, typer.Option("--messages/--no-messages", help="同时发送消息 / send messages too")
]
TasksOption = Annotated[bool, typer.Option("--tasks/--no-tasks", help="同时处理导入导出 / work at tasks too")]
JobsOption = Annotated[bool, typer.Option("--jobs/--no-jobs", help="同时执行定时任务 / run the jobs too")]

BESIDE = {"tasks": ("tasks", "work"), "messages": ("messages", "work"), "jobs": ("jobs", "serve")}
"""Programs beside those that serve, each a command of ours that goes on until it is stopped."""


@app.command()
def serve(
    *,
    host: HostOption = HOST,
    port: PortOption = PORT,
    workers: WorkersOption = WORKERS,
    tasks: TasksOption = True,
    messages: MessagesOption = True,
    jobs: JobsOption = True,
) -> None:
    """提供 HTTP 服务，直至中止 / Serve the API until stopped (Ctrl-C or SIGTERM)."""
    wanted = {"tasks": tasks, "messages": messages, "jobs": jobs}
    run_service(host, port, workers=workers, beside=[name for name in BESIDE if wanted[name]])


def run_service(
    host: str,
    port: int,
    *,
    workers: int,
    beside: Collection[str] = tuple(BESIDE),
    demo: "Shown | None" = None,
) -> None:
    """Serve until asked to stop: the database is up before the first process starts and after the last has ended.

    `demo` is what the start page of the demo bank offers; without it, nothing.
    """
    from timebank.demo.shown import VARIABLE
    from timebank.logs import configure_logs
    from timebank.settings import Settings
    from timebank.supervisor import LISTEN_FD, Program, Supervisor

    configure_logs()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # before there is anything to end gracefully
    with explained(), ExitStack() as stack:
        settings = Settings()
        server, address = _database(settings, stack)
        for line in asyncio.run(_welcome(settings, address)):
            typer.echo(line)
        listening = stack.enter_context(_listen(host, port))
        metrics = _empty_folder(settings.home / "metrics" / str(listening.getsockname()[1]))
        stack.callback(shutil.rmtree, metrics, ignore_errors=True)
        descriptor = listening.fileno()
        environment = {LISTEN_FD: str(descriptor), "PROMETHEUS_MULTIPROC_DIR": str(metrics)}
        # An empty one is none: what the shell of whoever serves has set must not open a door.
        environment[VARIABLE] = demo.text() if demo else ""
        command = [sys.executable, "-m", "api.serving"]
        programs = [
            Program(f"web-{number}", command, environment, (descriptor,)) for number in range(1, workers + 1)
        ]
        programs += [
            Program(name, [sys.executable, "-m", "timebank.cli", *BESIDE[name]], {}) for name in beside
        ]

        def on_death(pid: int) -> None:
            # What it counted stays counted; what it was doing is no longer being done.
            for path in metrics.glob(f"gauge_live*_{pid}.db"):
                path.unlink(missing_ok=True)

        def announce() -> None:
            typer.echo(both("serving", url=url_of(listening)))
            sys.stdout.flush()

        if not Supervisor(programs, on_death=on_death, on_tick=server).run(announce):
            fail("workers_keep_dying", OUTAGE)
    typer.echo(both("stopped"))


def url_of(listening: socket.socket) -> str:
    """Return the address that people type."""
    host, port = listening.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _database(settings: "Settings", stack: ExitStack) -> "tuple[Callable[[], None], Address]":
    """Return what keeps the embedded server up, and where the database is."""
    from timebank.startup import DATABASE, server_address

    if settings.database_url is not None:
        return lambda: None, stack.enter_context(server_address(settings))
    from timebank.database import Address
    from timebank.postgres import EmbeddedServer, EmbeddedServerError

    server = stack.enter_context(EmbeddedServer(settings.home))

    def keep_up() -> None:
        # It says so in its own log; the next tick tries again.
        with suppress(EmbeddedServerError, OSError):
            server.ensure_running()

    return keep_up, Address(
        host=str(server.socket_dir), port=server.port, database=DATABASE, user=server.superuser
    )


async def _welcome(settings: "Settings", address: "Address") -> list[str]:
    """Make a first bank if there is none, and invite an administrator to each bank that has none."""
    from timebank.banks.actions import ensure_bank
    from timebank.startup import open_database

    lines: list[str] = []
    async with open_database(address) as database:
        codes = [row["code"] for row in await database.pool.fetch("select code from banks order by id")]
        if not codes:
            await ensure_bank(database, DEFAULT_BANK, name=DEFAULT_BANK, zone=settings.zone, actor=ACTOR)
            codes = [DEFAULT_BANK]
        for code in codes:
            lines += await _invite(database, await database.bank(code))
    return lines


async def _invite(database: "Database", bank: "Bank") -> list[str]:
    from timebank.banks.inviting import has_administrator, invite_administrator
    from timebank.cli.admin import invitation_lines

    now = datetime.now(UTC)
    if await database.read(bank, lambda tx: has_administrator(tx, now=now)):
        return []
    invited = await database.write(
        bank, lambda tx: invite_administrator(tx, bank_name=bank.name, now=now, actor=ACTOR)
    )
    return invitation_lines(bank.code, invited)


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, kind, _, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(place)
            listening.listen(BACKLOG)
        except OSError:
            listening.close()
            raise
    except OSError:
        fail("port_taken", REFUSED, host=host, port=port)
        raise
    return listening


def _empty_folder(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    return folder
