"""`admin invite`: a new administrator for a bank, by who runs the server."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from timebank.cli.frame import ACTOR, DEFAULT_BANK, BankOption, JsonOption, Opened, print_json, run
from timebank.words import both

if TYPE_CHECKING:
    from timebank.banks.inviting import Invitation

app = typer.Typer()
admin = typer.Typer(help="管理人员 / administrators", no_args_is_help=True)
app.add_typer(admin, name="admin")


@admin.callback()
def _group() -> None:
    """Keep the group a group though it has one command."""


@admin.command()
def invite(*, bank: BankOption = DEFAULT_BANK, as_json: JsonOption = False) -> None:
    """新增一名全行管理人员，给出一次性登录链接 / A new administrator and a login link that is good once."""
    from timebank.banks.inviting import invite_administrator

    async def work(opened: Opened) -> "Invitation":
        return await opened.database.write(
            opened.bank,
            lambda tx: invite_administrator(
                tx, bank_name=opened.bank.name, now=datetime.now(UTC), actor=ACTOR
            ),
        )

    invited = run(work, bank=bank, make=True)
    if as_json:
        print_json(invited)
        return
    for line in invitation_lines(bank, invited):
        typer.echo(line)


def invitation_lines(bank: str, invited: "Invitation") -> list[str]:
    """Return what is shown once, to whoever runs the server."""
    until = f"{invited.expires_at:%Y-%m-%d %H:%M} UTC"
    return [both("administrator_invited", bank=bank, until=until), login_body(bank, invited.token)]


def login_body(bank: str, token: str) -> str:
    """Return the body of `POST /api/v1/login/links`."""
    return f'  {{"bank":"{bank}","token":"{token}"}}'
