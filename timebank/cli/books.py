"""Looking into the books: `volunteer`, `statement`, `trial-balance`, `audit`, `export`."""

import sys
from contextlib import nullcontext
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from timebank.cli.frame import (
    DEFAULT_BANK,
    OK,
    REFUSED,
    VIOLATED,
    BankOption,
    JsonOption,
    Opened,
    fail,
    local_time,
    print_json,
    run,
    show,
    table,
)
from timebank.cli.jobs import parse_day
from timebank.cli.tables import violations_table
from timebank.errors import RefusalError
from timebank.words import both, words
from timebank.workbook.cells import code as read_code

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from ledger.audit import Violation
    from ledger.balances import AccountBalance
    from ledger.session import ReadTx
    from ledger.statements import StatementPage
    from timebank.volunteers.queries import Standing

app = typer.Typer()

CodeArgument = Annotated[str, typer.Argument(help="志愿者编号 / the volunteer's code")]
CursorOption = Annotated[str | None, typer.Option(help="上一页给出的游标 / where the last page ended")]
AsOfOption = Annotated[
    str | None, typer.Option("--as-of", help="截至该日（含）生效 / effective up to that day")
]


class Format(StrEnum):
    """What the books can be exported to."""

    HLEDGER = "hledger"
    BEANCOUNT = "beancount"
    CSV = "csv"


@app.command()
def volunteer(code: CodeArgument, *, bank: BankOption = DEFAULT_BANK, as_json: JsonOption = False) -> None:
    """志愿者的时长、积分批次、星级与近期变动 / Hours, lots, star and last movements."""
    from timebank.volunteers.queries import standing

    async def work(opened: Opened) -> "tuple[Standing, ZoneInfo]":
        async def read(tx: "ReadTx") -> "Standing":
            return await standing(tx, read_code(code), today=tx.day(datetime.now(UTC)))

        return await opened.database.read(opened.bank, read), opened.bank.zone

    found, zone = run(work, bank=bank)
    if as_json:
        print_json(found)
        return
    stars = "★" * found.star + "☆" * (5 - found.star)
    typer.echo(
        f"{found.code}  {found.organisation or ''} {found.team or ''}  {stars}  "
        f"{both('hours_and_points', hours=f'{found.minutes / 60:g}', points=f'{found.points:,}')}"
    )
    if found.next_star:
        way = found.next_star
        typer.echo(both("next_star", star=way.star, hours=f"{way.missing_minutes / 60:g}"))
    lots = table("lots_title", "column_expires_on", "#column_points")
    for lot in found.lots:
        lots.add_row(str(lot.expires_on or "—"), f"{lot.balance:,}")
    show(lots)
    moved = table(
        "movements_title",
        "column_effective_at",
        "column_kind",
        "column_unit",
        "#column_amount",
        "#column_balance",
    )
    for each in found.movements:
        line = each.line
        moved.add_row(
            local_time(line.effective_at, zone),
            words(f"kind_{line.kind}")[0],
            words(f"unit_{each.unit}")[0],
            f"{line.amount:+,}",
            f"{line.balance:,}",
        )
    show(moved)
    records = table(
        "records_title",
        "#column_record",
        "column_activity",
        "column_on",
        "#column_minutes",
        "#column_points",
        "column_fate",
    )
    for record in found.records:
        records.add_row(
            str(record.id),
            f"{record.activity} {record.name}",
            f"{record.starts_at.astimezone(zone):%Y-%m-%d}",
            f"{record.minutes:,}",
            f"{record.points:,}",
            words(f"record_{record.outcome}")[0],
        )
    show(records)


