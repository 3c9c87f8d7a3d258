"""Imports: a workbook handed in; the booking is a task."""

import asyncio
import hashlib
from uuid import UUID, uuid4

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.responses import Response

from api.edge import Caller, CallerOf, IdempotencyKey
from api.problems import problems
from api.routers import resource
from api.v1.tasks import TaskOut, task_out
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check_whole_bank
from timebank.database import Bank
from timebank.errors import RefusalError
from timebank.tasks.actions import request_task
from timebank.tasks.imports import MAX_WORKBOOK_BYTES, XLSX
from timebank.tasks.queries import IMPORT, INPUT, SealedFile, find_task
from timebank.vault.cipher import Cipher

router = resource("/imports", tag="tasks")

_FLAGS = {"true": True, "1": True, "false": False, "0": False, "": False}
_FORM = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "additionalProperties": False,
                    "properties": {
                        "file": {
                            "type": "string",
                            "format": "binary",
                            "description": f"An .xlsx workbook, up to {MAX_WORKBOOK_BYTES // 2**20} MiB.",
                        },
                        "dry_run": {
                            "type": "boolean",
                            "default": False,
                            "description": "Find out what would become of every row, and book nothing.",
                        },
                    },
                }
            }
        },
    }
}


@router.post(
    "",
    operation_id="request_import",
    status_code=202,
    response_model=TaskOut,
    responses=problems(401, 403, 409, 413),
    openapi_extra=_FORM,
)
async def request_import(caller: CallerOf, key: IdempotencyKey, request: Request) -> Response:
    """Hand in a workbook to be registered and booked; follow the task, and fetch its report."""
    await caller.read(check_importing)  # before the file is read: a stranger's is not
    content, dry_run = await _read_form(request)
    return await hand_in(caller, key, content, dry_run=dry_run)


async def hand_in(caller: Caller, key: str, content: bytes, *, dry_run: bool) -> Response:
    """Seal a workbook and ask for its import, once for the key.

    Raises:
        RefusalError: `forbidden`, `idempotency_conflict`.
    """
    bank = await caller.bank()
    task_id = uuid4()
    cipher = caller.service.cipher
    file, digest = await asyncio.to_thread(lambda: (_seal(cipher, bank, task_id, content), _digest(content)))

    async def work(tx: WriteTx, actor: Actor) -> TaskOut:
        check_whole_bank(actor, "imports.write")
        await request_task(
            tx, actor, task_id, kind=IMPORT, params={"dry_run": dry_run}, file=file, now=caller.now
        )
        return task_out(await find_task(tx, actor, task_id, now=caller.now))

    asked = {"file": digest, "dry_run": dry_run}
    return await caller.write_once(key, asked, work, action="imports.request", status=202)


async def check_importing(tx: ReadTx, actor: Actor) -> None:
    """Refuse who may not import.

    Raises:
        RefusalError: `forbidden`.
    """
    del tx
    check_whole_bank(actor, "imports.write")


async def _read_form(request: Request) -> tuple[bytes, bool]:
    """Return the workbook and whether it is only a rehearsal.

    Raises:
        RefusalError: `request_invalid`, `body_too_large`.
    """
    async with request.form(max_files=1, max_fields=1, max_part_size=100) as form:
        file, flag = form.get("file"), form.get("dry_run", "false")
        if (
            not isinstance(file, UploadFile)
            or not isinstance(flag, str)
            or flag.lower() not in _FLAGS
            or len(form.multi_items()) != len({"file", "dry_run"} & form.keys())
        ):
            raise RefusalError("request_invalid")
        if (file.size or 0) > MAX_WORKBOOK_BYTES:
            raise RefusalError("body_too_large", limit=MAX_WORKBOOK_BYTES)
        return await file.read(), _FLAGS[flag.lower()]


def _seal(cipher: Cipher, bank: Bank, task_id: UUID, content: bytes) -> SealedFile:
    """Seal the workbook; its own name may well be a person's, and is not kept."""
    key_id = cipher.key_id
    return SealedFile("workbook.xlsx", XLSX, key_id, cipher.seal_bytes(bank.id, task_id, INPUT, content))


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
