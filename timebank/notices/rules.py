"""What a notice shows of a name, when it is over, and what a credited hour earns: pure."""

from datetime import date

UNNAMED = "***"
"""Stands for who was erased, or never had a name in the vault."""

MAX_LINES = 2_000
"""Of one notice; what is approved besides waits for the next."""

_SHORTEST_WITH_END = 3
_MINUTES_AND_THOUSANDTHS = 60_000


def shown_name(name: str) -> str:
    """Return a name as a notice board shows it: first character, one star, and of three or more the last one.

    Neighbours are to recognise whom they may object to, and nobody is told how long the name is: 张三 is 张*, 王小明 is
    王*明, 欧阳小明 is 欧*明.
    """
    if not name:
        return UNNAMED
    return f"{name[0]}*{name[-1] if len(name) >= _SHORTEST_WITH_END else ''}"


def is_over(closes_on: date, today: date) -> bool:
    """Tell whether a notice's last day is over."""
    return today > closes_on


def earned_amount(minutes: int, per_hour_permille: int) -> int:
    """Return what credited minutes earn at thousandths of a unit an hour, rounded half up once to whole units."""
    return (2 * minutes * per_hour_permille + _MINUTES_AND_THOUSANDTHS) // (2 * _MINUTES_AND_THOUSANDTHS)
