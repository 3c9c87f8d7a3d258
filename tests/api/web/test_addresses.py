"""Addresses are written down by servers and kept by browsers: no code, name or number of anybody stands in one."""

import re
from pathlib import Path

import api.web

TEMPLATES = Path(api.web.__file__).parent / "templates"
ASKED = frozenset(
    {"as_of", "state", "closed", "organisation", "shop", "month", "against", "purpose", "since", "until"}
)
"""What a desk looks at: days, states and places."""
SEARCHED = frozenset({"text", "where", "category"})
"""What sessions and goods are looked for by: words of theirs."""
PRINTED = frozenset({"number", "receipt"})
"""What stands on a certificate or a receipt, and says nothing of whose it is."""
_FORM = re.compile(r"<form\b([^>]*)>(.*?)</form>", re.DOTALL)
_FIELD = re.compile(r'<(?:input|select|textarea|button)\b[^>]*?\bname="([^"]*)"')


def test_a_form_that_goes_into_the_address_asks_for_nothing_of_anybody() -> None:
    asked: dict[str, set[str]] = {}
    for path in TEMPLATES.rglob("*.html"):
        for attributes, body in _FORM.findall(path.read_text(encoding="utf-8")):
            if 'method="post"' not in attributes:
                asked.setdefault(str(path.relative_to(TEMPLATES)), set()).update(_FIELD.findall(body))
    assert len(asked) > 5
    assert {name: more for name, each in asked.items() if (more := each - ASKED - SEARCHED - PRINTED)} == {}
