"""Endpoints: programs of others that are told of what happens, signed by Standard Webhooks."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from api.cursors import Cursor, Limit, Page, after, page
from api.edge import CallerOf
from api.etags import IfMatch, etag, expected_version
from api.fields import PathId, Printable
from api.problems import problems
from api.routers import resource
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check_whole_bank
from timebank.webhooks import actions, queries
from timebank.webhooks.actions import Made
from timebank.webhooks.queries import Endpoint

router = resource("/webhook-endpoints", tag="webhooks")

PERMISSION = "webhooks.write"

Url = Annotated[str, StringConstraints(min_length=1, max_length=400), Printable]
Kind = Annotated[str, StringConstraints(pattern=r"^(\*|[a-z_]{1,60})$")]
Kinds = Annotated[list[Kind], Field(min_length=1, max_length=100)]


class EndpointOut(BaseModel):
    """An endpoint and the kinds it gets, `*` for all of them."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    url: str = Field(examples=["https://hooks.example.org/timebank"])
    kinds: list[str]
    made_by: str
    made_at: datetime
    ended_at: datetime | None
    version: int


class EndpointMade(EndpointOut):
    """An endpoint with the secret that signs what it gets, shown this once."""

    secret: str = Field(examples=["whsec_…"])


class EndpointIn(BaseModel):
    """A new endpoint: https, by a name that is everybody's."""

    model_config = ConfigDict(extra="forbid")

    url: Url = Field(examples=["https://hooks.example.org/timebank"])
    kinds: Kinds = Field(examples=[["record_credited"]])


class EndpointEdit(BaseModel):
    """What is to change; what is left out or null stays."""

    model_config = ConfigDict(extra="forbid")

    url: Url | None = None
    kinds: Kinds | None = None

    @model_validator(mode="after")
    def _changes_something(self) -> "EndpointEdit":
        if self.url is None and self.kinds is None:
            raise ValueError("nothing to change")
        return self


class Tried(BaseModel):
    """What to look for: the message in `GET /messages`, and the `webhook-id` that the endpoint gets."""

    reference: UUID


@router.get("", operation_id="list_endpoints", responses=problems(401, 403))
async def list_endpoints(
    caller: CallerOf,
    *,
    ended: Annotated[bool, Query(description="Those that were ended, too.")] = False,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[EndpointOut]:
    """Return the bank's endpoints by id; no secret is ever among them."""
    after_id = after(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[Endpoint]:
        check_whole_bank(actor, PERMISSION)
        return await queries.endpoints(tx, with_ended=ended, after_id=after_id, limit=limit + 1)

    items, following = page(await caller.read(work), limit, lambda found: (found.id,))
    return Page(items=[EndpointOut.model_validate(item) for item in items], next_cursor=following)


@router.get("/{endpoint_id}", operation_id="get_endpoint", responses=problems(401, 403, 404))
async def get_endpoint(caller: CallerOf, endpoint_id: PathId, response: Response) -> EndpointOut:
    """Return one endpoint with its ETag."""

    async def work(tx: ReadTx, actor: Actor) -> Endpoint:
        check_whole_bank(actor, PERMISSION)
        return await queries.endpoint(tx, endpoint_id)

    return _out(await caller.read(work), response)


@router.post("", operation_id="make_endpoint", status_code=201, responses=problems(401, 403, 409))
async def make_endpoint(caller: CallerOf, body: EndpointIn, response: Response) -> EndpointMade:
    """Make an endpoint and show its secret; there is one for an address, so that a repetition is refused."""

    async def work(tx: WriteTx, actor: Actor) -> Made:
        check_whole_bank(actor, PERMISSION)
        return await actions.make_endpoint(
            tx, caller.service.cipher, url=body.url, kinds=body.kinds, actor=actor.text, now=caller.now
        )

    return _made(await caller.write(work, action="webhooks.make", subject=_id), response)


@router.patch(
    "/{endpoint_id}", operation_id="edit_endpoint", responses=problems(401, 403, 404, 409, 412, 428)
)
async def edit_endpoint(
    caller: CallerOf, endpoint_id: PathId, body: EndpointEdit, response: Response, if_match: IfMatch = None
) -> EndpointOut:
    """Send to another address, or other kinds; the secret stays."""
    version = expected_version(if_match)

    async def work(tx: WriteTx, actor: Actor) -> Endpoint:
        check_whole_bank(actor, PERMISSION)
        return await actions.edit_endpoint(
            tx, endpoint_id, url=body.url, kinds=body.kinds, expected_version=version
        )

    return _out(await caller.write(work, action="webhooks.edit", subject=str(endpoint_id)), response)


@router.post(
    "/{endpoint_id}/secret", operation_id="renew_secret", responses=problems(401, 403, 404, 409, 412, 428)
)
async def renew_secret(
    caller: CallerOf, endpoint_id: PathId, response: Response, if_match: IfMatch = None
) -> EndpointMade:
    """Make another secret and show it; the one before is good for nothing from now on."""
    version = expected_version(if_match)

    async def work(tx: WriteTx, actor: Actor) -> Made:
        check_whole_bank(actor, PERMISSION)
        return await actions.renew_secret(tx, caller.service.cipher, endpoint_id, expected_version=version)

    return _made(await caller.write(work, action="webhooks.renew_secret", subject=_id), response)


@router.post(
    "/{endpoint_id}/test",
    operation_id="try_endpoint",
    status_code=202,
    responses=problems(401, 403, 404, 409),
)
async def try_endpoint(caller: CallerOf, endpoint_id: PathId) -> Tried:
    """Send an endpoint a message of the kind `endpoint_test`, which tells of nothing."""

    async def work(tx: WriteTx, actor: Actor) -> Tried:
        check_whole_bank(actor, PERMISSION)
        return Tried(reference=await actions.try_endpoint(tx, endpoint_id, now=caller.now))

    return await caller.write(work, action="webhooks.test", subject=str(endpoint_id))


@router.post(
    "/{endpoint_id}/end", operation_id="end_endpoint", responses=problems(401, 403, 404, 409, 412, 428)
)
async def end_endpoint(
    caller: CallerOf, endpoint_id: PathId, response: Response, if_match: IfMatch = None
) -> EndpointOut:
    """End an endpoint; what waits for it is dropped."""
    version = expected_version(if_match)

    async def work(tx: WriteTx, actor: Actor) -> Endpoint:
        check_whole_bank(actor, PERMISSION)
        return await actions.end_endpoint(tx, endpoint_id, expected_version=version, now=caller.now)

    return _out(await caller.write(work, action="webhooks.end", subject=str(endpoint_id)), response)


def _id(made: Made) -> str:
    return str(made.endpoint.id)


def _out(found: Endpoint, response: Response) -> EndpointOut:
    response.headers["ETag"] = etag(found.version)
    return EndpointOut.model_validate(found)


def _made(made: Made, response: Response) -> EndpointMade:
    return EndpointMade(**_out(made.endpoint, response).model_dump(), secret=made.secret)
