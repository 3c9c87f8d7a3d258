"""The commands, gathered. `main` is what `.venv/bin/timebank` calls."""

import typer

from timebank.cli import books, imports, jobs, proofs, setup

app = typer.Typer(
    name="timebank",
    help="时间银行：志愿服务时长与积分的复式账本。/ A volunteer time bank on a double-entry ledger.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for commands in (setup, imports, books, jobs, proofs):
    app.add_typer(commands.app)


def main() -> None:
    """Run the command line."""
    app()
