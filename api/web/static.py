"""Files of ours that pages refer to: style, scripts, the icon. Read once; their address carries a digest of them."""

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from fastapi import Request
from starlette.responses import Response

from api.routers import bare
from timebank.errors import RefusalError

router = bare()

FOREVER, ASK_AGAIN = "public, max-age=31536000, immutable", "no-cache"
DIGEST_LETTERS = 12
SAME = 304
WORKER = "worker.js"
_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file: what it holds, its type, a digest of it."""

    body: bytes
    media_type: str
    digest: str


@cache
def assets() -> dict[str, Asset]:
    """Return all files by name."""
    found = {}
    for path in files("api.web").joinpath("static").iterdir():
        kind = _TYPES.get("." + path.name.rpartition(".")[2])
        if path.is_file() and kind is not None:
            body = path.read_bytes()
            found[path.name] = Asset(body, kind, hashlib.sha256(body).hexdigest()[:DIGEST_LETTERS])
    return found


def address_of(name: str) -> str:
    """Return the address of a file as it is now."""
    return f"/static/{name}?v={assets()[name].digest}"


@router.get("/static/{name}")
async def read_asset(request: Request, name: str, v: str = "") -> Response:
    """Return a file; for good if it was asked for by its digest."""
    asset = assets().get(name)
    if asset is None:
        raise RefusalError("not_found")
    return _answer(request, asset, FOREVER if v == asset.digest else ASK_AGAIN)


@router.get("/me/worker.js")
async def read_worker(request: Request) -> Response:
    """Return the service worker, from the folder that it may answer for and with the policy that it fetches by."""
    answer = _answer(request, assets()[WORKER], ASK_AGAIN)
    answer.headers["Content-Security-Policy"] = "default-src 'none'; connect-src 'self'"
    return answer


def _answer(request: Request, asset: Asset, keeping: str) -> Response:
    tag = f'"{asset.digest}"'
    headers = {"Cache-Control": keeping, "ETag": tag}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=SAME, headers=headers)
    return Response(asset.body, media_type=asset.media_type, headers=headers)
