"""Files that pages refer to: style, scripts, icons. Read and packed once; their address carries a digest of them."""

import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from fastapi import Request
from starlette.responses import Response

from api.routers import bare
from api.web.packages import package_file
from timebank.errors import RefusalError

router = bare()

FOREVER, ASK_AGAIN = "public, max-age=31536000, immutable", "no-cache"
DIGEST_LETTERS = 12
SAME = 304
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
WORKER = "worker.js"
CORE = "core"
_TYPES = {
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".wasm": "application/wasm",
}
_OF_PACKAGES = {
    "zxing-reader.js": ("zxing-wasm", "dist/iife/reader/index.js"),
    "zxing-reader.wasm": ("zxing-wasm", "dist/reader/zxing_reader.wasm"),
}
"""Files of npm packages, by the name that pages ask for."""


@dataclass(frozen=True, slots=True)
class Asset:
    """A file: what it holds, its type, a digest of it, and the same packed."""

    body: bytes
    media_type: str
    digest: str
    packed: bytes


@cache
def assets() -> dict[str, Asset]:
    """Return all files by name."""
    found = {path.name: path.read_bytes() for path in _folder().iterdir() if path.is_file()}
    found |= {name: package_file(*place) for name, place in _OF_PACKAGES.items()}
    return {name: _asset(name, body) for name, body in found.items()}


def _asset(name: str, body: bytes) -> Asset:
    kind = _TYPES["." + name.rpartition(".")[2]]
    return Asset(body, kind, hashlib.sha256(body).hexdigest()[:DIGEST_LETTERS], pack(body))


def _folder() -> Traversable:
    return files("api.web").joinpath("static")


@cache
def style_of(area: str) -> str:
    """Return the style of the pages of one kind of user, as it is written into them."""
    sheets = (_folder() / "css" / f"{name}.css" for name in (CORE, area))
    return "".join(_short(sheet.read_text(encoding="utf-8")) for sheet in sheets)


def _short(sheet: str) -> str:
    lines = _COMMENT.sub("", sheet).splitlines()
    return "".join(f"{line.strip()}\n" for line in lines if line.strip())


def pack(body: bytes) -> bytes:
    """Return bytes as a browser unpacks them by itself."""
    return gzip.compress(body, compresslevel=6, mtime=0)


def takes_packed(request: Request) -> bool:
    """Tell whether the browser unpacks."""
    return "gzip" in request.headers.get("accept-encoding", "")


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


def read_named(name: str) -> bytes:
    """Return what a file holds."""
    return assets()[name].body


@router.get("/me/worker.js")
async def read_worker(request: Request) -> Response:
    """Return the service worker, from the folder that it may answer for and with the policy that it fetches by."""
    answer = _answer(request, assets()[WORKER], ASK_AGAIN)
    answer.headers["Content-Security-Policy"] = "default-src 'none'; connect-src 'self'"
    return answer


def _answer(request: Request, asset: Asset, keeping: str) -> Response:
    tag = f'"{asset.digest}"'
    headers = {"Cache-Control": keeping, "ETag": tag, "Vary": "Accept-Encoding"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=SAME, headers=headers)
    body = asset.body
    if takes_packed(request) and len(asset.packed) < len(body):
        body, headers = asset.packed, headers | {"Content-Encoding": "gzip"}
    return Response(body, media_type=asset.media_type, headers=headers)
