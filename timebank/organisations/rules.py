"""What may stand below what in the tree, and whether an organisation is open on a day."""

from collections.abc import Mapping
from datetime import date
from typing import Final

DISTRICT, STREET, COMMUNITY, GRID, BUILDING = "district", "street", "community", "grid", "building"
TEAM, WORK_UNIT, PARTNER_UNIT, OTHER = "team", "work_unit", "partner_unit", "other"

LEVELS: Final = (DISTRICT, STREET, COMMUNITY, GRID, BUILDING, TEAM, WORK_UNIT, PARTNER_UNIT, OTHER)
"""区, 街道, 社区, 网格, 楼栋; 服务队, 工作单位, 共建单位, and whatever else a place has."""

AREAS: Final[Mapping[str, int]] = {DISTRICT: 0, STREET: 1, COMMUNITY: 2, GRID: 3, BUILDING: 4}
"""Levels that people live in, the widest first."""


def can_hold(parent: str, level: str) -> bool:
    """Tell whether an organisation of one level may stand directly below one of another.

    An area stands below a wider one, whatever was left out in between; teams and units stand below anything but a team,
    and hold no area.
    """
    if OTHER in {parent, level}:
        return True
    if level in AREAS:
        return parent in AREAS and AREAS[parent] < AREAS[level]
    return parent != TEAM


def is_open(opened_on: date | None, closed_on: date | None, day: date) -> bool:
    """Tell whether it is open on a day: `closed_on` is the first day on which it is not."""
    return (opened_on is None or opened_on <= day) and (closed_on is None or day < closed_on)
