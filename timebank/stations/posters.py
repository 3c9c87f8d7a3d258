"""The printed poster of a station: one A4 sheet with its static code. Slow enough for a thread."""

from dataclasses import dataclass
from typing import Final

from timebank.codes.images import qr_svg
from timebank.codes.sheets import SheetFormat, set_sheet
from timebank.words import words

WORDS: Final = ("title", "scan", "twice", "steward")


@dataclass(frozen=True, slots=True)
class Poster:
    """What stands on a poster; `number` tells posters of one station apart, `link` is in the symbol."""

    organisation: str
    name: str
    place: str
    number: str
    link: str


def render_poster(poster: Poster, form: SheetFormat) -> bytes:
    """Return the sheet."""
    said = {
        "organisation": poster.organisation,
        "name": poster.name,
        "place": poster.place,
        "symbol": qr_svg(poster.link),
    }
    said["number_zh"], said["number_en"] = words("poster_number", number=poster.number)
    for key in WORDS:
        said[f"{key}_zh"], said[f"{key}_en"] = words(f"poster_{key}")
    return set_sheet("timebank.stations", "poster.typ", said, form)
