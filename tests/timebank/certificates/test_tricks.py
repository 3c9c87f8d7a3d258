"""Prints that show more than what is read of them: pages by another name, forms, patterns, letters of their own."""

import io
from collections.abc import Callable

import pypdf
import pytest
from pypdf.generic import (
    ArrayObject,
    DictionaryObject,
    NameObject,
    NumberObject,
    StreamObject,
    TextStringObject,
)

from tests.timebank.certificates.scene import Scene
from timebank.certificates.printing import render_certificate
from timebank.certificates.verifying import verify

BOX = ArrayObject([NumberObject(0), NumberObject(0), NumberObject(500), NumberObject(500)])


def named(**members: object) -> DictionaryObject:
    """Return a dictionary of a PDF."""
    return DictionaryObject({NameObject(f"/{name}"): value for name, value in members.items()})


def stream(content: bytes, **members: object) -> StreamObject:
    """Return a stream of a PDF."""
    found = StreamObject()
    found.update(named(**members))
    found.set_data(content)
    return found


def paint(writer: pypdf.PdfWriter, content: bytes) -> None:
    """Paint on the first page, after all that is there."""
    page = writer.pages[0]
    there = page.get_contents()
    assert there is not None
    page[NameObject("/Contents")] = writer._add_object(stream(there.get_data() + content))


def resources(writer: pypdf.PdfWriter) -> DictionaryObject:
    """Return what the first page is painted with."""
    found = writer.pages[0]["/Resources"].get_object()
    assert isinstance(found, DictionaryObject)
    return found


def page_by_another_name(writer: pypdf.PdfWriter) -> None:
    """Put a page in front that most viewers show, and that calls itself none."""
    pages = writer.root_object["/Pages"].get_object()
    assert isinstance(pages, DictionaryObject)
    other = named(Type=NameObject("/Other"), Parent=pages.indirect_reference, MediaBox=BOX)
    pages["/Kids"].insert(0, writer._add_object(other))  # type: ignore[attr-defined]


def nothing_is_a_page(writer: pypdf.PdfWriter) -> None:
    """Let all pages call themselves something else."""
    for page in writer.pages:
        page[NameObject("/Type")] = NameObject("/Other")


def form(writer: pypdf.PdfWriter) -> None:
    """Add a form, which some viewers show instead of the pages."""
    writer.root_object[NameObject("/AcroForm")] = named(XFA=TextStringObject("<xdp/>"))


def pattern(writer: pypdf.PdfWriter) -> None:
    """Paint with a pattern, which may hold pictures and text."""
    tile = stream(
        b"BT 30 Tf (9999) Tj ET",
        PatternType=NumberObject(1),
        PaintType=NumberObject(1),
        TilingType=NumberObject(1),
        BBox=BOX,
        XStep=NumberObject(500),
        YStep=NumberObject(500),
        Resources=named(),
    )
    resources(writer)[NameObject("/Pattern")] = named(P=writer._add_object(tile))
    paint(writer, b"\nq /Pattern cs /P scn 0 0 500 500 re f Q\n")


def letters_of_its_own(writer: pypdf.PdfWriter) -> None:
    """Paint a space that is drawn as whatever one likes."""
    matrix = ArrayObject([NumberObject(number) for number in (1, 0, 0, 1, 0, 0)])
    font = named(
        Type=NameObject("/Font"),
        Subtype=NameObject("/Type3"),
        FontBBox=BOX,
        FontMatrix=matrix,
        FirstChar=NumberObject(32),
        LastChar=NumberObject(32),
        Widths=ArrayObject([NumberObject(1)]),
        Encoding=named(Differences=ArrayObject([NumberObject(32), NameObject("/space")])),
        CharProcs=named(space=writer._add_object(stream(b"1 0 d0 0 0 1 1 re f"))),
    )
    fonts = resources(writer)["/Font"].get_object()
    assert isinstance(fonts, DictionaryObject)
    fonts[NameObject("/T3")] = writer._add_object(font)
    paint(writer, b"\nBT /T3 100 Tf 100 400 Td ( ) Tj ET\n")


@pytest.mark.parametrize(
    ("trick", "code"),
    [
        (page_by_another_name, "text_differs"),
        (nothing_is_a_page, "not_a_certificate"),
        (form, "text_differs"),
        (pattern, "text_differs"),
        (letters_of_its_own, "text_differs"),
    ],
)
async def test_a_print_that_shows_more_is_found_out(
    scene: Scene, trick: Callable[[pypdf.PdfWriter], None], code: str
) -> None:
    document = await scene.issued()
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(render_certificate(scene.opened(document), document)))
    plain, tricked = io.BytesIO(), io.BytesIO()
    writer.write(plain)
    assert verify(plain.getvalue(), [scene.key.verifier]).code == "valid"
    trick(writer)
    writer.write(tricked)
    assert verify(tricked.getvalue(), [scene.key.verifier]).code == code
