"""Words of the templates: each has its sentence in both languages, with the parameters that it is given."""

import json
import re
import string
from importlib.resources import files
from pathlib import Path
from typing import get_args

import pytest

from api.v1.records import Outcome as RecordFinding
from api.web.office.cards import REASONS as CARD_REASONS
from api.web.office.guardians import RELATIONS as GUARDIAN_RELATIONS
from api.web.office.kin import RELATIONS as KIN_RELATIONS
from api.web.office.look_ups import NAMED
from api.web.office.station_form import KINDS as KINDS_OF_STATION
from api.web.volunteer.certificates import PERIODS
from api.web.volunteer.records import TOLD, WHICH
from api.web.volunteer.statement import UNITS
from ledger.values import KINDS
from timebank.activities.rules import STATES as ACTIVITY_STATES
from timebank.certificates.document import Kind
from timebank.certificates.reasons import RevokeReason as CertificateReason
from timebank.dossiers.export import LawPurpose
from timebank.jobs.queries import Outcome, RunState
from timebank.jobs.registry import JOBS
from timebank.merchants.rules import State as MerchantState
from timebank.merchants.rules import Step as MerchantStep
from timebank.people.rules import LEVELS_OF_KIND
from timebank.policy.calendar import Bar
from timebank.recognition.deciding import Reason as DecisionReason
from timebank.recognition.ending import EndReason, RevokeReason
from timebank.recognition.objections import OBJECTION
from timebank.recognition.queries import CandidateState, RoundState
from timebank.records.entries import State
from timebank.records.grades import Why
from timebank.records.review import Evaluation, Reason
from timebank.records.staged import Sign
from timebank.scans.rules import REFUSALS
from timebank.settlements.queries import State as SettlementState
from timebank.stars.rules import LoweredFor
from timebank.tasks.queries import PACKS, ExportKind

TEMPLATES = sorted(Path(str(files("api.web") / "templates")).rglob("*.html"))
CHINESE = json.loads((files("timebank.locale") / "zh.json").read_text(encoding="utf-8"))
# What the runs of each job say: `release_holds`, `close_sessions`, `seal`, … in the order of the registry.
FIGURES = (
    *("holds_released", "reservations", "vouchers", "service_orders"),
    *("closed", "records", "missing_time", "reconsidered", "refused"),
    *("transactions", "tree_size", "computed", "failed"),
    *("lots", "amounts", "renewed_lots", "renewed_amounts"),
    *("credited", "refused", "waiting", "notices", "accounts"),
    *("star", "annual", "raised", "above", "told", "restocked", "unmanaged"),
    *("sessions", "warned", "month", "drafted"),
)
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
        ("page.sign_why.", get_args(Sign)),
        ("page.grade.", "ABCDE"),
        ("page.dashboard.queue.", ("reviews", "disputes", "objections", "approved")),
        ("page.disputes.", ("upheld", "dismissed", "none.open", "none.decided")),
        ("page.objections.", ("upheld", "dismissed", "none.open", "none.decided")),
        ("page.activities.state.", ACTIVITY_STATES),
        ("page.activities.session_state.", ("planned", "closed", "cancelled")),
        ("page.activities.do.", ("publish", "start", "close", "cancel", "approve")),
        ("page.activities.kind.", ("ordinary", "emergency")),
        ("page.activities.sign_up.", ("signed_up", "waiting", "withdrawn")),
        ("page.activities.field.", ("content", "leader_id", "place")),
        ("page.purpose.", (*NAMED, "other")),
        ("page.membership.", LEVELS_OF_KIND),
        ("page.cards.reason.", CARD_REASONS),
        ("page.relation.", (*KIN_RELATIONS, *GUARDIAN_RELATIONS)),
        ("page.cards.done.", ("revoked", "pin")),
        ("page.memberships.done.", ("joined", "left")),
        ("page.guardians.done.", ("appointed", "ended")),
        ("page.kin.done.", ("declared", "confirmed", "ended")),
        ("job.", tuple(JOBS)),
        ("page.jobs.state.", get_args(RunState)),
        ("page.jobs.figure.", FIGURES),
        ("page.jobs.outcome.", (*get_args(Outcome), "running")),
        ("page.jobs.every.", ("hourly", "daily", "monthly", "yearly")),
        ("page.jobs.by.", ("clock", "hand", "person")),
        ("page.round.state.", (*get_args(RoundState), "notice_over")),
        ("recognition.state.", get_args(CandidateState)),
        ("recognition.finding.", FINDINGS),
        ("recognition.reason.", (*get_args(DecisionReason), *get_args(RevokeReason), OBJECTION)),
        ("recognition.end.", get_args(EndReason)),
        ("recognition.difference.", ("changed", "new", "gone")),
        ("page.round.do_", ("exclude", "include", "revoke_one")),
        ("page.round.make.", PACKS),
        ("page.task.state.", ("waiting", "running", "succeeded", "failed")),
        ("page.task.step.", ("begin", "read", "store", "book", "report", "export")),
        ("page.exports.kind.", tuple(ExportKind)),
        ("page.exports.about.", tuple(ExportKind)),
        ("page.audit.invariant.", map(str, range(1, 11))),
        ("page.audit.kind.", tuple(KINDS)),
        ("page.merchant_desk.state.", get_args(MerchantState)),
        ("page.merchant_desk.none.", get_args(MerchantState)),
        ("page.merchant_desk.say.", get_args(MerchantState)),
        ("page.merchant_desk.do.", get_args(MerchantStep)),
        ("page.merchant_desk.done.", ("applied", *get_args(MerchantStep))),
        ("page.station_kind.", KINDS_OF_STATION),
        ("page.office_stations.do.", ("close", "renew")),
        *(
            (f"page.devices.{part}", ("station", "till"))
            for part in ("", "none.", "new.", "no_place.", "how.", "lost_what.")
        ),
        ("settlement_", get_args(SettlementState)),
        ("page.settlements.step.", get_args(SettlementState)),
        ("page.round.task.", ("waiting", "running", "succeeded", "failed")),
        ("law_purpose.", tuple(LawPurpose)),
        ("evaluation.", get_args(Evaluation)),
        ("page.line.", ("shown", "objected", "struck", "credited")),
        ("page.statement.have.", UNITS),
        ("page.statement.about.", UNITS),
        ("page.records.which.", WHICH),
        ("page.record.step.", TOLD),
        ("page.record.about.", get_args(State)),
        ("page.record.next.", ("pending", "second_review", "approved", "noticed", "objected")),
        ("page.record.decision.", ("upheld", "dismissed")),
        ("page.record.outcome.", [each for each in get_args(RecordFinding) if each != "accepted"]),
        ("page.stars.reason.", get_args(LoweredFor)),
        ("page.certificates.period.", PERIODS),
        ("page.certificates.kind.", get_args(Kind)),
        ("page.certificates.reason.", get_args(CertificateReason)),
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
