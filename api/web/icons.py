"""Icons: drawn into the page, so that none is fetched. They say nothing by themselves: words stand beside them."""

import re
from functools import cache

from markupsafe import Markup

from api.web.packages import package_file

_DRAWING = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)
_NAME = re.compile(r"[a-z0-9-]+")


@cache
def icon(name: str) -> Markup:
    """Return an icon of Lucide's by its name.

    Raises:
        FileNotFoundError: there is none of that name.
    """
    assert _NAME.fullmatch(name)  # noqa: S101 -- a template's own word
    drawing = package_file("lucide-static", f"icons/{name}.svg").decode()
    found = _DRAWING.search(drawing)
    assert found is not None  # noqa: S101 -- each is one drawing
    lines = "".join(line.strip() for line in found[1].splitlines())
    return Markup(f'<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">{lines}</svg>')  # noqa: S704 -- of a package
