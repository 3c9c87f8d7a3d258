"""One's own sessions: seen, and ended; an administrator ends those of people in reach."""

from datetime import datetime
from uuid import UUID

from fastapi import Response
from pydantic import BaseModel

from api.edge import CallerOf
from api.problems import problems
from api.routers import resource
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check, check_person
from timebank.errors import RefusalError
from timebank.login.queries import living_sessions
from timebank.login.sessions import end_session, end_sessions

router = resource(tag="sessions")


class SessionOut(BaseModel):
    """A session; `seen_at` is when it was begun or last refreshed."""

    id: UUID
    method: str
    client: str
    began_at: datetime
    seen_at: datetime
    expires_at: datetime
    is_current: bool


class Sessions(BaseModel):
    """All sessions that are alive; there are never more than fifty."""

    items: list[SessionOut]


class Ended(BaseModel):
    """How many sessions were ended."""

    ended: int


@router.get("/sessions", operation_id="list_sessions", responses=problems(401, 403))
async def list_sessions(caller: CallerOf) -> Sessions:
    """Return the caller's own sessions, last seen first."""

    async def work(tx: ReadTx, actor: Actor) -> Sessions:
        check(actor, "sessions.own")
        found = await living_sessions(tx, _owner(actor), now=caller.now)
        return Sessions(
            items=[
                SessionOut(
                    id=line.id,
                    method=line.method,
                    client=line.client,
                    began_at=line.began_at,
                    seen_at=line.seen_at,
                    expires_at=line.expires_at,
                    is_current=line.id == actor.session_id,
                )
                for line in found
            ]
        )

    return await caller.read(work)


@router.delete(
    "/sessions/{session_id}", operation_id="end_session", status_code=204, responses=problems(401, 403, 404)
)
async def end_one(session_id: UUID, caller: CallerOf) -> Response:
    """End one of the caller's own sessions."""

    async def work(tx: WriteTx, actor: Actor) -> None:
        check(actor, "sessions.own")
        await end_session(tx, owner_id=_owner(actor), session_id=session_id, now=caller.now)

    await caller.write(work, action="sessions.end", subject=str(session_id))
    return Response(status_code=204)


@router.post("/sessions/end-others", operation_id="end_other_sessions", responses=problems(401, 403))
async def end_others(caller: CallerOf) -> Ended:
    """End all of the caller's sessions but this one."""

    async def work(tx: WriteTx, actor: Actor) -> Ended:
        check(actor, "sessions.own")
        count = await end_sessions(
            tx, owner_id=_owner(actor), reason="logout", now=caller.now, keep=actor.session_id
        )
        return Ended(ended=count)

    return await caller.write(work, action="sessions.end_others")


@router.post("/logout", operation_id="logout", status_code=204, responses=problems(401, 403))
async def log_out(caller: CallerOf) -> Response:
    """End this session: its access token and its refresh token are good for nothing from now on."""

    async def work(tx: WriteTx, actor: Actor) -> None:
        check(actor, "sessions.own")
        await end_session(tx, owner_id=_owner(actor), session_id=caller.claims.session_id, now=caller.now)

    await caller.write(work, action="sessions.logout")
    return Response(status_code=204)


@router.post(
    "/people/{person_id}/sessions/end",
    operation_id="end_sessions_of_person",
    responses=problems(401, 403, 404),
)
async def end_sessions_of_person(person_id: UUID, caller: CallerOf) -> Ended:
    """End all sessions of a person in reach, when a phone was lost or a password was seen."""

    async def work(tx: WriteTx, actor: Actor) -> Ended:
        await check_person(tx, actor, "sessions.end", person_id, now=caller.now)
        return Ended(ended=await end_sessions(tx, owner_id=person_id, reason="administrator", now=caller.now))

    return await caller.write(work, action="sessions.end_of_person", subject=str(person_id))


def _owner(actor: Actor) -> UUID:
    owner = actor.person_id or actor.device_id
    if owner is None:
        raise RefusalError("session_over")
    return owner
