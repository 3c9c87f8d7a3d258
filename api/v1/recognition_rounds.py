"""Rounds of recognition: freezing a list, and reading how far it is."""

from collections.abc import Awaitable, Callable
from datetime import date, datetime
from typing import Annotated, Any, Literal, TypeAlias, TypeVar

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from api.cursors import DEFAULT_LIMIT, Cursor, Limit, Page, before, page
from api.edge import CallerOf, IdempotencyKey
from api.etags import etag
from api.fields import Day, Id, Name, PathId
from api.problems import problems
from api.routers import resource
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, reach
from timebank.recognition.access import READ, check_round
from timebank.recognition.computing import compute_round, is_small
from timebank.recognition.opening import Wanted, check_opening, open_round, seal_for_round
from timebank.recognition.queries import Round, RoundState, counts, rounds

T = TypeVar("T")

router = resource("/recognition-rounds", tag="recognition")

SchemeCode: TypeAlias = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$", examples=["annual"])]


class RoundIn(BaseModel):
    """Which list is to be made: of whom, by which scheme of the policy, of which days, both included."""

    model_config = ConfigDict(extra="forbid")

    organisation_id: Id
    scheme: SchemeCode
    from_on: Day
    until_on: Day
    title: Name


class RoundOut(BaseModel):
    """A round: what it counts, frozen by which checkpoint, and how far it is."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    scheme: str
    title: str
    organisation_id: int
    organisation: str
    from_on: date
    until_on: date
    policy_version: int
    criteria: dict[str, Any] = Field(description="The scheme as the policy had it when the list was frozen.")
    tree_size: int = Field(description="Only what lies in the tree up to here counts.")
    checkpoint: str
    opened_at: datetime
    state: RoundState
    candidates: int | None = Field(description="Null until it is computed.")
    digest: str | None = Field(description="SHA-256 of the candidates document, hexadecimal.")
    notice_opened_on: date | None
    notice_closes_on: date | None = Field(description="The last day of the notice, included.")
    approved_at: datetime | None
    published_at: datetime | None
    ended_at: datetime | None
    end_reason: str | None
    version: int


class RoundWithCounts(RoundOut):
    """A round and how many of its candidates are in each state."""

    lines: dict[Literal["proposed", "excluded", "objected", "revoked"], int]


class RoundOpened(BaseModel):
    """A round that was frozen; it is computed next, one of many people by the job."""

    round_id: int


@router.post(
    "",
    operation_id="open_recognition_round",
    status_code=201,
    response_model=RoundOpened,
    responses=problems(401, 403, 404, 409),
)
async def post_round(caller: CallerOf, body: RoundIn, key: IdempotencyKey) -> Response:
    """Seal the books, freeze a list at that checkpoint, and compute it at once if it is of a few thousand people."""
    wanted = Wanted(body.organisation_id, body.scheme, body.from_on, body.until_on, body.title)

    async def beforehand(tx: ReadTx, actor: Actor) -> None:
        await check_opening(tx, actor, wanted, now=caller.now)

    async def work(tx: WriteTx, actor: Actor) -> RoundOpened:
        return RoundOpened(round_id=await open_round(tx, actor, wanted, now=caller.now))

    await caller.read(beforehand)
    bank, database = await caller.bank(), caller.service.database
    await seal_for_round(database, bank, caller.service.settings.home, now=caller.now)
    answer = await caller.write_once(
        key,
        body.model_dump(mode="json"),
        work,
        action="recognitions.open",
        subject=str(body.organisation_id),
    )
    round_id = RoundOpened.model_validate_json(bytes(answer.body)).round_id

    async def write(step: Callable[[WriteTx], Awaitable[T]]) -> T:
        return await database.write(bank, step)

    if await database.read(bank, lambda tx: is_small(tx, round_id)):
        await compute_round(write, round_id)
    return answer


@router.get("", operation_id="list_recognition_rounds", responses=problems(401, 403))
async def list_rounds(
    caller: CallerOf,
    *,
    state: Annotated[RoundState | None, Query(description="Only those in this state.")] = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[RoundOut]:
    """Return the rounds of organisations in reach, the newest first."""
    before_id = before(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[Round]:
        nodes = await reach(tx, actor, READ)
        states = None if state is None else [state]
        return await rounds(tx, before_id=before_id, limit=limit + 1, organisations=nodes, states=states)

    items, following = page(await caller.read(work), limit, lambda found: (found.id,))
    return Page(items=[round_out(item) for item in items], next_cursor=following)


@router.get("/{round_id}", operation_id="read_recognition_round", responses=problems(401, 403, 404))
async def read_round(caller: CallerOf, round_id: PathId, response: Response) -> RoundWithCounts:
    """Return a round in reach and how many of its candidates are in each state."""

    async def work(tx: ReadTx, actor: Actor) -> tuple[Round, dict[str, int]]:
        found = await check_round(tx, actor, READ, round_id)
        return found, await counts(tx, round_id)

    found, lines = await caller.read(work)
    response.headers["ETag"] = etag(found.version)
    return RoundWithCounts.model_validate({**round_out(found).model_dump(), "lines": lines})


def round_out(found: Round) -> RoundOut:
    """Return a round as an office reads it."""
    facts = {name: getattr(found, name) for name in Round.__dataclass_fields__}
    facts |= {
        "criteria": found.criteria.model_dump(mode="json"),
        "digest": None if found.digest is None else found.digest.hex(),
    }
    return RoundOut.model_validate(facts)
