"""What a cashier does about a refusal: said below the sentence that every door says, where there is something to do."""

from collections.abc import Mapping

from api.web.visit import Visit
from timebank.redemptions.rules import Finding
from timebank.tills.quotes import Quote

NEW_CODE, OTHER_CODE, SCAN_AGAIN = (
    "page.till.do.new_code",
    "page.till.do.other_code",
    "page.till.do.scan_again",
)
FEWER, MANAGER, REOPEN = "page.till.do.fewer", "page.till.do.manager", "page.till.do.reopen"

ADVICE: Mapping[str, str] = {
    "code_expired": NEW_CODE,
    "code_early": NEW_CODE,
    "code_used": NEW_CODE,
    "pass_revoked": NEW_CODE,
    "quote_expired": NEW_CODE,
    "unknown_quote": NEW_CODE,
    "code_forged": OTHER_CODE,
    "code_of_other_bank": OTHER_CODE,
    "code_unreadable": SCAN_AGAIN,
    "goods_not_sold": "page.till.do.name",
    "member_first": "page.till.do.member",
    "out_of_stock": FEWER,
    "insufficient_points": FEWER,
    "limit_reached": FEWER,
    "basket_too_large": "page.till.do.two_baskets",
    "basket_empty": "page.till.do.item",
    "quote_of_reservation": "page.till.do.pick_up",
    "reservation_over": "page.till.do.reservation",
    "reservation_of_other_shop": "page.till.do.reservation",
    "not_a_redemption_day": "page.till.do.another_day",
    "pin_wrong": "page.till.do.pin",
    "pin_locked": "page.till.do.card",
    "pin_missing": "page.till.do.card",
    "unknown_card": "page.till.do.card",
    "till_closed": REOPEN,
    "unknown_till": REOPEN,
    "shop_closed": MANAGER,
    "sale_to_oneself": "page.till.do.colleague",
    "refund_to_oneself": "page.till.do.colleague",
    "unknown_receipt": "page.till.do.receipt",
    "refund_not_today": MANAGER,
    "throttled": "page.till.do.wait",
}


def advice(visit: Visit, code: str) -> str:
    """Return what to do about a refusal; nothing where its own sentence says it."""
    return visit.say(ADVICE[code]) if code in ADVICE else ""


def words_of(visit: Visit, finding: Finding, quote: Quote) -> str:
    """Return the sentence of what speaks against a basket, with the item's name if it is of one."""
    code = finding.code if finding.limit is None else f"{finding.code}_{finding.limit}"
    said = visit.say(code, **finding.params)
    names = {line.item.id: line.item.name for line in quote.lines}
    name = names.get(finding.params.get("goods_id", 0))  # type: ignore[call-overload]  # a finding's parameters are of any type
    return visit.say("page.till.of_item", name=name, said=said) if name else said
