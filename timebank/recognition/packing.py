"""Making a pack: who is named is noted first, then all of it is read from one view, then it is set."""

import asyncio
from enum import StrEnum
from pathlib import Path
from uuid import UUID

from ledger.session import ReadTx
from timebank.database import Bank, Database
from timebank.recognition.pack import note_names, packed_round
from timebank.recognition.pack_sheet import read_pack_sheet, render_pack
from timebank.recognition.pack_workbook import write_pack_workbook
from timebank.vault.cipher import Cipher


class Form(StrEnum):
    """What a pack is made as."""

    XLSX = "xlsx"
    PDF = "pdf"


async def make_pack(
    database: Database,
    bank: Bank,
    cipher: Cipher,
    round_id: int,
    form: Form,
    path: Path,
    *,
    viewer_id: UUID | None,
) -> None:
    """Write the pack of an approved or published round; names in full only for a viewer, who is noted.

    Raises:
        RefusalError: `unknown_round`, `pack_too_early`, `pack_too_long`, `vault_key_wrong`.
    """
    if viewer_id is not None:
        await note_names(database, bank, round_id, viewer_id)
    in_full = viewer_id is not None

    async def written(tx: ReadTx) -> None:
        found = await packed_round(tx, round_id)
        await write_pack_workbook(tx, cipher, found, path, in_full=in_full)

    async def said(tx: ReadTx) -> dict[str, object]:
        return await read_pack_sheet(tx, cipher, await packed_round(tx, round_id), in_full=in_full)

    if form is Form.XLSX:
        await database.read(bank, written)
    else:
        told = await database.read(bank, said)
        content = await asyncio.to_thread(render_pack, told)
        await asyncio.to_thread(path.write_bytes, content)
