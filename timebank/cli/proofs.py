"""`seal` and `prove`: closing the books and handing out what `verify` checks."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from timebank.cli.frame import DEFAULT_BANK, BankOption, JsonOption, Opened, print_json, run
from timebank.words import both

if TYPE_CHECKING:
    from ledger.proof.document import ProofDocument
    from timebank.proof.actions import SealedBank

app = typer.Typer()


@app.command()
def seal(*, bank: BankOption = DEFAULT_BANK, as_json: JsonOption = False) -> None:
    """封存新交易并签出检查点 / Seal new transactions and sign a checkpoint."""
    from timebank.proof.actions import anchors_folder, seal_bank

    async def work(opened: Opened) -> "tuple[SealedBank, Path]":
        sealed = await seal_bank(opened.database, opened.bank, opened.settings.home, now=datetime.now(UTC))
        return sealed, anchors_folder(opened.settings.home)

    done, folder = run(work, bank=bank)
    if as_json:
        print_json({**asdict(done), "anchors": str(folder)})
        return
    typer.echo(both("sealed", count=done.transactions, size=done.tree_size))
    typer.echo(both("public_key", key=done.verifier))
    typer.echo(both("anchors_at", folder=folder))


@app.command()
def prove(
    record: Annotated[str, typer.Argument(help="记录号或 活动/志愿者 / record number or ACTIVITY/VOLUNTEER")],
    *,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="证明文件 / the proof file")] = None,
    bank: BankOption = DEFAULT_BANK,
) -> None:
    """出具一条服务记录的包含证明 / Prove that a record's credit is in the sealed books."""
    from timebank.proof.actions import prove_record

    async def work(opened: Opened) -> "ProofDocument":
        return await prove_record(opened.database, opened.bank, record)

    text = run(work, bank=bank).to_json()
    if output is None:
        typer.echo(text)
    else:
        output.write_text(text + "\n", encoding="utf-8")
        typer.echo(both("proof_written", path=output), err=True)
