"""`recognition`: freezing and computing a list, its basis for others, and computing it again without a database."""

from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from timebank.cli.frame import (
    DEFAULT_BANK,
    REFUSED,
    BankOption,
    JsonOption,
    Opened,
    fail,
    print_json,
    run,
    show,
    table,
)
from timebank.cli.packs import pack
from timebank.words import both

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from typing import TypeVar

    from ledger.session import ReadTx, WriteTx
    from timebank.recognition.difference import Difference
    from timebank.recognition.document import Read
    from timebank.recognition.queries import Round

    T = TypeVar("T")

app = typer.Typer()
recognition = typer.Typer(help="嘉许名单 / lists of recognition", no_args_is_help=True)
app.add_typer(recognition, name="recognition")
recognition.command()(pack)

PAGE = 500
LONGEST_TITLE = 100

RoundArgument = Annotated[
    int, typer.Argument(metavar="ROUND", min=1, max=2**63 - 1, help="轮次号 / its number")
]
OutputOption = Annotated[Path | None, typer.Option("--output", "-o", help="写入的文件 / the file to write")]


@recognition.command("open")
def open_(
    year: Annotated[int, typer.Argument(min=1900, max=2999, help="年度 / the year")],
    *,
    scheme: Annotated[str, typer.Option("--scheme", help="政策中的名单代码 / code in the policy")] = "annual",
    organisation: Annotated[
        int | None, typer.Option("--organisation", help="组织编号，缺省为全行 / its id; the whole bank")
    ] = None,
    title: Annotated[str | None, typer.Option("--title", help="名称 / what it is called")] = None,
    bank: BankOption = DEFAULT_BANK,
    as_json: JsonOption = False,
) -> None:
    """封存账本，截止并计算一年的名单 / Seal the books, freeze a year's list there and compute it."""
    from timebank.recognition.computing import compute_round
    from timebank.recognition.opening import Wanted, open_by_command, seal_for_round, top_of

    named = (title or f"{year}").strip()[:LONGEST_TITLE]

    async def work(opened: Opened) -> "Round":
        now = datetime.now(UTC)
        top: int = await opened.database.read(opened.bank, top_of)
        wanted = Wanted(organisation or top, scheme, date(year, 1, 1), date(year, 12, 31), named)
        await seal_for_round(opened.database, opened.bank, opened.settings.home, now=now)

        async def write(step: "Callable[[WriteTx], Awaitable[T]]") -> "T":
            return await opened.database.write(opened.bank, step)

        round_id = await write(lambda tx: open_by_command(tx, wanted, now=now))
        return await compute_round(write, round_id)

    _say([run(work, bank=bank)], as_json=as_json)


@recognition.command("list")
def list_(*, bank: BankOption = DEFAULT_BANK, as_json: JsonOption = False) -> None:
    """列出各轮名单 / List the rounds, the newest first."""
    from timebank.recognition.queries import rounds

    async def work(opened: Opened) -> "list[Round]":
        return await opened.database.read(opened.bank, lambda tx: rounds(tx, before_id=2**63 - 1, limit=PAGE))

    _say(run(work, bank=bank), as_json=as_json)


@recognition.command()
def basis(round_id: RoundArgument, *, output: OutputOption = None, bank: BankOption = DEFAULT_BANK) -> None:
    """导出一轮名单的依据 / Export all that a list follows from."""
    from timebank.recognition.basis import basis_stream

    _written(round_id, basis_stream, output, bank)


@recognition.command()
def document(
    round_id: RoundArgument, *, output: OutputOption = None, bank: BankOption = DEFAULT_BANK
) -> None:
    """导出候选名单文件 / Export the candidates document, whose SHA-256 is the digest."""
    from timebank.recognition.document import document_stream

    _written(round_id, document_stream, output, bank)


@recognition.command()
def recompute(
    file: Annotated[
        Path,
        typer.Argument(metavar="BASIS", exists=True, dir_okay=False, help="依据文件 / the exported basis"),
    ],
    *,
    output: OutputOption = None,
) -> None:
    """不用数据库，由依据文件重新计算名单 / Compute a list again from its basis: no database, another program."""
    import hashlib

    from timebank.recognition.recompute import BasisError
    from timebank.recognition.recompute import recompute as computed

    digest = hashlib.sha256()
    try:
        chunks = computed(lambda: file.open("rb"))
        if output is None:
            for chunk in chunks:
                digest.update(chunk)
        else:
            with output.open("wb") as made:
                for chunk in chunks:
                    digest.update(chunk)
                    made.write(chunk)
    except BasisError as error:
        fail("basis_invalid", REFUSED, line=error.line)
    typer.echo(digest.hexdigest())


@recognition.command()
def difference(
    round_id: RoundArgument, *, bank: BankOption = DEFAULT_BANK, as_json: JsonOption = False
) -> None:
    """列出现在的账本与名单的差异 / List where the books of now differ from a frozen list."""
    from timebank.recognition.difference import differences
    from timebank.recognition.queries import round_of

    async def work(opened: Opened) -> "list[Difference]":
        async def all_of(tx: "ReadTx") -> "list[Difference]":
            found: list[Difference] = []
            round_ = await round_of(tx, round_id)
            while some := await differences(
                tx, round_, after=found[-1].subject if found else None, limit=PAGE
            ):
                found += some
            return found

        return await opened.database.read(opened.bank, all_of)

    found = run(work, bank=bank)
    if as_json:
        print_json(found)
        return
    if not found:
        typer.echo(both("recognition_no_difference"))
        return
    made = table(
        "recognition_differences",
        "column_difference",
        "#column_candidate",
        "column_subject",
        "#column_before",
        "#column_after",
    )
    for one in found:
        before, after = (f"{side.minutes} min · {side.points}" for side in (one.frozen, one.now))
        made.add_row(
            both(f"recognition.difference.{one.kind}"), str(one.number or ""), str(one.subject), before, after
        )
    show(made)


def _written(
    round_id: int,
    stream: "Callable[[Read, Round], AsyncIterator[bytes]]",
    output: Path | None,
    bank: str,
) -> None:
    from timebank.recognition.queries import round_of

    async def work(opened: Opened) -> None:
        async def read(some: "Callable[[ReadTx], Awaitable[T]]") -> "T":
            return await opened.database.read(opened.bank, some)

        found = await read(lambda tx: round_of(tx, round_id))
        if output is None:
            async for chunk in stream(read, found):
                typer.echo(chunk, nl=False)
            return
        with output.open("wb") as made:
            async for chunk in stream(read, found):
                made.write(chunk)

    run(work, bank=bank)


def _say(found: "list[Round]", *, as_json: bool) -> None:
    plain = [
        asdict(one)
        | {
            "criteria": one.criteria.model_dump(mode="json"),
            "digest": None if one.digest is None else one.digest.hex(),
        }
        for one in found
    ]
    if as_json:
        print_json(plain)
        return
    made = table(
        "recognition_rounds",
        "#column_round",
        "column_title",
        "column_period",
        "column_state",
        "#column_candidates",
        "column_digest",
    )
    for one in plain:
        made.add_row(
            str(one["id"]),
            str(one["title"]),
            f"{one['from_on']}/{one['until_on']}",
            both(f"page.round.state.{one['state']}"),
            str(one["candidates"] if one["candidates"] is not None else ""),
            str(one["digest"] or ""),
        )
    show(made)
