"""`verify`: a certificate, a proof or checkpoints, with nothing but public keys: no database, no bank, no network."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from timebank.cli.frame import REFUSED, VIOLATED, JsonOption, fail, print_json
from timebank.words import both

if TYPE_CHECKING:
    from ledger.proof.document import VerifiedProof
    from ledger.proof.note import VerifierKey
    from timebank.certificates.verifying import Verdict

app = typer.Typer()

PLACES = {
    "key": "公钥或其文件，可多次给出 / a public key, or a file that holds it; may be repeated",
    "revocations": "签名的撤销名单 / the signed list of revocations",
    "older": "旧检查点：核验两者连贯 / an older checkpoint: does the newer continue it",
    "consistency": "连贯性证明（JSON）/ the consistency proof (JSON)",
}


@app.command()
def verify(
    file: Annotated[
        Path,
        typer.Argument(help="证明（PDF 或签名文件）、包含证明或检查点 / certificate, proof or checkpoint"),
    ],
    *,
    key: Annotated[list[str], typer.Option(help=PLACES["key"])],
    revocations: Annotated[Path | None, typer.Option(help=PLACES["revocations"])] = None,
    older: Annotated[Path | None, typer.Option(help=PLACES["older"])] = None,
    consistency: Annotated[Path | None, typer.Option(help=PLACES["consistency"])] = None,
    as_json: JsonOption = False,
) -> None:
    """离线核验证明、记录或检查点，不需要数据库 / Verify a certificate, a proof or checkpoints offline."""
    from timebank.certificates.kinds import what_is

    try:
        content = file.read_bytes()
        keys = [_key(said) for said in key]
        known = None if revocations is None else revocations.read_text(encoding="utf-8")
        what = what_is(content)
        text = "" if what == "certificate" else content.decode()
    except (OSError, UnicodeDecodeError):
        fail("file_unreadable", REFUSED)
        raise
    if what == "certificate":
        _certificate(content, keys, known, as_json=as_json)
    elif what == "checkpoint" or older is not None:
        _explained(lambda: _checkpoints(text, keys, older, consistency, as_json=as_json), as_json=as_json)
    else:
        _explained(lambda: _proof(text, keys, as_json=as_json), as_json=as_json)


def _key(said: str) -> "VerifierKey":
    from ledger.proof.note import NoteError, VerifierKey

    try:
        return VerifierKey.parse(
            (Path(said).read_text(encoding="ascii") if "+" not in said else said).strip()
        )
    except NoteError as error:
        fail(error.code, REFUSED)
        raise


def _explained(work: Callable[[], None], *, as_json: bool) -> None:
    """Verify a proof or checkpoints; what is wrong is said with its code."""
    from ledger.proof.document import ProofError
    from ledger.proof.note import NoteError

    try:
        work()
    except (ProofError, NoteError) as error:
        if as_json:
            print_json({"valid": False, "code": error.code})
            raise typer.Exit(VIOLATED) from None
        fail(error.code, VIOLATED)
    except (OSError, UnicodeDecodeError):
        fail("file_unreadable", REFUSED)


def _proof(text: str, keys: "list[VerifierKey]", *, as_json: bool) -> None:
    from ledger.proof.document import ProofError, verify_document

    *others, last = keys
    for key in others:
        try:
            return _show_proof(verify_document(text, key, origin=key.name), as_json=as_json)
        except ProofError as error:
            if error.code != "unknown_key":
                raise
    return _show_proof(verify_document(text, last, origin=last.name), as_json=as_json)


def _show_proof(verified: "VerifiedProof", *, as_json: bool) -> None:
    from ledger.proof.leaf import to_json

    transaction = verified.transaction
    if as_json:
        print_json({"valid": True, "transaction": to_json(transaction)})
        return
    typer.echo(
        both(
            "proof_valid", bank=transaction.bank, kind=transaction.kind, effective_at=transaction.effective_at
        )
    )
    for posting in transaction.postings:
        places = f"{posting.source.kind} → {posting.target.kind} {posting.target.owner}"
        typer.echo(f"  {posting.amount:,} {posting.unit}  {places}")
    typer.echo(f"  {transaction.metadata}")


def _checkpoints(
    text: str, keys: "list[VerifierKey]", older: Path | None, consistency: Path | None, *, as_json: bool
) -> None:
    from ledger.proof.document import verify_checkpoints
    from ledger.proof.note import Checkpoint, NoteError, open_note

    head = Checkpoint.parse(open_note(_note(text), keys))
    key = next((key for key in keys if key.name == head.origin), None)
    if key is None:
        raise NoteError("unknown_key")
    if older is None:
        if as_json:
            print_json(
                {"valid": True, "origin": head.origin, "tree_size": head.size, "root": head.root.hex()}
            )
        else:
            typer.echo(both("verified_checkpoint", size=f"{head.size:,}"))
        return
    path = [] if consistency is None else _path(consistency)
    before, after = verify_checkpoints(_note(older.read_text(encoding="utf-8")), _note(text), path, key)
    if as_json:
        print_json({"valid": True, "origin": after.origin, "old_size": before.size, "tree_size": after.size})
    else:
        typer.echo(both("verified_consistent", old=f"{before.size:,}", new=f"{after.size:,}"))


def _note(text: str) -> str:
    """Return the note of a checkpoint: as it is, or in the JSON that the API answers with."""
    try:
        return str(json.loads(text)["note"])
    except (ValueError, KeyError, TypeError):
        return text


def _path(file: Path) -> list[bytes]:
    """Return the hashes of a consistency proof, as the API answers with."""
    from ledger.proof.document import ProofError
    from ledger.proof.note import decode_base64

    try:
        return [decode_base64(item) for item in json.loads(file.read_text(encoding="utf-8"))["path"]]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise ProofError("malformed_proof") from None


def _certificate(
    content: bytes, keys: "list[VerifierKey]", revocations: str | None, *, as_json: bool
) -> None:
    from timebank.certificates.verifying import verify as verified

    verdict = verified(content, keys, revocations=revocations)
    if as_json:
        print_json({"valid": verdict.is_valid, "code": verdict.code, **_facts(verdict)})
    else:
        typer.echo(f"{both(f'verified_{verdict.code}')} [{verdict.code}]", err=not verdict.is_valid)
        for line in _lines(verdict):
            typer.echo(line)
    if not verdict.is_valid:
        raise typer.Exit(VIOLATED)


def _facts(verdict: "Verdict") -> dict[str, object]:
    from timebank.certificates.encoding import text_of

    as_of = verdict.revocations_as_of
    found = verdict.certificate
    return {
        "certificate": None if found is None else json.loads(text_of(found).split("\n")[1]),
        "print_compared": verdict.is_print_compared,
        "revoked_on": verdict.revoked_on,
        "revocations_as_of": None if as_of is None else as_of.isoformat(),
    }


def _lines(verdict: "Verdict") -> list[str]:
    from timebank.certificates.document import hours

    found = verdict.certificate
    if found is None:
        return []
    holder, issuer, honour = found.holder, found.issuer, found.honour
    count = honour.records if honour else len(found.records)
    lines = [
        both("certificate_holder", name=holder.name, id_number=holder.id_number, volunteer=holder.volunteer),
        both(
            "certificate_period",
            first=found.from_on,
            last=found.until_on,
            whole=found.minutes // 60,
            rest=found.minutes % 60,
            count=count,
        ),
        both(
            "certificate_issuer",
            organisation=issuer.organisation,
            bank=issuer.bank_name,
            issued_on=found.issued_on,
            number=found.number,
        ),
    ]
    if honour:
        lines.append(both("certificate_honour", title=honour.title, level=honour.level_label))
    lines += [
        f"  {served.day}  {hours(served.minutes)}  {served.activity}  {served.place}"
        for served in found.records
    ]
    if verdict.is_print_compared:
        lines.append(both("print_compared"))
    as_of = verdict.revocations_as_of
    lines.append(both("revocations_as_of", as_of=as_of) if as_of else both("revocations_not_checked"))
    return lines
