"""`seal`, `prove` and `verify`: the last needs no database and no bank, only the proof and the public key."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from timebank.cli.frame import (
    DEFAULT_BANK,
    REFUSED,
    VIOLATED,
    BankOption,
    JsonOption,
    Opened,
    fail,
    print_json,
    run,
)
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


@app.command()
def verify(
    proof: Annotated[Path, typer.Argument(help="证明文件 / the proof file")],
    *,
    key: Annotated[str, typer.Option(help="公钥或其文件 / the public key, or a file that holds it")],
    as_json: JsonOption = False,
) -> None:
    """离线核验证明，不需要数据库 / Check a proof offline; needs no database."""
    from ledger.proof.document import ProofError, verify_document
    from ledger.proof.leaf import to_json
    from ledger.proof.note import NoteError, VerifierKey

    try:
        text = proof.read_text(encoding="utf-8")
        place = Path(key)
        verifier = VerifierKey.parse((place.read_text(encoding="ascii") if "+" not in key else key).strip())
    except (OSError, UnicodeDecodeError):
        fail("file_unreadable", REFUSED)
        raise
    except NoteError as error:
        fail(error.code, REFUSED)
        raise
    try:
        verified = verify_document(text, verifier, origin=verifier.name)
    except ProofError as error:
        if as_json:
            print_json({"valid": False, "code": error.code})
            raise typer.Exit(VIOLATED) from None
        fail(error.code, VIOLATED)
        raise
    if as_json:
        print_json({"valid": True, "transaction": to_json(verified.transaction)})
        return
    transaction = verified.transaction
    typer.echo(
        both(
            "proof_valid", bank=transaction.bank, kind=transaction.kind, effective_at=transaction.effective_at
        )
    )
    for posting in transaction.postings:
        places = f"{posting.source.kind} → {posting.target.kind} {posting.target.owner}"
        typer.echo(f"  {posting.amount:,} {posting.unit}  {places}")
    typer.echo(f"  {transaction.metadata}")
