"""`messages send|work`: sending what waits in the outbox, once or for ever."""

import asyncio
import gc
import signal
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from timebank.cli.frame import JsonOption, print_json, run_on_database
from timebank.words import both

if TYPE_CHECKING:
    from timebank.database import Database
    from timebank.messages.sending import Outbox
    from timebank.settings import Settings

T = TypeVar("T")

app = typer.Typer()
messages = typer.Typer(help="发送消息 / messages by mail, webhook, SMS and WeChat", no_args_is_help=True)
app.add_typer(messages, name="messages")

STATES = ("sent", "waiting", "dropped", "failed")

BanksOption = Annotated[str | None, typer.Option("--bank", help="银行代码，缺省为全部 / one bank only")]


@messages.command()
def send(*, bank: BanksOption = None, as_json: JsonOption = False) -> None:
    """发送现在到期的消息 / Send once what is due now, and say what became of it."""
    from timebank.messages.loop import send_all

    done = _with_outbox(lambda outbox: send_all(outbox, [bank] if bank else None))
    counts = {state: done[state] for state in STATES}
    if as_json:
        print_json(counts)
    else:
        typer.echo(both("messages_sent", **counts))


@messages.command()
def work(*, bank: BanksOption = None) -> None:
    """持续发送，直至中止 / Send whatever becomes due until stopped; `serve` has one such beside it."""
    from timebank.logs import configure_logs
    from timebank.messages.loop import send_forever
    from timebank.supervisor import end_with_parent

    configure_logs()
    end_with_parent()

    async def working(outbox: "Outbox") -> None:
        gc.enable()  # unlike other commands, this one goes on
        stop = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        await send_forever(outbox, [bank] if bank else None, stop=stop)

    _with_outbox(working)


def _with_outbox(work: "Callable[[Outbox], Awaitable[T]]") -> T:
    async def opened(settings: "Settings", database: "Database") -> T:
        from timebank.messages.offered import open_channels
        from timebank.messages.sending import Outbox
        from timebank.vault.cipher import load_cipher

        key = settings.vault_key
        cipher = load_cipher(key.get_secret_value() if key else None, settings.home)
        return await work(Outbox(database, cipher, open_channels(settings), lambda: datetime.now(UTC)))

    return run_on_database(opened)
