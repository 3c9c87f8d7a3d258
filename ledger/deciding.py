"""Deciding drafts against locked balances: pure Python, no I/O. The rules of every refusal are here.

`decide` takes one draft, changes the balances in the book (`ledger.book`) and returns its lines, or refuses
and changes nothing.
"""

from collections.abc import Iterable
from datetime import date

from ledger.book import Account, Book, Earlier, EarlierLine, Line
from ledger.session import Unit
from ledger.values import (
    CAPTURE,
    CARRY_OVER,
    CROSSING,
    EXPIRE,
    HANDED_OUT,
    HELD,
    HOLD,
    RELEASE,
    REVERSAL,
    SHELF,
    WALLET,
    Draft,
    Move,
    Place,
    Twin,
    Wallet,
)

# A crossing has a side in another bank: what went over comes back by another crossing.
_NOT_REVERSIBLE = frozenset({HOLD, RELEASE, REVERSAL, CROSSING})
INSUFFICIENT = "insufficient"
_MAY_TOUCH_LAPSED = frozenset({EXPIRE, CARRY_OVER, RELEASE, REVERSAL})


class RefusedDraft(Exception):  # noqa: N818 -- a refusal is an answer, not an error
    """Leaves the depths of a decision with the code and its detail."""

    def __init__(self, code: str, **detail: object) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


def decide(book: Book, draft: Draft) -> list[Line]:
    """Return the lines of the draft and leave its balances in the book.

    Raises:
        RefusedDraft: with the first code that applies (see `ledger.values.Refused`); the book is unchanged.
    """
    unknown = [move.unit for move in draft.moves if move.unit not in book.units]
    unknown += [settlement.unit for settlement in draft.settle if settlement.unit not in book.units]
    if unknown:
        raise RefusedDraft("unknown_unit", unit=unknown[0])
    earlier = _check_earlier(book, draft)
    if book.closed_before is not None and draft.effective_at < book.closed_before:
        raise RefusedDraft("period_closed", closed_before=book.closed_before.isoformat())
    day = book.day_of(draft.effective_at)
    lines: list[Line] = []
    opened = len(book.opened)
    try:
        if earlier is None:
            _check_units(book, draft)
            for move in draft.moves:
                _apply(book, draft, day, move, lines)
        elif draft.reverses is not None:
            _mirror(book, draft, day, earlier, lines)
            book.reversed_ids.add(earlier.id)
        else:
            _resolve(book, draft, day, earlier, lines)
            book.resolved_ids.add(earlier.id)
    except RefusedDraft:
        for line in reversed(lines):
            line.undo()
        _forget(book, opened)
        raise
    return lines


def _forget(book: Book, opened: int) -> None:
    """Take back the accounts that only a refused draft would have opened."""
    for account in book.opened[opened:]:
        book.groups[account.owner, account.unit_id, account.kind].remove(account)
    del book.opened[opened:]


def _check_earlier(book: Book, draft: Draft) -> Earlier | None:
    if draft.reverses is None and draft.resolves is None:
        return None
    target_id = draft.reverses if draft.reverses is not None else draft.resolves
    earlier = book.earlier.get(target_id or 0)
    if earlier is None or earlier.refusal is not None:
        raise RefusedDraft("unknown_transaction", transaction_id=target_id)
    if draft.reverses is not None:
        if earlier.kind in _NOT_REVERSIBLE:
            raise RefusedDraft("not_reversible", transaction_id=target_id, kind=earlier.kind)
        if earlier.id in book.reversed_ids:
            raise RefusedDraft("already_reversed", transaction_id=target_id)
        return earlier
    if earlier.hold_until is None:
        raise RefusedDraft("not_a_hold", transaction_id=target_id)
    if earlier.id in book.resolved_ids:
        raise RefusedDraft("already_resolved", transaction_id=target_id)
    return earlier


def _check_units(book: Book, draft: Draft) -> None:
    """Refuse giving away what is honour or score, and exchanges that no rule allows.

    Whatever leaves a wallet for good or into a hold is given; whatever comes to a wallet from elsewhere, off a
    shelf or into somebody's hands is got. One unit given where another is got is an exchange.
    """
    given: set[str] = set()
    got: set[str] = set()
    for move in draft.moves:
        unit = book.units[move.unit]
        source_kind = WALLET if isinstance(move.source, Wallet) else move.source.kind
        if source_kind == WALLET:
            if not unit.spendable:
                raise RefusedDraft("not_spendable", unit=unit.code)
            if move.target.kind != WALLET:
                given.add(unit.code)
        elif move.target.kind == WALLET or source_kind == SHELF or move.target.kind == HANDED_OUT:
            got.add(unit.code)
    for from_unit in sorted(given):
        for to_unit in sorted(got - given):
            if not book.allows_exchange(book.units[from_unit], book.units[to_unit], draft.effective_at):
                raise RefusedDraft("exchange_not_allowed", from_unit=from_unit, to_unit=to_unit)


def _apply(book: Book, draft: Draft, day: date, move: Move, lines: list[Line]) -> None:
    unit = book.units[move.unit]
    left = move.amount
    for source, take in _sources(book, draft, day, move, unit):
        lines.append(Line(source, _target(book, move.target, unit, source), take))
        left -= take
    if left:
        msg = "the sources of a move add up to its amount"
        raise AssertionError(msg)


