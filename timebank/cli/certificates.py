"""`certificates …`: issuing, listing and revoking certificates, the list of those revoked, and a ceremony's batch."""

import asyncio
import secrets
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from timebank.certificates.reasons import RevokeReason
from timebank.cli.frame import (
    ACTOR,
    DEFAULT_BANK,
    BankOption,
    JsonOption,
    Opened,
    print_json,
    run,
    show,
    table,
)
from timebank.words import both

if TYPE_CHECKING:
    from ledger.session import ReadTx, WriteTx
    from timebank.certificates.awarding import Awarded
    from timebank.certificates.issuing import Certified
    from timebank.certificates.queries import Issued
    from timebank.certificates.revocations import Revocations
    from timebank.certificates.storing import Link
    from timebank.vault.cipher import Cipher

app = typer.Typer()
certificates = typer.Typer(help="志愿服务记录证明 / certificates", no_args_is_help=True)
app.add_typer(certificates, name="certificates")

Volunteer = Annotated[str, typer.Argument(help="志愿者编号 / the volunteer's number")]
Output = Annotated[Path, typer.Option("--output", "-o", help="写入的文件 / the file to write")]
LIST_LIMIT = 1_000
NEWEST = 2**63 - 1


@certificates.command("issue")
def issue_one(
    volunteer: Volunteer,
    *,
    from_on: Annotated[datetime, typer.Option("--from", formats=["%Y-%m-%d"], help="第一天 / first day")],
    until_on: Annotated[datetime, typer.Option("--until", formats=["%Y-%m-%d"], help="最后一天 / last day")],
    output: Output,
    full_id_number: Annotated[
        bool, typer.Option(help="应持有人要求显示完整证件号 / if the holder asks")
    ] = False,
    bank: BankOption = DEFAULT_BANK,
    as_json: JsonOption = False,
) -> None:
    """为一名志愿者出具期间证明（PDF）/ Certify a volunteer's service of a period, as a PDF."""
    from timebank.certificates.issuing import Wish, certify
    from timebank.notifications.actions import tell
    from timebank.proof.actions import seal_settled, signing_key
    from timebank.volunteers.queries import owner_of

    async def work(opened: Opened) -> "Certified":
        now, home, cipher = datetime.now(UTC), opened.settings.home, _cipher(opened)
        await seal_settled(opened.database, opened.bank, home, now=now)
        key, link = signing_key(home, opened.bank), _new_link(opened)

        async def issue(tx: "WriteTx") -> "tuple[Certified, Issued, str]":
            person_id = await owner_of(tx, volunteer.upper())
            wish = Wish(person_id, from_on.date(), until_on.date(), full_id_number)
            _check_period(wish.from_on, wish.until_on)
            done = await certify(tx, cipher, wish, link=link, key=key, by=ACTOR, now=now)
            await tell(tx, [person_id], "certificate_issued", certificate=done.id)
            return done, *await _with_document(tx, cipher, done.number)

        done, _, document = await opened.database.write(opened.bank, issue)
        await asyncio.to_thread(_print, document, output)
        _say_if_without_link(opened)
        return done

    done = run(work, bank=bank)
    if as_json:
        print_json({**asdict(done), "path": str(output)})
        return
    typer.echo(both("certificate_written", number=done.number, path=output))
    if done.unsealed:
        typer.echo(both("certificate_left_out", count=done.unsealed), err=True)


@certificates.command("list")
def list_all(volunteer: Volunteer, *, bank: BankOption = DEFAULT_BANK, as_json: JsonOption = False) -> None:
    """列出一名志愿者的证明 / List a volunteer's certificates."""
    from timebank.certificates.document import hours
    from timebank.certificates.queries import certificates_of
    from timebank.volunteers.queries import owner_of

    async def work(opened: Opened) -> "list[Issued]":
        async def listed(tx: "ReadTx") -> "list[Issued]":
            person_id = await owner_of(tx, volunteer.upper())
            return await certificates_of(tx, person_id, before_id=NEWEST, limit=LIST_LIMIT)

        return await opened.database.read(opened.bank, listed)

    found = run(work, bank=bank)
    if as_json:
        print_json([{**asdict(one), "digest": one.digest.hex()} for one in found])
        return
    columns = ("number", "kind", "period", "#hours", "revoked")
    made = table(
        "certificates_title",
        *(
            f"#column_certificate_{name[1:]}" if name[0] == "#" else f"column_certificate_{name}"
            for name in columns
        ),
    )
    for one in found:
        revoked = one.revoked_at.date().isoformat() if one.revoked_at else "—"
        period = f"{one.from_on} — {one.until_on}"
        made.add_row(one.number, both(f"certificate_{one.kind}"), period, hours(one.minutes), revoked)
    show(made)


@certificates.command("revoke")
def revoke_one(
    number: Annotated[str, typer.Argument(help="证明编号 / the certificate's number")],
    *,
    reason: Annotated[RevokeReason, typer.Option(help="原因 / why")],
    bank: BankOption = DEFAULT_BANK,
    as_json: JsonOption = False,
) -> None:
    """撤销一份证明 / Revoke a certificate for good."""
    from timebank.certificates.numbers import read_number
    from timebank.certificates.queries import find_certificate
    from timebank.certificates.revoking import revoke_found
    from timebank.errors import RefusalError

    async def work(opened: Opened) -> "Issued":
        async def revoke(tx: "WriteTx") -> "Issued":
            found = await find_certificate(tx, read_number(number).text)
            if found is None:
                raise RefusalError("unknown_certificate")
            return await revoke_found(tx, found, reason=reason, by=ACTOR, now=datetime.now(UTC))

        return await opened.database.write(opened.bank, revoke)

    found = run(work, bank=bank)
    if as_json:
        print_json({"number": found.number, "revoked_at": found.revoked_at, "reason": found.revoke_reason})
    else:
        typer.echo(both("certificate_revoked_done", number=found.number))


