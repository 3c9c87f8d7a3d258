"""The published checkpoint: the signed head of the books as a text that anybody may keep and compare."""

from starlette.responses import Response

from api.routers import bare
from api.web.arriving import VisitOf
from api.web.visit import Visit
from ledger.proof.checkpoints import StoredCheckpoint, latest_checkpoint
from ledger.session import ReadTx
from timebank.access import Actor
from timebank.errors import RefusalError
from timebank.proof.actions import published_verifier

router = bare()


@router.get("/checkpoint")
async def show_checkpoint(visit: VisitOf) -> Response:
    """Show the newest checkpoint, the key that it is signed with, and how to check it."""
    found = await _latest(visit)
    verifier = published_verifier(visit.service.settings.home, visit.banks_own)
    return visit.page("public/checkpoint.html", checkpoint=found, verifier=verifier)


@router.get("/checkpoint/{name}.txt")
async def download(visit: VisitOf, name: str) -> Response:
    """Return the newest checkpoint, or the public key, as a file."""
    found = await _latest(visit)
    verifier = published_verifier(visit.service.settings.home, visit.banks_own)
    texts = {"checkpoint": found.note if found else None, "key": f"{verifier}\n" if verifier else None}
    text = texts.get(name)
    if text is None:
        raise RefusalError("not_found")
    size = found.tree_size if found else 0
    kept = f"{visit.banks_own.code}-{size}.txt" if name == "checkpoint" else f"{visit.banks_own.code}.key"
    headers = {"Content-Disposition": f'attachment; filename="{kept}"'}
    return visit.finish(Response(text, media_type="text/plain; charset=utf-8", headers=headers))


async def _latest(visit: Visit) -> StoredCheckpoint | None:
    async def work(tx: ReadTx, actor: Actor) -> StoredCheckpoint | None:
        del actor
        return await latest_checkpoint(tx)

    return await visit.read_as_anybody(work)
