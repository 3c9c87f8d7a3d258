"""What a phone needs to keep the pages among its programs: manifest, drawn icons, a worker, a page for no network."""

import asyncio
import io
import json
from functools import cache
from typing import Annotated, Final, Literal

from fastapi import Depends, Path, Query
from PIL import Image, ImageDraw
from starlette.responses import Response

from api.edge import service_of
from api.routers import bare
from api.service import Service
from api.web.arriving import VisitOf
from api.web.rendering import CHINESE, say
from api.web.static import ASK_AGAIN, FOREVER, read_named
from timebank.errors import RefusalError

router = bare()

GREEN, WHITE = "#0a5f50", "#ffffff"
WORKER: Final = "app-worker.js"
FINER: Final = 4
"""An icon is drawn so many times as large as it is wanted, and made smaller: its edges are smooth then."""

Size = Literal["180", "192", "512"]
ServiceOf = Annotated[Service, Depends(service_of)]


@router.get("/manifest.webmanifest")
async def read_manifest(
    service: ServiceOf,
    lang: Annotated[str, Query(max_length=10)] = CHINESE,
    bank: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """Return what the program is called, in one language and for one bank, how it looks and where it begins."""
    language = lang if lang in {"zh", "en"} else CHINESE
    title = say(language, "page.title")
    name = title
    if bank:
        try:
            name = (await service.bank(bank)).name
        except RefusalError:
            name = title
    said = {
        "id": "/me",
        "name": name,
        "short_name": title,
        "lang": "zh-CN" if language == CHINESE else "en",
        "start_url": "/me",
        "scope": "/",
        "display": "standalone",
        "theme_color": GREEN,
        "background_color": "#f4f6f4",
        "icons": [
            {"src": f"/icons/{size}.png", "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
            for size in ("192", "512")
            for purpose in ("any", "maskable")
        ],
        "shortcuts": [
            {"name": say(language, "page.install.code"), "url": "/me/code"},
            {"name": say(language, "page.sessions.title"), "url": "/sessions"},
        ],
    }
    return Response(
        json.dumps(said, ensure_ascii=False),
        media_type="application/manifest+json",
        headers={"Cache-Control": ASK_AGAIN},
    )


@router.get("/icons/{size}.png")
async def read_icon(size: Annotated[Size, Path()]) -> Response:
    """Return the icon as a picture, drawn when it is first asked for."""
    body = await asyncio.to_thread(icon_of, int(size))
    return Response(body, media_type="image/png", headers={"Cache-Control": FOREVER})


@router.get("/worker.js")
async def read_worker() -> Response:
    """Return the service worker, from where it may answer for every page, with the policy that it fetches by."""
    return Response(
        read_named(WORKER),
        media_type="text/javascript",
        headers={
            "Cache-Control": ASK_AGAIN,
            "Content-Security-Policy": "default-src 'none'; connect-src 'self'",
        },
    )


@router.get("/offline")
async def show_offline(visit: VisitOf) -> Response:
    """Show what the worker keeps for when there is no network: nothing of whoever is logged in stands in it."""
    return visit.page("volunteer/offline.html")


@cache
def icon_of(size: int) -> bytes:
    """Return the icon as PNG: a clock, with as much room around it as a mask may take away."""
    full = size * FINER
    picture = Image.new("RGB", (full, full), GREEN)
    draw = ImageDraw.Draw(picture)
    middle, radius = full / 2, full * 0.29
    draw.ellipse((middle - radius, middle - radius, middle + radius, middle + radius), fill=WHITE)
    width = round(full * 0.06)
    for x, y in ((0.0, -0.19), (0.13, 0.08)):
        end = (middle + x * full, middle + y * full)
        draw.line(((middle, middle), end), fill=GREEN, width=width)
        for at in ((middle, middle), end):
            draw.ellipse(
                (at[0] - width / 2, at[1] - width / 2, at[0] + width / 2, at[1] + width / 2), fill=GREEN
            )
    written = io.BytesIO()
    picture.resize((size, size), Image.Resampling.LANCZOS).save(written, "PNG", optimize=True)
    return written.getvalue()
