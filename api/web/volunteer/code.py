"""The rotating code of one's own: its page, which may be kept offline, and the pass that makes it."""

from pydantic import BaseModel, ConfigDict
from starlette.responses import JSONResponse, Response

from api.fields import Id
from api.routers import bare
from api.web.arriving import VisitOf
from api.web.asking import person_of
from api.web.visit import Visit
from api.web.volunteer.member import member_of
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor
from timebank.codes.rules import member_head
from timebank.errors import RefusalError
from timebank.passes.actions import IssuedPass, issue_pass
from timebank.passes.queries import passes_of

router = bare()

PASSES = "passes.own"


class PassWanted(BaseModel):
    """The pass that the phone has, if it has one."""

    model_config = ConfigDict(extra="forbid")

    pass_id: Id | None = None


@router.get("/me/code")
async def show_code(visit: VisitOf) -> Response:
    """Show the page that makes the member's code; there is nothing of the member in it, so it may be kept offline."""

    async def work(tx: ReadTx, actor: Actor) -> None:
        await member_of(visit, tx, actor, PASSES)

    await visit.read(work)
    return visit.page("volunteer/code.html")


@router.post("/me/code/pass")
async def give_pass(visit: VisitOf, wanted: PassWanted) -> Response:
    """Tell the page the time, and a new pass unless the one that the phone has is good still."""
    if visit.claims is None:
        return JSONResponse({}, status_code=401)
    visit.check_form()
    try:
        issued = await _issued(visit, wanted.pass_id)
    except RefusalError as refusal:
        if refusal.code != "session_over":
            raise
        return JSONResponse({}, status_code=401)
    said: dict[str, object] = {"now_milliseconds": int(visit.now.timestamp() * 1000), "seed": None}
    if issued is not None:
        head = member_head(visit.banks_own.id, issued.id)
        said |= {"seed": issued.seed.hex(), "head": head.hex(), "pass_id": issued.id}
    return visit.finish(JSONResponse(said))


async def _issued(visit: Visit, pass_id: int | None) -> IssuedPass | None:
    async def is_good(tx: ReadTx, actor: Actor) -> bool:
        person_id = await member_of(visit, tx, actor, PASSES)
        found = await passes_of(tx, visit.service.codes, person_id)
        return any(each.is_good and each.id == pass_id for each in found)

    async def issue(tx: WriteTx, actor: Actor) -> IssuedPass:
        return await issue_pass(tx, visit.service.codes, person_of(actor, PASSES), now=visit.now)

    if await visit.read(is_good):
        return None
    return await visit.write(issue, action="passes.issue", subject=lambda made: str(made.id))
