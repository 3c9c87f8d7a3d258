"""The order of the replay, and the refusals that need no balance."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from timebank.records.rules import RecordOutcome, ServiceRecord
from timebank.workbook.replay import Event, Slips, replay
from timebank.workbook.sheets import AwardRow, GoodsRow, RedemptionRow

SHANGHAI = ZoneInfo("Asia/Shanghai")
MIDNIGHT = datetime(2025, 3, 5, tzinfo=SHANGHAI)
RICE = GoodsRow(2, "M1", "X", "米", 50, 5)


def record(
    number: int, activity: str, volunteer: str = "V1", *, outcome: RecordOutcome = "credited"
) -> ServiceRecord:
    return ServiceRecord(outcome, activity, volunteer, (number,), MIDNIGHT, MIDNIGHT, None, 30, 5, MIDNIGHT)


def award(number: int, volunteer: str = "V1") -> AwardRow:
    return AwardRow(number, volunteer, "奖", 20, date(2025, 3, 5))


def slip(  # noqa: PLR0913 -- a slip has this many columns
    number: int,
    receipt: str,
    *,
    second: int = 0,
    minute: int = 0,
    item: tuple[str, str] = ("M1", "X"),
    quantity: int | None = 1,
    points: int | None = 50,
    volunteer: str = "V1",
) -> RedemptionRow:
    at = MIDNIGHT.replace(minute=minute, second=second)
    return RedemptionRow(number, receipt, volunteer, *item, quantity, points, at, "收银")


def play(
    records: list[ServiceRecord] | None = None,
    awards: list[AwardRow] | None = None,
    redemptions: list[RedemptionRow] | None = None,
    seen: tuple[str, ...] = (),
) -> list[Event]:
    return list(
        replay(
            records=records or [],
            awards=awards or [],
            redemptions=redemptions or [],
            slips=Slips({("M1", "X"): RICE}, {"V1"}, seen),
            volunteers={"V1"},
            zone=SHANGHAI,
        )
    )


def test_a_minute_has_its_order() -> None:
    events = play(
        [
            record(9, "A1", "V2"),
            record(8, "A2"),
            record(7, "A1", "V1"),
            record(6, "A0", outcome="needs_review"),
        ],
        [award(5), award(4)],
        [
            slip(3, "R2", second=1),
            slip(2, "R1", second=59),
            slip(20, "R1", second=0),
            slip(21, "R0", minute=1),
        ],
    )
    numbers = [
        event.record.row_number if hasattr(event, "record") else event.row.row_number for event in events
    ]
    assert numbers == [7, 9, 8, 4, 5, 2, 20, 3, 21]
    assert {event.at for event in events[:-1]} == {MIDNIGHT}


def refusals(*redemptions: RedemptionRow, seen: tuple[str, ...] = ()) -> list[str | None]:
    return [
        event.refusal
        for event in play(redemptions=list(redemptions), seen=seen)
        if not hasattr(event, "record")
    ]


def test_a_receipt_is_seen_in_order_of_time_whatever_came_of_it() -> None:
    assert refusals(
        slip(2, "R1", minute=2),
        slip(3, "R1", minute=1, item=("M1", "Y")),
        slip(4, "R2"),
        slip(5, "R2", minute=3),
    ) == [None, "unknown_item", "duplicate_receipt", "duplicate_receipt"]
    assert refusals(slip(2, "R1"), seen=("R1",)) == ["duplicate_receipt"]


@pytest.mark.parametrize(
    ("redemption", "refusal"),
    [
        (slip(2, "R1", item=("M2", "X"), quantity=None, points=1, volunteer="V9"), "unknown_item"),
        (slip(2, "R1", quantity=None, points=1, volunteer="V9"), "bad_number"),
        (slip(2, "R1", points=None, volunteer="V9"), "bad_number"),
        (slip(2, "R1", quantity=0, points=1, volunteer="V9"), "price_mismatch"),
        (slip(2, "R1", quantity=0, points=0, volunteer="V9"), "bad_number"),
        (slip(2, "R1", quantity=-1, points=-50, volunteer="V9"), "bad_number"),
        (slip(2, "R1", quantity=2, points=50, volunteer="V9"), "price_mismatch"),
        (slip(2, "R1", quantity=2, points=100, volunteer="V9"), "insufficient_points"),
        (slip(2, "R1", quantity=2, points=100), None),
    ],
)
def test_the_first_reason_refuses_a_slip(redemption: RedemptionRow, refusal: str | None) -> None:
    assert refusals(redemption) == [refusal]


def test_an_award_to_nobody_is_refused() -> None:
    assert [
        event.refusal for event in play(awards=[award(2, "V9"), award(3)]) if not hasattr(event, "record")
    ] == [
        "unknown_volunteer",
        None,
    ]
