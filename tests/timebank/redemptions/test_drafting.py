"""What the ledger is asked for, and what its refusals mean at a till."""

from datetime import UTC, date, datetime
from uuid import UUID

from ledger.values import CAPTURE, HANDED_OUT, SHELF, TAKINGS, Conflict, Move, Place, Refused, Wallet
from timebank.redemptions.drafting import KIND, answer_to, draft_of, receipt_number
from timebank.redemptions.loading import Basket, QuoteFacts, ShopFacts, SoldLine

NOW, DAY = datetime(2026, 5, 9, 2, tzinfo=UTC), date(2026, 5, 9)
SHOP, ALICE, CARL, QUOTE = (UUID(int=n) for n in range(1, 5))


def quote() -> QuoteFacts:
    shop = ShopFacts(1, "S1", "超市", SHOP, 1, None)
    return QuoteFacts(QUOTE, None, None, None, {}, 1, CARL, CARL, is_till_open=True, shop=shop)


def basket(points: int = 60, hold_id: int | None = None) -> Basket:
    reservation_id = None if hold_id is None else 7
    return Basket(
        ALICE,
        is_erased=False,
        reservation_id=reservation_id,
        hold_id=hold_id,
        lines=[SoldLine(1, 2, points, "RICE", "大米", "goods/rice", is_listed=True)],
        points=points,
        policy_version=3,
        expires_at=NOW,
    )


def test_points_go_to_the_takings_and_goods_off_the_shelf() -> None:
    draft = draft_of(quote(), basket(), number="S1-20260509-0001", now=NOW)
    assert (draft.kind, draft.key, draft.actor) == (KIND, f"redemption:{QUOTE}", f"person:{CARL}")
    assert draft.moves == (
        Move(Wallet(ALICE), Place(TAKINGS, SHOP), "point", 60),
        Move(Place(SHELF, SHOP), Place(HANDED_OUT, SHOP), "goods/rice", 2),
    )
    assert draft.metadata == {"receipt": "S1-20260509-0001", "policy": 3}


def test_what_is_free_takes_no_points() -> None:
    draft = draft_of(quote(), basket(points=0), number="", now=NOW)
    assert [move.unit for move in draft.moves] == ["goods/rice"]


def test_what_was_reserved_is_captured_under_the_same_key() -> None:
    draft = draft_of(quote(), basket(hold_id=5), number="", now=NOW)
    assert (draft.kind, draft.key, draft.resolves) == (CAPTURE, f"redemption:{QUOTE}", 5)
    assert [(s.unit, s.target) for s in draft.settle] == [
        ("point", Place(TAKINGS, SHOP)),
        ("goods/rice", Place(HANDED_OUT, SHOP)),
    ]


def test_a_shortage_is_one_of_goods_or_of_points() -> None:
    for class_, code in (("goods", "out_of_stock"), ("value", "insufficient_points")):
        detail = {"unit": "x", "class_": class_, "available": 1, "requested": 2}
        answer = answer_to(Refused("insufficient", 1, detail), day=DAY)
        assert (answer.receipt, answer.refusal) == (None, code)
        assert answer.params == {"as_of": "2026-05-09", **detail}
    assert answer_to(Refused("period_closed", 1, {}), day=DAY).refusal == "period_closed"
    assert answer_to(Conflict(1, "moves"), day=DAY).refusal == "quote_expired"


def test_a_receipts_number_is_read_out_easily() -> None:
    assert receipt_number("S1", DAY, 42) == "S1-20260509-0042"
    assert receipt_number("S1", DAY, 12_345) == "S1-20260509-12345"
