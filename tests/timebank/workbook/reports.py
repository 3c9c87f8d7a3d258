"""Reading the report that an import writes: an answer to every row, and nobody's name."""

import re
import zipfile
from collections import Counter
from pathlib import Path

from python_calamine import CalamineWorkbook

from ledger.session import ReadTx
from tests.timebank.offices import Books
from timebank.database import Bank, Database
from timebank.workbook.sheets import FORMS
from timebank.workbook.words import FATES


def assert_answers(path: Path, report: Path, counts: dict[str, dict[str, int]]) -> None:
    """Assert that every row came back under its number with a fate, and that the summary counts them."""
    asked, answered = CalamineWorkbook.from_path(path), CalamineWorkbook.from_path(report)
    for title in FORMS:
        given = {place: row for place, row in numbered(asked, title).items() if any(row)}
        told = numbered(answered, title)
        codes: Counter[str] = Counter()
        (header, *_) = given
        for place in list(given)[1:]:
            found = re.search(r"\[([a-z_, ]+)\]$", str(told[place][-1]))
            assert found is not None, (title, place, told[place])
            code = found[1].split(", ")[0]
            assert code in FATES
            assert told[place][-2]
            codes[code] += 1
        assert told[header][-2:] == ["结果", "Result"]
        assert dict(codes) == counts[title]


def numbered(book: CalamineWorkbook, title: str) -> dict[int, list[object]]:
    """Return the rows of a sheet by the number that the spreadsheet shows."""
    rows = book.get_sheet_by_name(title).to_python(skip_empty_area=False)
    return {place: list(row) for place, row in enumerate(rows, 1)}


def persons(path: Path) -> set[str]:
    """Return what would name somebody: each name, ID number and phone of a workbook."""
    header, *rows = numbered(CalamineWorkbook.from_path(path), "志愿者").values()
    places = [header.index(title) for title in ("姓名", "证件号码", "手机号")]
    named = {str(row[place]).strip() for row in rows for place in places}
    # Two letters may be part of any word; three and more are looked for everywhere.
    return {value for value in named if len(value) > 2}


async def assert_nobody_is_named(database: Database, bank: Bank, path: Path, report: Path) -> None:
    named = persons(path)
    assert len(named) > 5_000
    with zipfile.ZipFile(report) as archive:
        written = "".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist())
    assert not named & words_of(written, named)

    async def stored(tx: ReadTx) -> str:
        texts: list[str] = []
        tables = await tx.connection.fetch(
            "select relname from pg_class c where relnamespace = 'timebank'::regnamespace"
            " and relkind = 'r' and has_table_privilege(oid, 'select')"
        )
        for (table,) in tables:
            rows = await tx.connection.fetch(f"select t::text from {table} t")
            texts.extend(str(row[0]) for row in rows)
        return "\n".join(texts)

    assert not named & words_of(await database.read(bank, stored), named)


def words_of(text: str, named: set[str]) -> set[str]:
    """Return which of the values stand anywhere in the text, inside of longer words too."""
    lengths = {len(value) for value in named}
    text = re.sub(r"\\x[0-9a-f]+", "", text)  # bytes: digests, and what is sealed
    # Ids are drawn at random, and with thousands of phones one may stand in one of them by chance.
    text = re.sub(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", "", text)
    words = set(re.findall(r"[0-9A-Za-z]{6,}|[\u4e00-\u9fff]{3,}", text))
    return {
        word[at : at + length]
        for word in words
        for length in lengths
        for at in range(len(word) - length + 1)
        if word[at : at + length] in named
    }


def dict_of(found: Books) -> dict[tuple[str, str | None], int]:
    """Count transactions by kind and refusal."""
    counted: Counter[tuple[str, str | None]] = Counter()
    for kind, _, refusal, count in found["transactions"]:
        counted[kind, refusal] += count
    return counted


def cells_of(path: Path) -> list[list[list[object]]]:
    book = CalamineWorkbook.from_path(path)
    return [list(numbered(book, title).values()) for title in book.sheet_names]


def spoil(path: Path, out: Path, before: str, after: str) -> None:
    """Put into a file what no library would write."""
    with zipfile.ZipFile(path) as given, zipfile.ZipFile(out, "w") as made:
        for name in given.namelist():
            text = given.read(name)
            if name == "xl/sharedStrings.xml":
                assert before.encode() in text
                text = text.replace(before.encode(), after.encode())
            made.writestr(name, text)
