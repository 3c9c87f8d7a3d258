"""Proxies (代办): a named agent may do some of a person's own things for them, for a time, and both are told."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from api.cursors import DEFAULT_LIMIT, Cursor, Limit, Page, after, page
from api.edge import CallerOf
from api.fields import Instant, PathId, Sentence
from api.problems import problems
from api.routers import resource
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check_person
from timebank.permissions import SCOPES
from timebank.roles.proxies import Proxy, end_proxy, make_proxy, proxies_of

router = resource(tag="proxies")

Scope = Annotated[str, Field(max_length=40, json_schema_extra={"enum": sorted(SCOPES)})]


class ProxyIn(BaseModel):
    """Who may act, in what, until when, and why."""

    model_config = ConfigDict(extra="forbid")

    agent_id: UUID
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=len(SCOPES))]
    reason: Sentence
    from_at: Instant | None = Field(default=None, description="From now on, if not given.")
    until_at: Instant = Field(description="A year from its beginning at most.")


class ProxyOut(BaseModel):
    """A proxy; only its end ever changes."""

    model_config = ConfigDict(from_attributes=True)

    id: int
    principal_id: UUID
    agent_id: UUID
    scopes: list[str]
    reason: str
    from_at: datetime
    until_at: datetime
    made_by: str
    made_at: datetime
    ended_at: datetime | None
    ended_by: str | None


@router.get("/people/{person_id}/proxies", operation_id="list_proxies", responses=problems(401, 403, 404))
async def list_proxies(
    caller: CallerOf,
    *,
    person_id: UUID,
    current: Annotated[bool, Query(description="Only those not over.")] = False,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> Page[ProxyOut]:
    """Return the proxies in which a person is the principal or the agent."""
    after_id = after(cursor)

    async def work(tx: ReadTx, actor: Actor) -> list[Proxy]:
        await check_person(tx, actor, "proxies.read", person_id, now=caller.now)
        return await proxies_of(
            tx,
            person_id,
            after_id=after_id,
            limit=limit + 1,
            current_at=caller.now if current else None,
        )

    items, following = page(await caller.read(work), limit, lambda proxy: (proxy.id,))
    return Page(items=[ProxyOut.model_validate(proxy) for proxy in items], next_cursor=following)


@router.post(
    "/people/{person_id}/proxies",
    operation_id="make_proxy",
    status_code=201,
    responses=problems(401, 403, 404),
)
async def create_proxy(caller: CallerOf, person_id: UUID, body: ProxyIn) -> ProxyOut:
    """Let somebody act for a person, as that person or a community worker in reach of them says."""

    async def work(tx: WriteTx, actor: Actor) -> Proxy:
        return await make_proxy(
            tx,
            actor,
            principal_id=person_id,
            agent_id=body.agent_id,
            scopes=body.scopes,
            reason=body.reason,
            from_at=body.from_at,
            until_at=body.until_at,
            now=caller.now,
        )

    made = await caller.write(work, action="proxy.make", subject=lambda proxy: str(proxy.id))
    return ProxyOut.model_validate(made)


@router.post("/proxies/{proxy_id}/end", operation_id="end_proxy", responses=problems(401, 403, 404, 409))
async def create_end(caller: CallerOf, proxy_id: PathId) -> ProxyOut:
    """End a proxy, as the principal, the agent or a community worker in reach of the principal."""

    async def work(tx: WriteTx, actor: Actor) -> Proxy:
        return await end_proxy(tx, actor, proxy_id=proxy_id, now=caller.now)

    return ProxyOut.model_validate(await caller.write(work, action="proxy.end", subject=str(proxy_id)))
