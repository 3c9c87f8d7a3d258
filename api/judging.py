"""Judging what anybody hands in or asks for, without a login: certificates, proofs and checkpoints of our banks."""

import asyncio
import math
import re
from dataclasses import dataclass
from datetime import date
from typing import Literal

from fastapi import Request

from api.guessing import address_of
from api.service import Service
from ledger.proof.document import ProofError, verify_document
from ledger.proof.note import Checkpoint, NoteError, VerifierKey, open_note
from ledger.session import ReadTx
from timebank.certificates.document import FAMILY, Certificate
from timebank.certificates.kinds import What, what_is
from timebank.certificates.numbers import read_number
from timebank.certificates.queries import is_own_checkpoint
from timebank.certificates.reading import ReadFile, UnreadableError, read_apart
from timebank.certificates.register import Found, Standing, judge, look_up, on_record
from timebank.certificates.verifying import Code, Verdict, verify_read
from timebank.database import Bank
from timebank.errors import RefusalError
from timebank.proof.actions import published_verifier

_SIGNER = re.compile(r"^— timebank/([a-z][a-z0-9-]{0,39}) ", re.MULTILINE)
_ORIGIN = re.compile(r'"checkpoint": ?"timebank/([a-z][a-z0-9-]{0,39})\\n')


@dataclass(frozen=True, slots=True)
class Judged:
    """What something is, and what came of it; the certificate where the bank's signature holds."""

    what: What
    code: Code | Literal["changed", "proof", "checkpoint", "nothing"]
    certificate: Certificate | None = None
    is_print_compared: bool = False
    revoked_on: date | None = None
    tree_size: int | None = None

    @property
    def is_valid(self) -> bool:
        """Tell whether nothing is wrong with it."""
        return self.code in {"valid", "proof", "checkpoint"}


def slow_verifying(service: Service, request: Request) -> None:
    """Count a request of an address.

    Raises:
        RefusalError: `throttled` with the seconds to wait.
    """
    if wait := service.verify_limit.take(address_of(request)):
        raise RefusalError("throttled", retry_after=math.ceil(wait))


async def standing_of(service: Service, number: str) -> Standing:
    """Return what the register says of a number, the signature, the proofs and the tree checked anew.

    Raises:
        RefusalError: `certificate_number_wrong`, `unknown_certificate`.
    """
    said = read_number(number)
    try:
        bank = await service.bank_of_id(said.bank_id)
    except RefusalError:
        raise RefusalError("unknown_certificate") from None

    async def work(tx: ReadTx) -> Found:
        return await look_up(tx, service.cipher, said.text)

    found = await service.database.read(bank, work)
    return await asyncio.to_thread(judge, found, _keys(service, bank), bank=bank.name)


async def judge_content(service: Service, content: bytes) -> Judged:
    """Return what comes of something that was handed in; whatever it is, this does not fail."""
    what = what_is(content)
    if what == "certificate":
        try:
            async with service.reading:
                found = await _read(content)
        except (UnreadableError, UnicodeDecodeError):
            return Judged(what, "not_a_certificate")
        return await _judge_certificate(service, found)
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return Judged("unknown", "nothing")
    if what == "proof":
        return await _judge_proof(service, text)
    return await _judge_checkpoint(service, text) if what == "checkpoint" else Judged(what, "nothing")


async def _read(content: bytes) -> ReadFile:
    if content.startswith(FAMILY.encode()):
        return ReadFile(content.decode(), (), is_plain=True)
    return await read_apart(content)


async def _judge_certificate(service: Service, found: ReadFile) -> Judged:
    bank = await _bank(service, _SIGNER.findall(found.document[-4_000:])[-1:])
    keys = _keys(service, bank) if bank else []
    verdict = await asyncio.to_thread(verify_read, found, keys)
    still = True
    if bank is not None:
        now = service.now()

        async def work(tx: ReadTx) -> tuple[Verdict, bool]:
            return await on_record(tx, verdict, found.document, now=now)

        verdict, still = await service.database.read(bank, work)
    code = "changed" if verdict.is_valid and not still else verdict.code
    return Judged("certificate", code, verdict.certificate, verdict.is_print_compared, verdict.revoked_on)


async def _judge_proof(service: Service, text: str) -> Judged:
    bank = await _bank(service, _ORIGIN.findall(text)[:1])
    if bank is None:
        return Judged("proof", "unknown_key")
    for key in _keys(service, bank):
        try:
            verified = await asyncio.to_thread(verify_document, text, key, origin=key.name)
        except ProofError as error:
            return Judged("proof", _SAME.get(error.code, "not_included"))
        return await _in_tree(service, bank, "proof", verified.checkpoint)
    return Judged("proof", "unknown_key")


async def _judge_checkpoint(service: Service, text: str) -> Judged:
    bank = await _bank(service, _SIGNER.findall(text[-4_000:])[-1:])
    if bank is None:
        return Judged("checkpoint", "unknown_key")
    try:
        head = Checkpoint.parse(open_note(text, _keys(service, bank)))
    except NoteError as error:
        return Judged("checkpoint", _SAME.get(error.code, "bad_signature"))
    return await _in_tree(service, bank, "checkpoint", head)


_SAME: dict[str, Code] = {"unknown_key": "unknown_key", "bad_signature": "bad_signature"}


async def _in_tree(
    service: Service, bank: Bank, what: Literal["proof", "checkpoint"], head: Checkpoint
) -> Judged:
    """Return that a signed checkpoint is of the bank's own tree, or not on record."""

    async def work(tx: ReadTx) -> bool:
        return await is_own_checkpoint(tx, head.size, head.root)

    is_own = head.origin == f"timebank/{bank.code}" and await service.database.read(bank, work)
    return Judged(what, what if is_own else "not_on_record", tree_size=head.size)


async def _bank(service: Service, named: list[str]) -> Bank | None:
    try:
        return await service.bank(named[0]) if named else None
    except RefusalError:
        return None


def _keys(service: Service, bank: Bank) -> list[VerifierKey]:
    said = published_verifier(service.settings.home, bank)
    return [VerifierKey.parse(said)] if said else []
