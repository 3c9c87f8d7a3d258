"""`keys list`, `keys rotate` and `keys index`: the keys of the vault and of access tokens. No command shows a key."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

import typer

from timebank.cli.frame import (
    DEFAULT_BANK,
    OK,
    VIOLATED,
    BankOption,
    JsonOption,
    Opened,
    explained,
    print_json,
    run,
    run_on_database,
    show,
    table,
)
from timebank.words import both

if TYPE_CHECKING:
    from timebank.database import Database
    from timebank.settings import Settings
    from timebank.vault.cipher import Cipher
    from timebank.vault.rotation import Rotated, Swept

app = typer.Typer()
keys = typer.Typer(help="密钥 / keys", no_args_is_help=True)
app.add_typer(keys, name="keys")


class Kind(StrEnum):
    """Keys that can be changed for new ones."""

    VAULT = "vault"
    TOKENS = "tokens"


@keys.command("list")
def list_keys(*, as_json: JsonOption = False) -> None:
    """列出密钥编号、启用时间和所封存的条数 / Ids, ages, and how many values each seals; never a key."""
    from timebank.login.tokens import list_token_keys
    from timebank.vault.keys import list_key_files
    from timebank.vault.rotation import rows_by_key

    async def work(settings: "Settings", database: "Database") -> list[dict[str, object]]:
        cipher = _cipher(settings)
        rows = await rows_by_key(database)
        made = (
            {}
            if settings.vault_key
            else {file.key_id: file.made_at for file in list_key_files(settings.home)}
        )
        found: list[dict[str, object]] = [
            {"kind": Kind.VAULT, "id": id_, "made_at": made.get(id_), "rows": rows.pop(id_, 0)}
            for id_ in cipher.key_ids
        ]
        found += [
            {"kind": "missing", "id": id_, "made_at": None, "rows": count} for id_, count in rows.items()
        ]
        for token_key in list_token_keys(settings.home):
            found.append(
                {"kind": Kind.TOKENS, "id": token_key.kid, "made_at": token_key.made_at, "rows": None}
            )
        return found

    found = run_on_database(work)
    if as_json:
        print_json(found)
        return
    now = datetime.now(UTC)
    made = table("keys_title", "column_kind", "column_key", "#column_age_days", "#column_sealed_rows")
    for key in found:
        since, rows = key["made_at"], key["rows"]
        age = str((now - since).days) if isinstance(since, datetime) else "—"
        made.add_row(both(f"key_{key['kind']}"), str(key["id"]), age, "—" if rows is None else f"{rows:,}")
    show(made)


@keys.command("rotate")
def rotate_keys(kind: Kind, *, as_json: JsonOption = False) -> None:
    """换用新密钥；中断后重复执行即可继续 / Change to a new key; if cut off, the same command goes on."""
    if kind is Kind.TOKENS:
        _rotate_tokens(as_json=as_json)
        return
    from timebank.vault.rotation import rotate

    async def work(settings: "Settings", database: "Database") -> "Rotated":
        return await rotate(database, _cipher(settings), None if settings.vault_key else settings.home)

    done = run_on_database(work)
    if as_json:
        print_json(done)
    else:
        typer.echo(both("key_made", key=done.made) if done.made else both("key_not_made"))
        typer.echo(both("keys_resealed", count=done.sealed))
        for key in done.removed:
            typer.echo(both("key_removed", key=key))
        if done.unopened:
            typer.echo(both("keys_unopened", count=done.unopened), err=True)
    raise typer.Exit(VIOLATED if done.unopened else OK)


@keys.command("index")
def index(*, bank: BankOption = DEFAULT_BANK, as_json: JsonOption = False) -> None:
    """重建手机号与证件号的盲索引 / Make the blind indexes of phones and ID numbers anew."""
    from timebank.vault.rotation import index_fields

    async def work(opened: Opened) -> "Swept":
        return await index_fields(opened.database, opened.bank, _cipher(opened.settings))

    done = run(work, bank=bank)
    if as_json:
        print_json({"indexed": done.sealed, "unopened": done.unopened})
    else:
        typer.echo(both("keys_indexed", count=done.sealed))
        if done.unopened:
            typer.echo(both("keys_unopened", count=done.unopened), err=True)
    raise typer.Exit(VIOLATED if done.unopened else OK)


def _rotate_tokens(*, as_json: bool) -> None:
    from timebank.login.tokens import list_token_keys, rotate_token_keys
    from timebank.settings import Settings

    with explained():
        home = Settings().home
        rotate_token_keys(home)
        kid = list_token_keys(home)[0].kid
    if as_json:
        print_json({"made": kid})
    else:
        typer.echo(both("key_made", key=kid))
        typer.echo(both("key_tokens_next"))


def _cipher(settings: "Settings") -> "Cipher":
    from timebank.vault.cipher import load_cipher

    return load_cipher(settings.vault_key.get_secret_value() if settings.vault_key else None, settings.home)
