"""A bug planted in the rules of the ledger does not stay hidden: the machine finds each of them."""

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from ledger import deciding, folding, issuing, posting
from ledger.book import Account, Book, Earlier, EarlierLine, Line
from ledger.deciding import RefusedDraft
from ledger.session import Unit
from ledger.values import Draft, Move, Posted
from tests.properties.machine import LedgerMachine
from tests.properties.world import World
from timebank.database import Address

BOUNDED = settings(
    max_examples=1_000,
    stateful_step_count=35,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    print_blob=False,
    suppress_health_check=list(HealthCheck),
)
"""Far fewer examples are enough; the same ones every time, and nothing is shrunk, as the bug is known."""

Patch = pytest.MonkeyPatch
"""What is planted is taken out again after the test."""


def youngest_lot_first(patch: Patch) -> None:
    add = Book.add

    def add_and_turn(book: Book, account: Account) -> None:
        add(book, account)
        book.groups[account.owner, account.unit_id, account.kind].sort(
            key=lambda lot: lot.expires_on or date.max, reverse=True
        )

    patch.setattr(Book, "add", add_and_turn)


def one_below_the_floor(patch: Patch) -> None:
    sources = deciding._sources

    def lenient(book: Book, draft: Draft, day: date, move: Move, unit: Unit) -> Iterable[tuple[Account, int]]:
        for account in book.by_id.values():
            account.floor -= 1
        try:
            return sources(book, draft, day, move, unit)
        finally:
            for account in book.by_id.values():
                account.floor += 1

    patch.setattr(deciding, "_sources", lenient)


def the_last_one_is_kept(patch: Patch) -> None:
    sources = deciding._sources

    def strict(book: Book, draft: Draft, day: date, move: Move, unit: Unit) -> Iterable[tuple[Account, int]]:
        taken = list(sources(book, draft, day, move, unit))
        for account, amount in taken:
            if account.guarded and account.balance == amount:
                raise RefusedDraft(
                    "insufficient",
                    unit=unit.code,
                    class_=unit.class_,
                    available=amount,
                    requested=move.amount,
                )
        return taken

    patch.setattr(deciding, "_sources", strict)


def lapsed_lots_are_spent(patch: Patch) -> None:
    sources = deciding._sources

    def blind(book: Book, draft: Draft, day: date, move: Move, unit: Unit) -> Iterable[tuple[Account, int]]:
        return sources(book, draft, day - timedelta(days=30), move, unit)

    patch.setattr(deciding, "_sources", blind)


def a_lot_ends_a_day_early(patch: Patch) -> None:
    sources = deciding._sources

    def hasty(book: Book, draft: Draft, day: date, move: Move, unit: Unit) -> Iterable[tuple[Account, int]]:
        return sources(book, draft, day + timedelta(days=1), move, unit)

    patch.setattr(deciding, "_sources", hasty)


def reversed_as_often_as_asked(patch: Patch) -> None:
    check = deciding._check_earlier

    def forgetful(book: Book, draft: Draft) -> Earlier | None:
        if draft.reverses is not None:
            book.reversed_ids.discard(draft.reverses)
        return check(book, draft)

    patch.setattr(deciding, "_check_earlier", forgetful)


def a_key_with_other_content_is_a_replay(patch: Patch) -> None:
    patch.setattr(posting, "_replay", lambda seen, _: Posted(seen[1], replayed=True))


def a_failed_draft_is_not_undone(patch: Patch) -> None:
    patch.setattr(Line, "undo", lambda _: None)


def a_refund_takes_back_what_a_capture_gave_back(patch: Patch) -> None:
    def never(_book: Book, _line: EarlierLine) -> bool:
        return False

    patch.setattr(deciding, "_gave_back", never)


def every_exchange_is_allowed(patch: Patch) -> None:
    patch.setattr(Book, "allows_exchange", lambda *_: True)


def honour_is_spent(patch: Patch) -> None:
    check = deciding._check_units

    def lax(book: Book, draft: Draft) -> None:
        try:
            check(book, draft)
        except RefusedDraft as refused:
            if refused.code != "not_spendable":
                raise

    patch.setattr(deciding, "_check_units", lax)


def days_are_those_of_greenwich(patch: Patch) -> None:
    def day_of(_tx: object, moment: datetime) -> date:
        return moment.date()

    patch.setattr("ledger.session.ReadTx.day", day_of)


def a_late_capture_goes_through(patch: Patch) -> None:
    resolve = deciding._resolve

    def patient(book: Book, draft: Draft, day: date, hold: Earlier, lines: list[Line]) -> None:
        late = Earlier(
            hold.id,
            hold.kind,
            hold.refusal,
            datetime.max.replace(tzinfo=draft.effective_at.tzinfo),
            hold.lines,
        )
        resolve(book, draft, day, late, lines)

    patch.setattr(deciding, "_resolve", patient)


def a_fold_forgets_what_was_given(patch: Patch) -> None:
    patch.setattr(folding, "_FOLD", folding._FOLD.replace("d.received - d.given", "d.received"))


def an_issue_leaves_a_gap(patch: Patch) -> None:
    def ahead(target: issuing._Target, number: int) -> None:
        target.number, target.count, target.total = number, 1, 0

    patch.setattr(issuing._Target, "__init__", ahead)


def an_issue_adds_one(patch: Patch) -> None:
    def richer(target: issuing._Target, number: int) -> None:
        target.number, target.count, target.total = number, 0, 1

    patch.setattr(issuing._Target, "__init__", richer)


def what_is_short_is_refused_for_good(patch: Patch) -> None:
    patch.setattr(posting, "INSUFFICIENT", "never")


def a_budget_issues_more_than_it_has(patch: Patch) -> None:
    sources = deciding._sources

    def generous(
        book: Book, draft: Draft, day: date, move: Move, unit: Unit
    ) -> Iterable[tuple[Account, int]]:
        for account in book.by_id.values():
            account.floor -= account.kind == "budget"
        try:
            return sources(book, draft, day, move, unit)
        finally:
            for account in book.by_id.values():
                account.floor += account.kind == "budget"

    patch.setattr(deciding, "_sources", generous)


BUGS: tuple[Callable[[Patch], None], ...] = (
    youngest_lot_first,
    one_below_the_floor,
    the_last_one_is_kept,
    lapsed_lots_are_spent,
    a_lot_ends_a_day_early,
    reversed_as_often_as_asked,
    a_key_with_other_content_is_a_replay,
    a_failed_draft_is_not_undone,
    a_refund_takes_back_what_a_capture_gave_back,
    every_exchange_is_allowed,
    honour_is_spent,
    days_are_those_of_greenwich,
    a_late_capture_goes_through,
    a_fold_forgets_what_was_given,
    an_issue_leaves_a_gap,
    an_issue_adds_one,
    what_is_short_is_refused_for_good,
    a_budget_issues_more_than_it_has,
)


@pytest.mark.parametrize("plant", BUGS, ids=lambda plant: plant.__name__)
def test_the_machine_finds_it(plant: Callable[[Patch], None], address: Address, monkeypatch: Patch) -> None:
    plant(monkeypatch)
    found: list[BaseException] = []
    with World.open(address) as world:

        class Machine(LedgerMachine):
            pass

        Machine.world = world
        try:
            run_state_machine_as_test(Machine, settings=BOUNDED)
        except Exception as error:  # noqa: BLE001 -- an assertion, or the database refusing: either way it is found
            found.append(error)
    assert found
