"""Words of what people are told: every kind that the source tells has them, with params that it gives."""

import ast
import string
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from timebank.jobs import release_holds
from timebank.merchants.rules import Step
from timebank.messages.rendering import UNITS, in_all_languages, rendered, values_of
from timebank.notices.objections import Decision
from timebank.notifications.kinds import KINDS
from timebank.redemptions import storing
from timebank.words import words

SOURCES = Path(__file__).parents[3]
TELLING = {
    "tell": 2,
    "tell_each": 2,
    "tell_signed_up": 2,
    "cancel_sessions": 2,
    "_tell_both": 1,
    "tell_listed": 2,
}
"""Who is handed a kind, and at which place."""
UNSEEN = {"tell_each", "_tell_both"}
OTHERWISE = {f"merchant_{step}" for step in get_args(Step)}
OTHERWISE |= {f"objection_{decision}" for decision in get_args(Decision)}
OTHERWISE |= {held.told for held in release_holds._HELD}
OTHERWISE |= {storing.TOLD, "acted_for_you"}
"""Kinds that are put together where they are told, or told by a statement of their own."""


def told() -> Iterator[tuple[str, str, set[str] | None]]:
    """Yield each kind that stands in the source, where, and with which params (None where it cannot be seen)."""
    for path in (*(SOURCES / "timebank").rglob("*.py"), *(SOURCES / "api").rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if not any(name in text for name in TELLING):
            continue
        tree = ast.parse(text)
        constants = dict(constant for node in tree.body for constant in constants_of(node))
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            place = TELLING.get(name)
            if place is None or len(node.args) <= place:
                continue
            given = {word.arg for word in node.keywords}
            seen = None if name in UNSEEN or None in given else {str(each) for each in given}
            for kind in literals(node.args[place], constants):
                yield kind, f"{path.relative_to(SOURCES)}:{node.lineno}", seen


def constants_of(node: ast.stmt) -> Iterator[tuple[str, str]]:
    if not isinstance(node, ast.Assign | ast.AnnAssign) or not isinstance(node.value, ast.Constant):
        return
    if isinstance(node.value.value, str):
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            yield getattr(target, "id", ""), node.value.value


def literals(argument: ast.expr, constants: dict[str, str]) -> list[str]:
    if isinstance(argument, ast.IfExp):
        return literals(argument.body, constants) + literals(argument.orelse, constants)
    if isinstance(argument, ast.Name) and argument.id in constants:
        return [constants[argument.id]]
    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
        return [argument.value]
    return []


def test_every_kind_that_is_told_is_known_and_gets_the_params_it_speaks_of() -> None:
    found = list(told())
    assert len({kind for kind, _, _ in found}) > 30
    for kind, place, given in found:
        assert kind in KINDS, f"{place} tells {kind}"
        if given is not None:
            missing = set(KINDS[kind]) - given
            assert not missing, f"{place} tells {kind} without {missing}"
    assert KINDS.keys() >= OTHERWISE


@pytest.mark.parametrize("kind", [*KINDS, "other", "address_code"])
def test_a_kind_has_a_title_and_a_sentence_with_its_params(kind: str) -> None:
    for place in (0, 1):
        template = _template(kind, place)
        named = {name for _, name, _, _ in string.Formatter().parse(template) if name}
        assert named == set(KINDS.get(kind, ("digits",) if kind == "address_code" else ()))
    titles, sentences = in_all_languages(kind, {})
    assert titles["zh"] != titles["en"]
    assert all(0 < len(title) <= 40 and "\n" not in title for title in titles.values())
    assert all(sentence.endswith(("。", ".")) for sentence in sentences.values())


def _template(kind: str, place: int) -> str:
    class Named(dict[str, str]):
        """Every param as its own name."""

    names = (*KINDS.get(kind, ()), *(("digits",) if kind == "address_code" else ()))
    return words(f"told.{kind}", **Named({name: f"{{{name}}}" for name in names}))[place]


def test_params_are_said_as_people_say_them() -> None:
    params = {"unit": "fufen", "amount": 1412, "expires_on": "2026-12-31", "days": 7}
    assert rendered("expiring", params, "zh")[1] == "您有 1,412 福分将在2026年12月31日之后失效，还有 7 天。"
    assert (
        rendered("expiring", params, "en")[1] == "1,412 fufen of yours expire after 31 Dec 2026, in 7 days."
    )
    for unit in UNITS:
        assert unit not in rendered("awarded", {"unit": unit, "amount": 1}, "zh")[1]


def test_a_template_of_a_provider_gets_numbers_and_days_in_the_form_that_it_was_approved_with() -> None:
    params = {"unit": "fufen", "amount": 1412, "expires_on": "2026-12-31", "days": 7}
    said = {"unit": "福分", "amount": "1412", "expires_on": "2026-12-31", "days": "7"}
    assert values_of("expiring", params, "zh") == said


@pytest.mark.parametrize(
    ("period", "chinese", "english"),
    [
        ("2026-11-22T05", "“到期处理”（2026年11月22日 05:00）", "“Expire lots” of 22 Nov 2026 05:00"),
        ("2026-11-22", "（2026年11月22日）", " of 22 Nov 2026 failed"),
        ("2026-11", "（2026年11月）", " of Nov 2026 failed"),
        ("2026", "（2026年）", " of 2026 failed"),
    ],
)
def test_a_job_is_told_of_by_its_name_and_its_time(period: str, chinese: str, english: str) -> None:
    params = {"job": "expire", "period": period}
    assert chinese in rendered("job_failed", params, "zh")[1]
    assert english in rendered("job_failed", params, "en")[1]
    assert "tomorrow_s" in rendered("job_failed", {**params, "job": "tomorrow_s"}, "en")[1]


def test_a_code_to_type_is_no_number() -> None:
    assert "004123" in rendered("address_code", {"digits": "004123"}, "zh")[1]


def test_what_this_program_does_not_know_is_told_all_the_same() -> None:
    assert rendered("of_tomorrow", {"x": 1}, "en")[0] == "Notice"
    assert "?" in rendered("awarded", {}, "en")[1]
