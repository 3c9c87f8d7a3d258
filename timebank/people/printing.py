"""The printed card: its token as a symbol and in letters, and a masked name, for it may be lost."""

from timebank.codes.images import qr_svg
from timebank.codes.sheets import set_sheet
from timebank.words import words


def render_card(*, bank: str, masked_name: str, token: str) -> bytes:
    """Return a PDF of one page, 85.6 by 54 millimetres. Slow enough for a thread."""
    said = {"bank": bank, "name": masked_name, "token": token, "symbol": qr_svg(token)}
    for key in ("title", "show"):
        said[f"{key}_zh"], said[f"{key}_en"] = words(f"card_{key}")
    return set_sheet("timebank.people", "card.typ", said, "pdf")
