"""Words of the templates: each has its sentence in both languages, with the parameters that it is given."""

import json
import re
import string
from importlib.resources import files
from pathlib import Path
from typing import get_args

import pytest

from timebank.dossiers.export import LawPurpose
from timebank.jobs.queries import Outcome, RunState
from timebank.jobs.registry import JOBS
from timebank.policy.calendar import Bar
from timebank.recognition.deciding import Reason as DecisionReason
from timebank.recognition.ending import EndReason, RevokeReason
from timebank.recognition.objections import OBJECTION
from timebank.recognition.queries import CandidateState, RoundState
from timebank.records.grades import Why
from timebank.records.review import Evaluation, Reason
from timebank.records.staged import Sign
from timebank.scans.rules import REFUSALS
from timebank.tasks.queries import PACKS

TEMPLATES = sorted(Path(str(files("api.web") / "templates")).glob("*.html"))
CHINESE = json.loads((files("timebank.locale") / "zh.json").read_text(encoding="utf-8"))
FINDINGS = ("named", "over_quota", "tied_over_quota", *(f"barred.{bar}" for bar in get_args(Bar)))
_SAID = re.compile(r"""\bt\(\s*["']([a-z_.0-9]+)["']\s*(~)?(?:[^,()]*)((?:,\s*[a-z_]+=[^)]*)?)\)""")


def parameters(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_whatever_a_template_says_has_words(template: Path) -> None:
    for code, goes_on, given in _SAID.findall(template.read_text(encoding="utf-8")):
        if goes_on:
            assert any(known.startswith(code) for known in CHINESE), code
        else:
            assert parameters(CHINESE[code]) == set(re.findall(r"([a-z_]+)=", given)), code


@pytest.mark.parametrize(
    ("start", "ends"),
    [
        ("page.why.", get_args(Why)),
        ("page.sign.", get_args(Sign)),
        ("page.reason.", get_args(Reason)),
        ("job.", tuple(JOBS)),
        ("page.jobs.state.", get_args(RunState)),
        ("page.jobs.outcome.", (*get_args(Outcome), "running")),
        ("page.jobs.every.", ("hourly", "daily", "monthly", "yearly")),
        ("page.jobs.by.", ("clock", "hand", "person")),
        ("page.round.state.", get_args(RoundState)),
        ("recognition.state.", get_args(CandidateState)),
        ("recognition.finding.", FINDINGS),
        ("recognition.reason.", (*get_args(DecisionReason), *get_args(RevokeReason), OBJECTION)),
        ("recognition.end.", get_args(EndReason)),
        ("recognition.difference.", ("changed", "new", "gone")),
        ("page.round.do_", ("exclude", "include", "revoke_one")),
        ("page.round.make.", PACKS),
        ("page.round.task.", ("waiting", "running", "succeeded", "failed")),
        ("law_purpose.", tuple(LawPurpose)),
        ("evaluation.", get_args(Evaluation)),
        ("page.line.", ("shown", "objected", "struck", "credited")),
        ("page.scan.done_", ("in", "out")),
        ("page.scan.next_", ("in", "out")),
        ("page.me.done.", ("sign_up", "wait", "withdraw")),
        ("page.reviews.done.", ("approved", "second_review", "rejected")),
        ("page.login.", ("phone.wrong", "code.wrong", "choose.wrong", "password.wrong")),
        ("", (code for code in REFUSALS if code != "unknown_session")),
        (
            "page.state.",
            (
                "pending",
                "second_review",
                "approved",
                "noticed",
                "objected",
                "credited",
                "rejected",
                "voided",
            ),
        ),
    ],
)
def test_whatever_is_put_together_has_words_without_parameters_of_its_own(
    start: str, ends: tuple[str, ...]
) -> None:
    for end in ends:
        assert parameters(CHINESE[f"{start}{end}"]) <= {"count"}, f"{start}{end}"