def _sources(book: Book, draft: Draft, day: date, move: Move, unit: Unit) -> Iterable[tuple[Account, int]]:
    """Return the accounts that pay and how much each, or refuse."""
    source = move.source
    if isinstance(source, Place):
        account = book.at(source.owner, unit.id, source.kind, source.expires_on)
        _check_alive(draft, day, account, unit)
        if account.guarded and account.balance - move.amount < account.floor:
            raise RefusedDraft(
                INSUFFICIENT,
                unit=unit.code,
                class_=unit.class_,
                available=account.balance - account.floor,
                requested=move.amount,
            )
        return ((account, move.amount),)
    taken: list[tuple[Account, int]] = []
    left = move.amount
    for lot in book.groups.get((source.owner, unit.id, WALLET), ()):
        if lot.balance > lot.floor and (lot.expires_on is None or day <= lot.expires_on):
            take = min(left, lot.balance - lot.floor)
            taken.append((lot, take))
            left -= take
            if not left:
                return taken
    raise RefusedDraft(
        INSUFFICIENT,
        unit=unit.code,
        class_=unit.class_,
        available=move.amount - left,
        requested=move.amount,
    )


def _target(book: Book, target: Place | Twin, unit: Unit, source: Account) -> Account:
    expires_on = source.expires_on if isinstance(target, Twin) else target.expires_on
    return book.at(target.owner, unit.id, target.kind, expires_on)


def _check_alive(draft: Draft, day: date, account: Account, unit: Unit) -> None:
    if account.expires_on is not None and day > account.expires_on and draft.kind not in _MAY_TOUCH_LAPSED:
        raise RefusedDraft("lot_expired", unit=unit.code, expires_on=account.expires_on.isoformat())


def _unit_of(book: Book, account: Account) -> Unit:
    return next(unit for unit in book.units.values() if unit.id == account.unit_id)


def _take_back(book: Book, source: Account, target: Account, amount: int, lines: list[Line]) -> None:
    if source.guarded and source.balance - amount < source.floor:
        unit = _unit_of(book, source)
        raise RefusedDraft(
            INSUFFICIENT,
            unit=unit.code,
            class_=unit.class_,
            available=source.balance - source.floor,
            requested=amount,
        )
    lines.append(Line(source, target, amount))


def _mirror(book: Book, draft: Draft, day: date, earlier: Earlier, lines: list[Line]) -> None:
    """Mirror what was taken, and let it go on home.

    The lines by which a capture gave back what it did not take have no mirror. What came back to a held account
    goes on to its lot, and, where a day of grace is given, what came back to a lapsed lot goes on to a new one.
    """
    mirrored = [line for line in earlier.lines if not _gave_back(book, line)]
    if not mirrored:
        raise RefusedDraft("not_reversible", transaction_id=earlier.id, kind=earlier.kind)
    for line in mirrored:
        _take_back(book, book.by_id[line.to_account_id], book.by_id[line.from_account_id], line.amount, lines)
    for line in mirrored:
        account = book.by_id[line.from_account_id]
        if account.kind == HELD:
            lot = book.at(
                account.owner, account.unit_id, _home_kind(_unit_of(book, account)), account.expires_on
            )
            lines.append(Line(account, lot, line.amount))
            account = lot
        if draft.grace_on and account.kind == WALLET and account.expires_on and account.expires_on < day:
            renewed = book.at(account.owner, account.unit_id, WALLET, max(draft.grace_on, day))
            lines.append(Line(account, renewed, line.amount))


def _gave_back(book: Book, line: EarlierLine) -> bool:
    """Tell whether what was held went home: it may be spent or lapsed by now, and a reversal leaves it there."""
    held, lot = book.by_id[line.from_account_id], book.by_id[line.to_account_id]
    return (
        held.kind == HELD
        and (lot.owner, lot.expires_on) == (held.owner, held.expires_on)
        and lot.kind == _home_kind(_unit_of(book, held))
    )


def _home_kind(unit: Unit) -> str:
    """Return the kind of account that what is held came from: goods from a shelf, all else from a wallet."""
    return SHELF if unit.class_ == "goods" else WALLET


def _resolve(book: Book, draft: Draft, day: date, hold: Earlier, lines: list[Line]) -> None:
    """Send what is held where the capture says, and the rest back to the lots it came from."""
    if draft.kind == CAPTURE and hold.hold_until is not None and draft.effective_at > hold.hold_until:
        raise RefusedDraft("hold_expired", hold_until=hold.hold_until.isoformat())
    wanted = {book.units[s.unit].id: s for s in draft.settle}
    left = {unit_id: s.amount for unit_id, s in wanted.items()}
    for line in hold.lines:
        held, lot = book.by_id[line.to_account_id], book.by_id[line.from_account_id]
        settlement = wanted.get(held.unit_id)
        take = 0
        if settlement is not None:
            allowance = left[held.unit_id]
            take = line.amount if allowance is None else min(line.amount, allowance)
            if allowance is not None:
                left[held.unit_id] = allowance - take
            if take:
                _check_alive(draft, day, held, book.units[settlement.unit])
                target = _target(book, settlement.target, book.units[settlement.unit], held)
                _take_back(book, held, target, take, lines)
        if line.amount > take:
            _take_back(book, held, lot, line.amount - take, lines)
    for unit_id, allowance in left.items():
        held_units = {book.by_id[line.to_account_id].unit_id for line in hold.lines}
        if allowance or unit_id not in held_units:
            settlement = wanted[unit_id]
            total = sum(n.amount for n in hold.lines if book.by_id[n.to_account_id].unit_id == unit_id)
            raise RefusedDraft(
                INSUFFICIENT,
                unit=settlement.unit,
                class_=book.units[settlement.unit].class_,
                available=total,
                requested=settlement.amount or 0,
            )
