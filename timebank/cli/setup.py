"""`migrate` and `demo`: making the schema, and a small invented community to look at."""

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from timebank.cli.frame import (
    OK,
    VIOLATED,
    BankOption,
    JsonOption,
    Opened,
    explained,
    print_json,
    run,
    show,
)
from timebank.cli.serve import HOST, PORT, WORKERS, HostOption, PortOption, run_service
from timebank.cli.tables import totals_table, violations_table
from timebank.words import both, words

if TYPE_CHECKING:
    from timebank.demo.actions import Demo

BANK = "demo"

app = typer.Typer()


@app.command()
def migrate(*, as_json: JsonOption = False) -> None:
    """建立或升级数据库结构 / Make the schema or bring it up to this version."""
    from timebank.settings import Settings
    from timebank.startup import migrate_address, server_address

    with explained(), server_address(Settings()) as address:
        applied = asyncio.run(migrate_address(address))
    if as_json:
        print_json({"applied": applied})
    else:
        typer.echo(both("migrated", versions=", ".join(applied)) if applied else both("migrated_already"))


@app.command()
def demo(
    *,
    bank: BankOption = BANK,
    serve: Annotated[bool, typer.Option(help="随后提供 HTTP 服务 / then serve the API")] = False,
    host: HostOption = HOST,
    port: PortOption = PORT,
    as_json: JsonOption = False,
) -> None:
    """记入一个虚构的小社区，供初次了解 / Book a small invented community to look at."""
    from timebank.settings import Settings
    from timebank.startup import server_address

    with explained(), server_address(settings := Settings()):  # up until the service is, too
        site = (settings.public_url or f"http://{host}:{port}").rstrip("/")
        # At a port that is chosen later, nobody knows the address yet.
        done = _book(bank, site if settings.public_url or port else None)
        if as_json:
            print_json(done)
            return
        _show(done, bank)
        typer.echo(both("demo_logins"))
        for login in done.logins:
            typer.echo(f"  {login.role:18} {site}/L/{bank}/{login.token}")
        typer.echo(both("demo_screen"))
        typer.echo(f"  {site}/stations/{done.station}/screen?session={done.session}")
        typer.echo(both("demo_till"))
        typer.echo(f"  {site}/till  {done.till}")
        if serve:
            typer.echo(both("demo_open"))
            typer.echo(f"  {site}/?bank={bank}")
            run_service(host, port, workers=WORKERS, demo=done.shown)
    raise typer.Exit(VIOLATED if done.violations else OK)


def _book(bank: str, site: str | None) -> "Demo":
    from timebank.demo.actions import book_demo
    from timebank.vault.cipher import load_cipher

    async def work(opened: Opened) -> "Demo":
        key = opened.settings.vault_key
        return await book_demo(
            opened.database,
            opened.bank,
            opened.settings.home,
            cipher=load_cipher(key.get_secret_value() if key else None, opened.settings.home),
            now=datetime.now(UTC),
            progress=lambda *_: None,
            site=site,
        )

    return run(work, bank=bank, make=True, name=words("demo_bank")[0])


def _show(done: "Demo", bank: str) -> None:
    from timebank.settings import Settings

    typer.echo(both("demo_intro"))
    show(totals_table(done.totals))
    if done.violations:
        show(violations_table(done.violations))
    else:
        typer.echo(both("audit_clean"))
    typer.echo(both("sealed", count=done.sealed.transactions, size=done.sealed.tree_size))
    typer.echo(both("public_key", key=done.sealed.verifier))
    typer.echo(both("demo_home", home=Settings().home))
    typer.echo(both("demo_next"))
    for command in (
        f"volunteer {done.busiest}",
        f"statement {done.busiest} --unit minute",
        "trial-balance",
        "export hledger -o demo.journal",
        f"prove {done.record} -o proof.json",
    ):
        typer.echo(f"  .venv/bin/timebank {command} --bank {bank}")
    typer.echo(f"  .venv/bin/timebank verify proof.json --key '{done.sealed.verifier}'")
