"""An empty workbook with every sheet and column that an import knows: the form that an office fills in."""

import io
from functools import cache

from timebank.workbook.sheets import FORMS
from timebank.workbook.sheetwriter import WorkbookWriter

_WIDTH = 16


@cache
def blank_workbook() -> bytes:
    """Return the .xlsx file."""
    out = io.BytesIO()
    with WorkbookWriter(out) as writer:
        for form in FORMS.values():
            titles = [column.title for column in form.columns]
            sheet = writer.sheet(form.title, header_rows=1, widths=[_WIDTH] * len(titles))
            sheet.write_titles(1, titles)
    return out.getvalue()
