"""`recognition pack`: the annual pack of an approved or published list, as a workbook and a PDF."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from timebank.cli.frame import DEFAULT_BANK, BankOption, Opened, run
from timebank.words import both

if TYPE_CHECKING:
    from timebank.recognition.packing import Form

DirectoryOption = Annotated[
    Path, typer.Option("--output", "-o", file_okay=False, help="写入的目录 / the folder to write to")
]
ForOption = Annotated[
    UUID | None,
    typer.Option(
        "--for",
        metavar="PERSON",
        help="为谁取得姓名，登记在案；缺省脱敏 / who is to see names, noted; masked without",
    ),
]


def pack(
    round_id: Annotated[
        int, typer.Argument(metavar="ROUND", min=1, max=2**63 - 1, help="轮次号 / its number")
    ],
    *,
    output: DirectoryOption,
    for_: ForOption = None,
    bank: BankOption = DEFAULT_BANK,
) -> None:
    """生成年度材料（Excel 与 PDF）/ Make the annual pack: a workbook and a PDF to be sealed."""
    from timebank.people.queries import person
    from timebank.recognition.packing import Form, make_pack
    from timebank.vault.cipher import load_cipher

    async def work(opened: Opened) -> list[Path]:
        settings = opened.settings
        key = settings.vault_key
        cipher = load_cipher(key.get_secret_value() if key else None, settings.home)
        if for_ is not None:
            await opened.database.read(opened.bank, lambda tx: person(tx, for_))

        async def made(form: "Form") -> Path:
            path = output / f"recognition-{round_id}.{form}"
            await make_pack(opened.database, opened.bank, cipher, round_id, form, path, viewer_id=for_)
            return path

        output.mkdir(parents=True, exist_ok=True)
        return [await made(form) for form in Form]

    for path in run(work, bank=bank):
        typer.echo(both("pack_made", path=path))