@app.command()
def statement(
    code: CodeArgument,
    *,
    unit: Annotated[str, typer.Option(help="单位 minute|point / the unit")] = "point",
    cursor: CursorOption = None,
    limit: Annotated[int, typer.Option(min=1, max=200, help="行数 / lines")] = 20,
    bank: BankOption = DEFAULT_BANK,
    as_json: JsonOption = False,
) -> None:
    """对账单，最新在前，带余额 / Movements, newest first, with the balance after each."""
    from ledger.accounts import load_units
    from ledger.statements import wallet_statement
    from timebank.volunteers.queries import owner_of

    async def work(opened: Opened) -> "tuple[StatementPage, ZoneInfo]":
        async def read(tx: "ReadTx") -> "StatementPage":
            owner = await owner_of(tx, read_code(code))
            await load_units(tx, [unit])
            if unit not in tx.catalogue.units:
                raise RefusalError("unknown_unit", unit=unit)
            return await wallet_statement(tx, owner, unit, cursor=cursor, limit=limit)

        return await opened.database.read(opened.bank, read), opened.bank.zone

    try:
        page, zone = run(work, bank=bank)
    except ValueError:
        fail("cursor_invalid", REFUSED)
        raise
    if as_json:
        print_json(page)
        return
    made = table(
        "statement_title",
        "#column_transaction",
        "column_effective_at",
        "column_kind",
        "#column_amount",
        "#column_balance",
        "column_expires_on",
    )
    for line in page.lines:
        made.add_row(
            str(line.transaction_id),
            local_time(line.effective_at, zone),
            words(f"kind_{line.kind}")[0],
            f"{line.amount:+,}",
            f"{line.balance:,}" if line.balance is not None else "",
            str(line.expires_on or "—"),
        )
    show(made)
    if page.next:
        typer.echo(f"--cursor {page.next}")


@app.command("trial-balance")
def trial_balance(
    *,
    as_of: AsOfOption = None,
    accounts: Annotated[bool, typer.Option(help="逐个账户 / account by account")] = False,
    bank: BankOption = DEFAULT_BANK,
    as_json: JsonOption = False,
) -> None:
    """试算平衡表 / Trial balance by unit and kind of account; each unit adds up to 0."""
    from ledger.balances import account_balances

    day = parse_day(as_of) if as_of else None

    async def work(opened: Opened) -> "list[AccountBalance]":
        async def read(tx: "ReadTx") -> "list[AccountBalance]":
            return await account_balances(tx, before=tx.end_of(day) if day else None)

        return await opened.database.read(opened.bank, read)

    found = run(work, bank=bank)
    if accounts and as_json:
        print_json(found)
        return
    sums: dict[str, dict[str, int]] = {}
    for account in found:
        key = account.kind
        if accounts:
            key = f"{account.kind} {account.owner} {account.expires_on or ''}".rstrip()
        kinds = sums.setdefault(account.unit, {})
        kinds[key] = kinds.get(key, 0) + account.balance
    if as_json:
        print_json(sums)
        return
    made = table("trial_balance_title", "column_unit", "column_account", "#column_balance")
    for unit, kinds in sums.items():
        for kind, amount in kinds.items():
            made.add_row(unit, kind, f"{amount:,}")
        made.add_row(unit, "Σ", f"{sum(kinds.values()):,}", end_section=True)
    show(made)


@app.command()
def export(
    format_: Annotated[Format, typer.Argument(metavar="FORMAT", help="hledger|beancount|csv")],
    *,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="文件，缺省为标准输出 / file")] = None,
    bank: BankOption = DEFAULT_BANK,
) -> None:
    """导出账本 / Export the journal to hledger, Beancount or CSV."""
    from ledger.export.beancount import write_beancount
    from ledger.export.hledger import write_hledger
    from ledger.export.table import write_table

    write = {Format.HLEDGER: write_hledger, Format.BEANCOUNT: write_beancount, Format.CSV: write_table}[
        format_
    ]

    async def work(opened: Opened) -> int:
        place = output.open("w", encoding="utf-8", newline="") if output else nullcontext(sys.stdout)
        with place as out:
            return await opened.database.read(opened.bank, lambda tx: write(tx, out))

    count = run(work, bank=bank)
    typer.echo(both("exported", count=count), err=True)


@app.command()
def audit(*, bank: BankOption = DEFAULT_BANK, as_json: JsonOption = False) -> None:
    """核对账本的十条不变式 / Re-derive the books and list every violation of the ten invariants."""
    from timebank.proof.actions import audit_bank

    async def work(opened: Opened) -> "list[Violation]":
        return await audit_bank(opened.database, opened.bank, opened.settings.home)

    violations = run(work, bank=bank)
    if as_json:
        print_json(violations)
    elif not violations:
        typer.echo(both("audit_clean"))
    else:
        show(violations_table(violations))
    raise typer.Exit(VIOLATED if violations else OK)
