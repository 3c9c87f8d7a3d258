"""Words for people: both languages say the same things, and everything that can be said has words."""

import ast
import json
import re
import string
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import get_args

import pytest

from ledger.audit.violations import CODES
from ledger.values import CAPTURE, CARRY_OVER, EXPIRE, HOLD, RELEASE, REVERSAL, Refused
from timebank.notices.crediting import CREDIT
from timebank.postgres.errors import EXPLANATIONS
from timebank.records.deciding import Outcome
from timebank.totals.queries import NOT_REFUSED
from timebank.words import LANGUAGES, both, words
from timebank.workbook import booking
from timebank.workbook.words import FATES, REASONS, REFUSALS

SOURCES = Path(__file__).parents[2]
TEXTS = {
    language: json.loads((files("timebank.locale") / f"{language}.json").read_text(encoding="utf-8"))
    for language in LANGUAGES
}
SAYING = {"RefusalError", "OutageError", "EmbeddedServerError", "fail", "both", "words", "table"}


def parameters(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def sayings() -> Iterator[tuple[str, str, set[str] | None]]:
    """Yield each code that the source says, where, and with which parameters (None where it cannot be seen)."""
    for package in ("ledger", "timebank", "api"):
        for path in (SOURCES / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and name_of(node.func) in SAYING:
                    yield from said(node, f"{path.relative_to(SOURCES)}:{node.lineno}")


def name_of(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def said(node: ast.Call, place: str) -> Iterator[tuple[str, str, set[str] | None]]:
    is_table = name_of(node.func) == "table"
    given = (
        None
        if is_table or any(word.arg is None for word in node.keywords)
        else {str(word.arg) for word in node.keywords}
    )
    for argument in node.args if is_table else node.args[:1]:
        for literal in literals(argument):
            yield literal.removeprefix("#"), place, given


def literals(argument: ast.expr) -> list[str]:
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        return [argument.value]
    if isinstance(argument, ast.IfExp):
        return literals(argument.body) + literals(argument.orelse)
    return []


def test_both_languages_have_the_same_words_with_the_same_parameters() -> None:
    chinese, english = (TEXTS[language] for language in LANGUAGES)
    assert chinese.keys() == english.keys()
    for code, text in chinese.items():
        assert parameters(text) == parameters(english[code]), code
        # What only joins other words has none of its own.
        own = re.sub(r"\{[^}]*\}", "", text)
        assert re.search("[\u4e00-\u9fff]", text) or not re.search("[A-Za-z]", own), code
        assert not re.search("[\u4e00-\u9fff]", english[code].replace("“", "").replace("”", "")), code


def test_everything_that_is_said_has_words_and_gets_its_parameters() -> None:
    spoken = list(sayings())
    assert len(spoken) > 100
    for code, place, given in spoken:
        assert code in TEXTS["zh"], f"{place} says {code}"
        if given is not None:
            needed = parameters(TEXTS["zh"][code])
            given -= {"exit_code"}
            assert needed <= given, f"{place} says {code} without {needed - given}"


def test_every_code_of_the_embedded_server_has_words() -> None:
    for code, explanation in EXPLANATIONS.items():
        assert parameters(TEXTS["zh"][code]) <= parameters(explanation), code


def test_every_kind_of_movement_has_words() -> None:
    kinds = {EXPIRE, CARRY_OVER, HOLD, CAPTURE, RELEASE, REVERSAL, "crossing"}
    kinds |= {CREDIT, booking.AWARD, booking.REDEMPTION, booking.RECEIPT}
    for kind in kinds:
        assert both(f"kind_{kind}")


@pytest.mark.parametrize("step", ["read", "store", "book", "report"])
def test_every_step_of_an_import_has_words(step: str) -> None:
    assert both(f"step_{step}")


def test_every_refusal_of_the_ledger_is_a_fate_of_a_row() -> None:
    documented = set(re.findall(r"`([a-z_]+)`", Refused.__doc__ or ""))
    assert {"insufficient", "period_closed"} < documented
    # A row neither reverses nor resolves, and a shortage is said as one of points or of goods.
    others = {"unknown_transaction", "not_reversible", "not_a_hold", "already_reversed", "already_resolved"}
    others |= {"hold_expired", "insufficient", "detail"}
    assert documented - others <= FATES.keys()


def test_every_fate_and_refusal_of_a_workbook_is_said_twice() -> None:
    for said_of in (FATES, REFUSALS, REASONS):
        for code, (chinese, english) in said_of.items():
            assert re.search("[\u4e00-\u9fff]", chinese), code
            assert re.search("[a-z]", english), code
            assert parameters(chinese) == parameters(english), code


def test_the_source_speaks_of_no_fate_or_refusal_without_words() -> None:
    spoken: dict[str, str] = {}
    for path in (SOURCES / "timebank" / "workbook").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and name_of(node.func) in {"fate", "CellError", "WorkbookRefused"}:
                for literal in literals(node.args[0]) if node.args else []:
                    spoken[literal] = path.name
    assert len(spoken) > 20
    for code, file in spoken.items():
        assert code in FATES or code in REFUSALS, f"{file} says {code}"


def test_every_violation_has_words() -> None:
    assert {invariant for invariant, _, _ in CODES.values()} == set(range(1, 11))
    for code, (_, chinese, english) in CODES.items():
        assert re.search("[\u4e00-\u9fff]", chinese), code
        assert re.search("[a-z]", english), code


def test_every_outcome_of_a_record_has_words() -> None:
    for outcome in get_args(Outcome):
        assert words(f"record_{outcome}")
    assert set(NOT_REFUSED) - {"accepted"} <= FATES.keys()


@pytest.mark.parametrize(
    ("count", "said"),
    [(1, "1 place left"), ("1", "1 place left"), (0, "0 places left"), (21, "21 places left")],
)
def test_one_is_told_from_many(count: object, said: str) -> None:
    assert words("page.me.free", count=count) == (f"余 {count} 个名额", said)


def test_where_one_is_told_from_many_there_are_words_for_both() -> None:
    for text in (text for texts in TEXTS.values() for text in texts.values()):
        for _, _, spec, _ in string.Formatter().parse(text):
            assert all(spec.split("|")) if spec else True, text
