"""Setting printed things by typst: a template beside the code, and what is said as data. Slow enough for a thread."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final, Literal, TypeAlias

import pylopdf_fonts_zh_cn
import typst

SheetFormat: TypeAlias = Literal["pdf", "svg", "png"]

Standard: TypeAlias = Literal["a-3b"]

PIXELS_PER_INCH: Final = 150


def set_sheet(
    package: str,
    template: str,
    said: Mapping[str, str],
    form: SheetFormat,
    *,
    standard: Standard | None = None,
) -> bytes:
    """Return a template, filled: `said` reaches it as `sys.inputs`, so that no name is taken for markup.

    The fonts are those of the wheel only, so that every machine prints the same. A `standard` holds a PDF to it: what
    the fonts do not have is then a mistake of the caller, and no gap in the print.
    """
    return typst.compile(
        _template(package, template),
        format=form,
        ppi=PIXELS_PER_INCH,
        font_paths=_fonts(),
        sys_inputs=dict(said),
        pdf_standards=[standard] if standard else [],
    )


@cache
def _template(package: str, template: str) -> bytes:
    return files(package).joinpath(template).read_bytes()


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(
        include_system_fonts=False,
        include_embedded_fonts=False,
        font_paths=[pylopdf_fonts_zh_cn.sans_path().parent],
    )
