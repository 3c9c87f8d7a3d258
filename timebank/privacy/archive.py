"""The ZIP of everything about a person: JSON for programs, a page for people, proofs for whoever checks.

Packing needs no database and can be done elsewhere.
"""

import html
import io
import json
import zipfile
from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from timebank.privacy.export import Collected
from timebank.words import words


def pack(collected: Collected) -> bytes:
    """Return the ZIP: `index.html` for people, `data/*.json` for programs, `proofs/*.json` to be checked offline."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("index.html", page(collected))
        for name, rows in collected.parts.items():
            archive.writestr(
                f"data/{name}.json", json.dumps(rows, ensure_ascii=False, indent=1, default=_plain)
            )
        for transaction_id, proof in collected.proofs.items():
            archive.writestr(f"proofs/{transaction_id}.json", proof)
    return out.getvalue()


def page(collected: Collected) -> str:
    """Return the parts as one page of tables, in both languages."""
    at = _shown(collected.collected_at, collected.zone)
    body = [f"<h1>{_both('export_title')}</h1>", f"<p>{html.escape(collected.bank)} · {at}</p>"]
    body.append(f"<p>{_both('export_intro')}</p>")
    for name, rows in collected.parts.items():
        body.append(f"<h2>{_both(f'export_{name}')}</h2>")
        if not rows:
            body.append(f"<p>{_both('export_nothing')}</p>")
            continue
        columns = "".join(f"<th>{_both(f'export_column_{key}')}</th>" for key in rows[0])
        lines = (
            "".join(f"<td>{_shown(value, collected.zone)}</td>" for value in row.values()) for row in rows
        )
        body.append(f"<table><tr>{columns}</tr>")
        body.extend(f"<tr>{line}</tr>" for line in lines)
        body.append("</table>")
    return _PAGE.format(title=_both("export_title"), body="\n".join(body))


_PAGE = """<!doctype html>
<html lang="zh">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 18px/1.5 sans-serif; margin: 2em; }}
table {{ border-collapse: collapse; }}
th, td {{ border: 1px solid #888; padding: .3em .6em; text-align: left; vertical-align: top; }}
</style>
</head>
<body>
{body}
</body>
</html>
"""


def _both(code: str) -> str:
    chinese, english = words(code)
    return f"{html.escape(chinese)} <small>{html.escape(english)}</small>"


def _shown(value: object, zone: ZoneInfo) -> str:
    """Return a value as a page shows it: times by the clock on the bank's wall."""
    if value is None:
        return "—"
    if isinstance(value, bool):
        return "是 / yes" if value else "否 / no"
    if isinstance(value, datetime):
        return f"{value.astimezone(zone):%Y-%m-%d %H:%M}"
    if isinstance(value, (list, tuple)):
        return html.escape("、".join(map(str, value)))
    if isinstance(value, Mapping):
        return html.escape(json.dumps(value, ensure_ascii=False)) if value else ""
    return html.escape(str(value))


def _plain(value: object) -> object:
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    msg = f"{type(value).__name__} has no JSON form"
    raise TypeError(msg)
