"""The print: text that can be taken out, a symbol that can be read, and nothing that differs from what was signed."""

import io
from dataclasses import replace

import pypdf
import pytest
import typst
from pypdf.generic import ArrayObject, DictionaryObject, NameObject

from ledger.session import WriteTx
from tests.timebank.certificates.scene import FIELDS, Scene, serve
from tests.timebank.codes.decoding import decode_zxing
from timebank.certificates.document import Certificate
from timebank.certificates.encoding import signed
from timebank.certificates.glyphs import has_glyph
from timebank.certificates.printing import render_certificate
from timebank.certificates.reading import MAX_PDF_BYTES, UnreadableError, read_apart, read_pdf
from timebank.certificates.verifying import verify
from timebank.certificates.wording import compared, printable
from timebank.codes.images import qr_png

RARE = "\U0002c386"
"""A character of names that the printing font has not."""


@pytest.fixture
async def document(scene: Scene) -> str:
    return await scene.issued()


def printed(pdf: bytes) -> str:
    """Return all text of a PDF."""
    return "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)


async def test_the_print_holds_and_its_chinese_can_be_taken_out(scene: Scene, document: str) -> None:
    certificate = scene.opened(document)
    pdf = render_certificate(certificate, document)
    said = verify(pdf, [scene.key.verifier])
    assert (said.code, said.is_print_compared, said.certificate) == ("valid", True, certificate)
    text = printed(pdf)
    for expected in ("志愿服务记录证明", FIELDS["name"], "累计服务时长 6 小时", "清洁日", certificate.number):
        assert expected in text
    assert FIELDS["id_number"] not in text
    assert render_certificate(certificate, document) == pdf


async def test_it_is_an_archival_pdf_with_its_fonts_and_the_document_inside(
    scene: Scene, document: str
) -> None:
    reader = pypdf.PdfReader(io.BytesIO(render_certificate(scene.opened(document), document)))
    assert reader.attachments["timebank-certificate.txt"] == [document.encode()]
    metadata = reader.xmp_metadata
    assert metadata is not None
    assert (metadata.pdfaid_part, metadata.pdfaid_conformance) == ("3", "B")
    fonts = reader.pages[0]["/Resources"]["/Font"]  # type: ignore[index]  # a page has them
    for font in fonts.values():
        descriptor = font.get_object()["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
        assert {"/FontFile2", "/FontFile3"} & set(descriptor)


async def test_the_symbol_leads_to_the_page_of_the_number(scene: Scene, document: str) -> None:
    certificate = scene.opened(document)
    assert certificate.link == f"HTTPS://TB.EXAMPLE.ORG/V/{certificate.number}"
    assert decode_zxing(qr_png(certificate.link)) == [certificate.link]
    assert decode_zxing(picture_of(certificate, document)) == [certificate.link]


def picture_of(certificate: Certificate, document: str) -> bytes:
    """Return the first page of a print as a picture: an image of the PDF, set by the typesetter."""
    pdf = render_certificate(certificate, document)
    page: bytes = typst.compile(
        b'#set page(width: 210mm, height: 297mm, margin: 0mm)\n#image(bytes(sys.inputs.pdf.split(",").map(int)), '
        b'format: "pdf")',
        format="png",
        ppi=150,
        sys_inputs={"pdf": ",".join(map(str, pdf))},
    )
    return page


@pytest.mark.parametrize("field", ["name", "id_number", "minutes", "organisation", "day", "from_on"])
async def test_a_print_that_says_something_else_is_found_out(scene: Scene, document: str, field: str) -> None:
    real = scene.opened(document)
    first = real.records[0]
    other = {
        "name": lambda: replace(real, holder=replace(real.holder, name="测试李四")),
        "id_number": lambda: replace(real, holder=replace(real.holder, id_number=FIELDS["id_number"])),
        "minutes": lambda: replace(real, minutes=real.minutes + 60),
        "organisation": lambda: replace(real, issuer=replace(real.issuer, organisation="别处")),
        "day": lambda: replace(real, records=(replace(first, day=real.until_on), *real.records[1:])),
        "from_on": lambda: replace(real, from_on=real.until_on),
    }[field]()
    said = verify(render_certificate(other, document), [scene.key.verifier])
    assert (said.code, said.certificate) == ("text_differs", real)


async def test_a_note_stuck_on_the_print_is_found_out(scene: Scene, document: str) -> None:
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(render_certificate(scene.opened(document), document)))
    writer.pages[0][NameObject("/Annots")] = ArrayObject([DictionaryObject()])
    out = io.BytesIO()
    writer.write(out)
    assert verify(out.getvalue(), [scene.key.verifier]).code == "text_differs"


async def test_many_records_flow_over_pages_with_their_heading_and_hold(scene: Scene) -> None:
    await serve(scene.database, scene.cast, times=27)
    await scene.database.write(scene.cast.bank, describe)
    await scene.seal()
    document = await scene.issued()
    certificate = scene.opened(document)
    assert len(certificate.records) == 30
    pdf = render_certificate(certificate, document)
    pages = read_pdf(pdf).pages
    assert len(pages) > 3
    assert all("活动名称 Activity" in page for page in pages[:-1])
    assert verify(pdf, [scene.key.verifier]).code == "valid"
    other = replace(certificate, records=(certificate.records[0], *certificate.records[:-1]))
    assert verify(render_certificate(other, document), [scene.key.verifier]).code == "text_differs"


async def describe(tx: WriteTx) -> None:
    """Say much about every activity."""
    await tx.connection.execute(
        "update activities set content = repeat('整理图书，接待来访，', 40) where bank_id = $1", tx.bank_id
    )


async def test_a_rare_character_is_printed_as_its_code_and_compared_as_itself(
    scene: Scene, document: str
) -> None:
    assert not has_glyph(RARE)
    real = scene.opened(document)
    rare = replace(real, holder=replace(real.holder, name=f"测试{RARE}\u200b明"))
    note = signed(rare, scene.key)
    pdf = render_certificate(rare, note)
    assert "测试【U+2C386】明" in printed(pdf)
    assert verify(pdf, [scene.key.verifier]).code == "valid"
    assert printable("\u202e甲\n乙\x00", has_glyph) == "甲 乙"
    assert compared("【U+4E00】Ａ⼀ 1") == "一A一1"


async def test_it_is_read_in_a_process_apart(scene: Scene, document: str) -> None:
    pdf = render_certificate(scene.opened(document), document)
    assert await read_apart(pdf) == read_pdf(pdf)
    for broken in (pdf[:2000], b"%PDF-" + bytes(100), b"no pdf", b"%PDF-" + bytes(MAX_PDF_BYTES)):
        with pytest.raises(UnreadableError):
            read_pdf(broken)
    with pytest.raises(UnreadableError):
        await read_apart(pdf[:2000])


async def test_a_pdf_changed_anywhere_never_crashes_the_reader(scene: Scene, document: str) -> None:
    pdf = render_certificate(scene.opened(document), document)
    keys = [scene.key.verifier]
    for place in range(7, len(pdf), len(pdf) // 12):
        for changed in (
            pdf[:place] + bytes([pdf[place] ^ 0xFF]) + pdf[place + 1 :],
            pdf[:place] + pdf[place + 50 :],
        ):
            said = verify(changed, keys)
            if said.is_valid:  # the change was in something that nobody reads: the document is the same
                assert said.certificate == scene.opened(document)
