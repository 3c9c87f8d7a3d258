"""The annual pack as a PDF to be read, approved and sealed: the list by level, the totals, and what holds it."""

import json
from typing import Final

from ledger.session import ReadTx
from timebank.certificates.glyphs import has_glyph
from timebank.certificates.wording import printable
from timebank.codes.images import qr_svg
from timebank.codes.sheets import set_sheet
from timebank.errors import RefusalError
from timebank.recognition.pack import PackLine, in_both, pack_lines, pack_totals, step_heads, step_label
from timebank.recognition.pack_about import about
from timebank.recognition.queries import Round
from timebank.recognition.totals import NodeTotal
from timebank.vault.cipher import Cipher
from timebank.words import words

MOST_PRINTED: Final = 20_000
"""Names on paper: a thousand pages are nobody's list any more, and are set in memory. The workbook has them all."""

_WORDS: Final = (
    "list",
    "totals",
    "named",
    "hours",
    "place",
    "tied",
    "name",
    "code",
    "community",
    "organisation",
    "none",
    "prepared",
    "reviewed",
    "approved",
    "seal",
    "date",
    "digest",
    "about",
    "masked",
)


async def read_pack_sheet(tx: ReadTx, cipher: Cipher, found: Round, *, in_full: bool) -> dict[str, object]:
    """Return what the PDF says, as data.

    Raises:
        RefusalError: `pack_too_long` for paper; `vault_key_wrong`.
    """
    levels: dict[int, list[list[str]]] = {}
    named = 0
    async for line in pack_lines(tx, cipher, found.id, in_full=in_full, states=("proposed",)):
        named += 1
        if named > MOST_PRINTED:
            raise RefusalError("pack_too_long", limit=MOST_PRINTED)
        levels.setdefault(line.candidate.level, []).append(_cells(line))
    others = (found.candidates or 0) - named
    return {
        "title": found.title,
        "organisation": found.organisation,
        "period": f"{found.from_on} — {found.until_on}",
        "label": in_both(found.criteria.label),
        "levels": [
            {"label": step_label(found, level), "lines": lines}
            for level, lines in sorted(levels.items(), reverse=True)
        ],
        "steps": step_heads(found),
        "totals": [_total(found, total) for total in await pack_totals(tx, found)],
        "about": about(tx, found, named=named, others=others),
        "digest": found.digest.hex() if found.digest else "",
        "is_masked": not in_full,
    }


def render_pack(said: dict[str, object]) -> bytes:
    """Return the PDF: the same bytes each time. For a thread."""
    told = {key: dict(zip(("zh", "en"), words(f"pack_{key}"), strict=True)) for key in _WORDS}
    inputs = {
        "said": printable(json.dumps(said, ensure_ascii=False), has_glyph),
        "words": json.dumps(told, ensure_ascii=False),
        "symbol": qr_svg(str(said["digest"]).upper()),
    }
    return set_sheet("timebank.recognition", "pack.typ", inputs, "pdf")


def _cells(line: PackLine) -> list[str]:
    each = line.candidate
    tied = str(each.tied) if each.tied > 1 else ""
    hours = f"{each.minutes / 60:.2f}".rstrip("0").rstrip(".")
    return [str(each.place), line.name, each.code or "", each.community or "", hours, tied]


def _total(found: Round, total: NodeTotal) -> dict[str, object]:
    whole = total.whole
    levels = [*whole.levels, *[0] * (len(found.criteria.step_hours) - len(whole.levels))]
    return {
        "name": total.node.name if total.node else "",
        "depth": total.depth,
        "named": whole.named,
        "levels": levels,
        "hours": f"{whole.minutes / 60:.2f}".rstrip("0").rstrip("."),
    }
