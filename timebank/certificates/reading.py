"""Reading a PDF that somebody hands in: what is attached to it, and what its pages say.

Whatever a stranger sends may be made to hurt the reader: a server reads it in a process of its own, which may take so
much memory and time and no more (`read_apart`). The command reads in its own process.
"""

import asyncio
import io
import json
import resource
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from timebank.certificates.document import MAX_BYTES
from timebank.certificates.wording import ATTACHMENT
from timebank.errors import OutageError

if TYPE_CHECKING:
    from pypdf import PageObject, PdfReader

PDF_MARK: Final = b"%PDF-"
_SHOWS_MORE: Final = frozenset({"/AcroForm", "/Collection", "/OCProperties", "/OpenAction", "/AA"})
"""What a viewer may show instead of the pages, or do with them: forms, portfolios, layers, actions."""
_PAINTS: Final = frozenset({"/XObject", "/Pattern", "/Shading"})
"""What a page may be painted with besides text and lines; no print of ours has any of it."""
MAX_PDF_BYTES: Final = 8 * 1024 * 1024
MAX_PAGES: Final = 400
MEMORY_BYTES: Final = 1024 * 1024 * 1024
CPU_SECONDS: Final = 15
"""A certificate of five hundred records takes two."""
SECONDS: Final = 25
"""Within the time that a request has; a busy machine is an outage, and nothing that a file is to blame for."""


class UnreadableError(ValueError):
    """A file that is no PDF with a certificate in it."""


@dataclass(frozen=True, slots=True)
class ReadFile:
    """The document that is attached, and each page's text.

    `is_plain` if the pages hold text and lines only and are all that a viewer shows.
    """

    document: str
    pages: tuple[str, ...]
    is_plain: bool


def read_pdf(content: bytes) -> ReadFile:
    """Read a PDF.

    Raises:
        UnreadableError: it is too large, broken, or has not one certificate attached.
    """
    if len(content) > MAX_PDF_BYTES or not content.startswith(PDF_MARK):
        raise UnreadableError
    try:
        return _read(content)
    except UnreadableError:
        raise
    except Exception as error:
        raise UnreadableError from error


async def read_apart(content: bytes) -> ReadFile:
    """Read a PDF in a process of its own, which is killed if it takes too long.

    Raises:
        UnreadableError: as `read_pdf`, and what takes too much of a processor's time or of memory.
        OutageError: `timed_out`; the same file may be read later.
    """
    if len(content) > MAX_PDF_BYTES or not content.startswith(PDF_MARK):
        raise UnreadableError
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "timebank.certificates.reading",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(SECONDS):
            out, _ = await process.communicate(content)
    except TimeoutError:
        raise OutageError("timed_out") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise UnreadableError
    found = json.loads(out)
    return ReadFile(found["document"], tuple(found["pages"]), found["is_plain"])


def _read(content: bytes) -> ReadFile:
    from pypdf import PdfReader  # noqa: PLC0415 -- a server never reads one itself, and need not load it

    reader = PdfReader(io.BytesIO(content))
    if not 0 < len(reader.pages) <= MAX_PAGES:
        raise UnreadableError
    attached = reader.attachments
    if list(attached) != [ATTACHMENT] or len(attached[ATTACHMENT]) != 1:
        raise UnreadableError
    document = attached[ATTACHMENT][0]
    if len(document) > MAX_BYTES:
        raise UnreadableError
    pages = tuple(page.extract_text() for page in reader.pages)
    is_plain = _is_all(reader) and all(_is_plain(page) for page in reader.pages)
    return ReadFile(document.decode(), pages, is_plain)


def _is_all(reader: "PdfReader") -> bool:
    """Tell whether the pages that were read are all that a viewer shows.

    What stands among the pages and calls itself something else is passed over here, and is a page to most viewers.
    """
    from pypdf.generic import DictionaryObject  # noqa: PLC0415 -- as above

    root = reader.root_object
    waiting, found = [root["/Pages"]], 0
    while waiting:
        node = waiting.pop().get_object()
        kind = node.get("/Type") if isinstance(node, DictionaryObject) else None
        if kind == "/Page":
            found += 1
        elif kind == "/Pages":
            waiting += node["/Kids"]  # type: ignore[index, arg-type, unused-ignore]  # else there are no pages at all
        else:
            return False
    return found == len(reader.pages) and not _SHOWS_MORE & root.keys()


def _is_plain(page: "PageObject") -> bool:
    """Tell whether a page has nothing with which a print can be painted over: notes, pictures, or drawn letters."""
    if "/Annots" in page or page.images.keys():
        return False
    painted: Any = page["/Resources"]
    fonts = painted.get("/Font", {}).values()
    is_drawn = any(font.get_object().get("/Subtype") == "/Type3" for font in fonts)
    return not (is_drawn or _PAINTS & painted.keys())


def _main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    try:
        found = read_pdf(sys.stdin.buffer.read())
    except UnreadableError:
        sys.exit(1)
    said = {"document": found.document, "pages": found.pages, "is_plain": found.is_plain}
    sys.stdout.write(json.dumps(said))


if __name__ == "__main__":
    _main()
