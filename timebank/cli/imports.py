"""`import` and `totals`: a workbook in, the figures out."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from timebank.cli.frame import (
    ACTOR,
    DEFAULT_BANK,
    REFUSED,
    BankOption,
    JsonOption,
    Opened,
    explained,
    print_json,
    run,
    show,
    table,
)
from timebank.cli.tables import totals_table
from timebank.words import both

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from timebank.workbook.importing import Imported

app = typer.Typer()

WorkbookArgument = Annotated[Path, typer.Argument(help="工作簿 .xlsx / the workbook")]
ReportOption = Annotated[Path | None, typer.Option(help="逐行结果 .xlsx / every row's fate")]
DryRunOption = Annotated[bool, typer.Option(help="只试算，不入账 / book nothing")]


@app.command("import")
def import_(
    file: WorkbookArgument,
    *,
    report: ReportOption = None,
    dry_run: DryRunOption = False,
    bank: BankOption = DEFAULT_BANK,
    as_json: JsonOption = False,
) -> None:
    """导入工作簿并入账 / Import a district's workbook and book it."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from timebank.settings import Settings
    from timebank.vault.cipher import load_cipher
    from timebank.workbook.importing import import_workbook
    from timebank.workbook.readahead import ReadAhead
    from timebank.workbook.reader import WorkbookRefused
    from timebank.workbook.words import refusal_words

    async def work(opened: Opened) -> "Imported":
        key = opened.settings.vault_key
        cipher = load_cipher(key.get_secret_value() if key else None, opened.settings.home)
        return await import_workbook(
            opened.database,
            opened.bank,
            source,
            cipher=cipher,
            actor=ACTOR,
            report=report,
            dry_run=dry_run,
            progress=_Bars(bars),
        )

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    bars = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
    try:
        with explained(), bars, ReadAhead(file, ZoneInfo(Settings().zone)) as source:
            imported = run(work, bank=bank, make=True)
    except WorkbookRefused as refused:
        typer.echo(f"{' / '.join(refusal_words(refused))} [{refused.code}]", err=True)
        raise typer.Exit(REFUSED) from None
    if as_json:
        print_json(imported)
        return
    _show(imported)
    if report is not None:
        typer.echo(both("report_written", path=report))
    if dry_run:
        typer.echo(both("nothing_booked"))


class _Bars:
    """Shows the steps of an import as bars."""

    def __init__(self, bars: "Progress") -> None:
        self._bars = bars
        self._tasks: dict[str, TaskID] = {}

    def __call__(self, step: str, done: int, total: int) -> None:
        if step not in self._tasks:
            self._tasks[step] = self._bars.add_task(both(f"step_{step}"), total=total)
        self._bars.update(self._tasks[step], completed=done, total=total)


def _show(imported: "Imported") -> None:
    from timebank.workbook.words import FATES

    made = table("import_title", "column_sheet", "column_fate", "column_code", "#column_rows")
    for sheet, fates in imported.counts.items():
        for code, rows in sorted(fates.items()):
            meaning = FATES[code][0].replace("{0}", "…").replace("{1}", "…")
            made.add_row(sheet, meaning, code, f"{rows:,}")
    show(made)


@app.command()
def totals(*, bank: BankOption = DEFAULT_BANK, as_json: JsonOption = False) -> None:
    """全行汇总，由账本计算 / The figures of the bank, counted from the books."""
    from timebank.totals.queries import Totals
    from timebank.totals.queries import totals as count_totals

    async def work(opened: Opened) -> Totals:
        return await opened.database.read(opened.bank, count_totals)

    found = run(work, bank=bank)
    if as_json:
        print_json(found)
        return
    show(totals_table(found))