@certificates.command("revocations")
def write_revocations(
    *, output: Output, bank: BankOption = DEFAULT_BANK, as_json: JsonOption = False
) -> None:
    """写出签名的撤销名单 / Write the signed list of revocations, for `verify --revocations`."""
    from timebank.certificates.queries import revocations
    from timebank.certificates.revocations import signed_list
    from timebank.proof.actions import signing_key

    async def work(opened: Opened) -> "tuple[Revocations, str]":
        now = datetime.now(UTC)
        found = await opened.database.read(opened.bank, lambda tx: revocations(tx, now=now))
        return found, signed_list(found, signing_key(opened.settings.home, opened.bank))

    found, note = run(work, bank=bank)
    output.write_text(note, encoding="utf-8")
    if as_json:
        print_json({"count": len(found.days), "as_of": found.as_of, "path": str(output)})
    else:
        typer.echo(both("revocations_written", count=len(found.days), path=output))


@certificates.command("batch")
def write_batch(
    round_id: Annotated[int, typer.Argument(help="嘉许批次编号 / the round's number")],
    *,
    output: Output,
    bank: BankOption = DEFAULT_BANK,
    as_json: JsonOption = False,
) -> None:
    """为已公布名单的全部人员出具证书并打包（ZIP）；中断后重复执行即可 / All certificates of a published round."""
    from timebank.certificates.awarding import Awarded, Edition, award
    from timebank.certificates.issuing import NOBODY
    from timebank.proof.actions import signing_key
    from timebank.recognition.queries import round_of

    async def work(opened: Opened) -> "tuple[Awarded, int]":
        now, cipher = datetime.now(UTC), _cipher(opened)
        key = signing_key(opened.settings.home, opened.bank)
        edition = Edition(NOBODY, key, lambda: _new_link(opened))
        issued = nameless = 0
        after: int | None = 0
        while after is not None:

            async def next_of(tx: "WriteTx", after: int = after) -> "Awarded":
                found = await round_of(tx, round_id)
                return await award(tx, cipher, found, edition, after=after, by=ACTOR, now=now)

            done = await opened.database.write(opened.bank, next_of)
            issued, nameless, after = issued + done.issued, nameless + done.nameless, done.next
        if issued:
            _say_if_without_link(opened)
        return Awarded(issued, nameless, None), await _write_zip(opened, cipher, round_id, output)

    done, count = run(work, bank=bank)
    if as_json:
        print_json({"issued": done.issued, "nameless": done.nameless, "count": count, "path": str(output)})
    else:
        typer.echo(
            both(
                "certificates_batch_done",
                issued=done.issued,
                nameless=done.nameless,
                count=count,
                path=output,
            )
        )


async def _write_zip(opened: Opened, cipher: "Cipher", round_id: int, output: Path) -> int:
    """Write the prints page by page into a file beside the wanted one, which it becomes when it is whole."""
    import zipfile

    from timebank.certificates.awarding import BATCH
    from timebank.certificates.ceremony import add_prints, documents_of_round

    count, after = 0, 0
    draft = output.with_name(f".{output.name}.part")
    with zipfile.ZipFile(draft, "w", zipfile.ZIP_STORED) as archive:
        while True:

            async def page_of(tx: "ReadTx", after: int = after) -> "list[tuple[Issued, str]]":
                return await documents_of_round(tx, cipher, round_id, after=after, limit=BATCH)

            found = await opened.database.read(opened.bank, page_of)
            if not found:
                break
            await asyncio.to_thread(add_prints, archive, found)
            count, after = count + len(found), found[-1][0].candidate_number or 0
    draft.replace(output)
    return count


async def _with_document(tx: "ReadTx", cipher: "Cipher", number: str) -> "tuple[Issued, str]":
    from timebank.certificates.queries import documents_of, find_certificate

    found = await find_certificate(tx, number)
    assert found is not None  # noqa: S101 -- it was issued in this transaction
    return found, (await documents_of(tx, cipher, [found]))[found.id]


def _print(document: str, output: Path) -> None:
    from timebank.certificates.opening import opened
    from timebank.certificates.printing import render_certificate

    output.write_bytes(render_certificate(opened(document), document))


def _new_link(opened: Opened) -> "Link":
    from timebank.certificates.numbers import RANDOM_BYTES, new_number
    from timebank.certificates.storing import link_to

    number = new_number(opened.bank.id, secrets.token_bytes(RANDOM_BYTES))
    return link_to(opened.settings.public_url, number)


def _say_if_without_link(opened: Opened) -> None:
    if opened.settings.public_url is None:
        typer.echo(both("certificate_without_link"), err=True)


def _check_period(first: date, last: date) -> None:
    from timebank.errors import RefusalError

    if last < first:
        raise RefusalError("period_reversed")


def _cipher(opened: Opened) -> "Cipher":
    from timebank.vault.cipher import load_cipher

    key = opened.settings.vault_key
    return load_cipher(key.get_secret_value() if key else None, opened.settings.home)
