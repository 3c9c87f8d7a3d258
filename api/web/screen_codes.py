"""The rotating codes of a screen, a station's or a merchant's, as its script fetches them ahead."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from starlette.responses import JSONResponse, Response

from api.addresses import public_url
from api.web.visit import LOGIN_OVER, Visit
from timebank.codes.rules import link
from timebank.errors import RefusalError


class ScreenCode(Protocol):
    """A code and when it is shown."""

    @property
    def text(self) -> str:
        """What its address ends in."""

    @property
    def valid_from(self) -> datetime:
        """When it is shown first."""

    @property
    def expires_at(self) -> datetime:
        """When the next one is shown instead."""


async def codes_answer(visit: Visit, codes: Sequence[ScreenCode], counts: Mapping[str, object]) -> Response:
    """Return the codes with their moments, and what the screen counts."""
    address = await public_url(visit.request)
    shown = [
        {
            "link": link(address, code.text),
            "from": _milliseconds(code.valid_from),
            "until": _milliseconds(code.expires_at),
        }
        for code in codes
    ]
    said = {"now": _milliseconds(visit.now), "codes": shown, "counts": counts}
    return visit.finish(JSONResponse(said))


def refused_answer(visit: Visit, refusal: RefusalError) -> Response:
    """Return why there is no code, in words; 401 if the login is over."""
    status = 401 if refusal.code in LOGIN_OVER else 409
    return JSONResponse({"sentence": visit.say(refusal.code, **refusal.params)}, status_code=status)


def _milliseconds(at: datetime) -> int:
    """Return a moment as scripts count it."""
    return int(at.timestamp() * 1000)
