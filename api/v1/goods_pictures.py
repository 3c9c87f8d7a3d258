"""Pictures of goods: one of each item, brought as PNG, JPEG or WebP and painted anew."""

import asyncio
from typing import Annotated

from fastapi import Header, Request
from fastapi import Response as Answer
from pydantic import BaseModel
from starlette.responses import Response

from api.edge import CallerOf
from api.fields import PathId
from api.problems import problems
from api.routers import resource
from ledger.session import ReadTx, WriteTx
from timebank.access import Actor, check
from timebank.errors import RefusalError
from timebank.shops import queries
from timebank.shops.access import check_goods
from timebank.shops.pictures import MEDIA_TYPES, paint, remove_picture, set_picture
from timebank.shops.queries import Picture
from timebank.shops.rules import MAX_BROUGHT_BYTES

router = resource("/goods/{goods_id}/picture", tag="goods")
READ, WRITE = "shops.read", "goods.write"
SAME = 304

_BINARY = {media_type: {"schema": {"type": "string", "format": "binary"}} for media_type in MEDIA_TYPES}
_BODY = {
    "requestBody": {
        "required": True,
        "description": f"Up to {MAX_BROUGHT_BYTES // 2**20} MiB.",
        "content": _BINARY,
    }
}


class PictureOut(BaseModel):
    """What was stored: a picture of the same kind, upright, without metadata, no larger than is shown."""

    media_type: str
    bytes: int


@router.put(
    "",
    operation_id="set_picture",
    responses=problems(401, 403, 404, 413, 415),
    openapi_extra=_BODY,
)
async def put_picture(caller: CallerOf, goods_id: PathId, request: Request, response: Answer) -> PictureOut:
    """Give an item a picture, in place of any it has."""

    async def allowed(tx: ReadTx, actor: Actor) -> None:
        await check_goods(tx, actor, WRITE, goods_id)

    await caller.read(allowed)  # before the body is read: a stranger's is not
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() not in MEDIA_TYPES:
        raise RefusalError("media_type_unsupported")
    painted = await asyncio.to_thread(paint, await request.body())

    async def work(tx: WriteTx, actor: Actor) -> None:
        await check_goods(tx, actor, WRITE, goods_id)
        await set_picture(tx, goods_id, painted=painted, actor=actor.text, now=caller.now)

    await caller.write(work, action="goods.set_picture", subject=str(goods_id))
    response.headers["ETag"] = _etag(painted)
    return PictureOut(media_type=painted.media_type, bytes=len(painted.content))


@router.get(
    "",
    operation_id="get_picture",
    response_class=Response,
    responses={
        **problems(401, 403, 404),
        200: {"description": "The picture.", "content": _BINARY},
        304: {"description": "The one that the caller has."},
    },
)
async def get_picture(
    caller: CallerOf,
    goods_id: PathId,
    if_none_match: Annotated[str | None, Header(alias="If-None-Match", max_length=200)] = None,
) -> Response:
    """Return an item's picture with its ETag."""

    async def work(tx: ReadTx, actor: Actor) -> Picture:
        check(actor, READ)
        return await queries.picture(tx, goods_id)

    found = await caller.read(work)
    headers = {"ETag": _etag(found), "Cache-Control": "private, no-cache"}
    if if_none_match is not None and _etag(found) in if_none_match:
        return Response(status_code=SAME, headers=headers)
    return Response(found.content, media_type=found.media_type, headers=headers)


@router.delete("", operation_id="remove_picture", status_code=204, responses=problems(401, 403, 404))
async def delete_picture(caller: CallerOf, goods_id: PathId) -> None:
    """Take an item's picture away."""

    async def work(tx: WriteTx, actor: Actor) -> None:
        await check_goods(tx, actor, WRITE, goods_id)
        await remove_picture(tx, goods_id)

    await caller.write(work, action="goods.remove_picture", subject=str(goods_id))


def _etag(found: Picture) -> str:
    return f'"{found.digest.hex()[:32]}"'
