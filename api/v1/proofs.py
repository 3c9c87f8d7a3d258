"""Proofs: that what is one's own is in the sealed books, and what anybody needs to check it offline."""

from base64 import b64encode
from datetime import datetime
from typing import Annotated

from fastapi import Path, Query
from pydantic import BaseModel, Field, JsonValue
from starlette.responses import Response

from api.edge import CallerOf, ServiceOf
from api.fields import MAX_ID, PathId
from api.problems import problems
from api.routers import resource
from ledger.proof.checkpoints import StoredCheckpoint, checkpoint_of_size, latest_checkpoint
from ledger.proof.document import ProofDocument
from ledger.proof.proving import consistency
from ledger.session import ReadTx
from timebank.access import Actor
from timebank.errors import RefusalError
from timebank.proof.actions import origin, proof_of_record, proof_of_transaction, published_verifier
from timebank.proof.queries import check_party
from timebank.records.queries import record_in_reach

router = resource(tag="proofs")
PERMISSION = "proofs.read"

BankCode = Annotated[str, Path(pattern=r"^[a-z][a-z0-9-]{0,39}$")]
TreeSize = Annotated[int, Query(ge=1, le=MAX_ID)]


class Proof(BaseModel):
    """A proof file, which `timebank verify` checks with the public key and nothing else."""

    format: str = Field(examples=["timebank-proof/v1"])
    record: str
    transaction: dict[str, JsonValue]
    salt: str
    leaf_index: int
    tree_size: int
    inclusion: list[str]
    checkpoint: str


class CheckpointOut(BaseModel):
    """A signed head of a bank's tree: a C2SP checkpoint, as a note."""

    tree_size: int
    sealed_at: datetime
    root: str = Field(description="Base64.")
    note: str


class VerifierOut(BaseModel):
    """The public key of a bank's checkpoints, as C2SP signed notes write it."""

    origin: str
    verifier: str


class ConsistencyOut(BaseModel):
    """The path (RFC 6962, Base64) by which the newer tree is seen to continue the older."""

    old_size: int
    new_size: int
    path: list[str]


@router.get(
    "/records/{record_id}/proof",
    operation_id="prove_record",
    response_model=Proof,
    responses=problems(401, 403, 404),
)
async def read_record_proof(caller: CallerOf, record_id: PathId) -> Response:
    """Return the proof that a record's credit is in the sealed books."""

    async def work(tx: ReadTx, actor: Actor) -> ProofDocument:
        await record_in_reach(tx, actor, PERMISSION, record_id, now=caller.now)
        return await proof_of_record(tx, record_id)

    return _file(await caller.read(work))


@router.get(
    "/transactions/{transaction_id}/proof",
    operation_id="prove_transaction",
    response_model=Proof,
    responses=problems(401, 403, 404),
)
async def read_transaction_proof(caller: CallerOf, transaction_id: PathId) -> Response:
    """Return the proof that a transaction which touched one's own wallet is in the sealed books."""

    async def work(tx: ReadTx, actor: Actor) -> ProofDocument:
        await check_party(tx, actor, PERMISSION, transaction_id, now=caller.now)
        return await proof_of_transaction(tx, transaction_id)

    return _file(await caller.read(work))


@router.get("/banks/{bank}/checkpoint", operation_id="read_checkpoint", responses=problems(404))
async def read_checkpoint(
    service: ServiceOf,
    bank: BankCode,
    tree_size: Annotated[int | None, Query(ge=0, le=MAX_ID, description="The newest, if not given.")] = None,
) -> CheckpointOut:
    """Return a bank's newest checkpoint or the one of a size; no login, for anybody may keep and compare them."""

    async def work(tx: ReadTx) -> StoredCheckpoint | None:
        if tree_size is None:
            return await latest_checkpoint(tx)
        return await checkpoint_of_size(tx, tree_size)

    found = await service.database.read(await service.bank(bank), work)
    if found is None:
        raise RefusalError("unknown_checkpoint")
    return CheckpointOut(
        tree_size=found.tree_size,
        sealed_at=found.sealed_at,
        root=b64encode(found.root).decode(),
        note=found.note,
    )


@router.get("/banks/{bank}/consistency", operation_id="read_consistency", responses=problems(404))
async def read_consistency(
    service: ServiceOf, bank: BankCode, old_size: TreeSize, new_size: TreeSize
) -> ConsistencyOut:
    """Return the proof that one checkpoint continues another: nothing in between was rewritten. No login."""

    async def work(tx: ReadTx) -> list[bytes]:
        old, new = await checkpoint_of_size(tx, old_size), await checkpoint_of_size(tx, new_size)
        if old is None or new is None or old_size > new_size:
            raise RefusalError("unknown_checkpoint")
        return await consistency(tx, old_size, new_size)

    path = await service.database.read(await service.bank(bank), work)
    return ConsistencyOut(
        old_size=old_size, new_size=new_size, path=[b64encode(sibling).decode() for sibling in path]
    )


@router.get("/banks/{bank}/verifier", operation_id="read_verifier", responses=problems(404))
async def read_verifier(service: ServiceOf, bank: BankCode) -> VerifierOut:
    """Return the public key that a bank's checkpoints are signed with; no login."""
    found = await service.bank(bank)
    verifier = published_verifier(service.settings.home, found)
    if verifier is None:
        raise RefusalError("unknown_checkpoint")
    return VerifierOut(origin=origin(found), verifier=verifier)


def _file(document: ProofDocument) -> Response:
    return Response(document.to_json(), media_type="application/json")
