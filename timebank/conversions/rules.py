"""What a conversion gives, and how much may be converted: pure."""

from dataclasses import dataclass

from timebank.errors import RefusalError
from timebank.policy.rules import PolicyPack
from timebank.policy.spending import ConversionRule


@dataclass(frozen=True, slots=True)
class Standing:
    """What a person has of a unit: the balance, what of it was converted ever, and what this month."""

    balance: int
    converted: int
    this_month: int


def rule_of(pack: PolicyPack, from_unit: str, to_unit: str) -> ConversionRule:
    """Return the rule by which one unit is turned into another.

    Raises:
        RefusalError: `conversion_not_offered`.
    """
    for rule in pack.conversions:
        if (rule.from_unit, rule.to_unit) == (from_unit, to_unit):
            return rule
    raise RefusalError("conversion_not_offered", from_unit=from_unit, to_unit=to_unit)


def stays_with_owner(pack: PolicyPack, unit: str) -> bool:
    """Tell whether a unit is honour: converting it takes nothing away, so that each of it counts once."""
    return any(listed.code == unit and listed.class_ == "honour" for listed in pack.units)


def convertible(pack: PolicyPack, rule: ConversionRule, standing: Standing) -> int:
    """Return how much a person has left to convert; hours that were taken back after they had been are owed first."""
    if stays_with_owner(pack, rule.from_unit):
        return max(0, standing.balance - standing.converted)
    return standing.balance


def month_left(rule: ConversionRule, standing: Standing) -> int | None:
    """Return how much more of the unit may be converted in the month; None without a limit."""
    if rule.member_month_amount is None:
        return None
    return max(0, rule.member_month_amount - standing.this_month)


def most(pack: PolicyPack, rule: ConversionRule, standing: Standing) -> int:
    """Return the most that a person can convert now, in whole steps."""
    left = month_left(rule, standing)
    available = convertible(pack, rule, standing)
    return (available if left is None else min(available, left)) // rule.from_amount * rule.from_amount


def turned(pack: PolicyPack, rule: ConversionRule, amount: int, standing: Standing) -> int:
    """Return what an amount gives.

    That there is enough of what is spent says the ledger; hours are not spent, so it is said here.

    Raises:
        RefusalError: `conversion_step` if it is no multiple of the rule's step, `conversion_limit_reached`,
            `hours_all_converted`, `conversion_too_large`, in this order.
    """
    if amount % rule.from_amount:
        raise RefusalError("conversion_step", unit=rule.from_unit, step=rule.from_amount)
    left = month_left(rule, standing)
    if left is not None and amount > left:
        raise RefusalError("conversion_limit_reached", unit=rule.from_unit, left=left)
    if stays_with_owner(pack, rule.from_unit):
        available = convertible(pack, rule, standing)
        if amount > available:
            raise RefusalError("hours_all_converted", unit=rule.from_unit, available=available)
    given = amount // rule.from_amount * rule.to_amount
    if given > MOST:
        raise RefusalError("conversion_too_large")
    return given


MOST = 2**53 - 1
"""What the ledger takes in one move."""
