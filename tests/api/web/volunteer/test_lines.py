"""A statement's lines in words, each kind of thing that happens."""

import string
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from api.web.volunteer.lines import OTHERS, PLAIN, Entry, entries_of, key_of, told
from ledger.statements import StatementLine
from timebank.balances.matters import Goods, Matter, Service
from timebank.words import words

AT = datetime(2025, 9, 20, 6, 0, tzinfo=UTC)
SERVED = Service(7, "清洁日", "春风社区东门", AT, 180, 30)
NOTHING = Matter("other", None, None, (), None, None, None, "", 0, "", 0)
TAKEN_BACK = "服务记录更正，原入账收回"
RICE = replace(
    NOTHING, kind="redemption", shop="东门积分超市", goods=(Goods("大米", 2), Goods("毛巾", 1_000))
)
OFFER = replace(NOTHING, kind="acceptance", offer="理发", merchant="平安理发店")


def say(code: str, /, **params: object) -> str:
    return words(code, **params)[0]


def day(at: date) -> str:
    return f"{at.month}月{at.day}日"


def entry(kind: str, matter: Matter, amount: int = 5) -> Entry:
    return Entry(1, kind, amount, 5, AT, None, matter)


def line(transaction: int, amount: int, balance: int, expires_on: date | None = None) -> StatementLine:
    return StatementLine(transaction, 1, "credit", amount, balance, expires_on, AT, AT, "office", "", {})


def sentence(kind: str, matter: Matter, amount: int = 5) -> tuple[str, str]:
    found = told(entry(kind, matter, amount), say, day)
    return found.title, found.text


@pytest.mark.parametrize(
    ("service", "text"),
    [
        (SERVED, "9月20日 在春风社区东门服务 3 小时，记 180 分钟、30 积分"),
        (replace(SERVED, points=0), "9月20日 在春风社区东门服务 3 小时，记 180 分钟"),
        (replace(SERVED, place=""), "9月20日 服务 3 小时，记 180 分钟、30 积分"),
        (replace(SERVED, minutes=0), "9月20日 在春风社区东门参加，记 30 积分"),
        (replace(SERVED, minutes=12_345), "9月20日 在春风社区东门服务 205.75 小时，记 12,345 分钟、30 积分"),
    ],
)
def test_a_service_says_when_where_how_long_and_what_for(service: Service, text: str) -> None:
    matter = replace(NOTHING, kind="credit", service=service)
    assert sentence("credit", matter) == ("清洁日", text)


@pytest.mark.parametrize(
    ("kind", "matter", "amount", "title", "text"),
    [
        ("redemption", RICE, -5, "兑换商品", "东门积分超市：大米 × 2、毛巾 × 1,000"),
        ("reversal", RICE, 5, "退货，积分退还", "东门积分超市：大米 × 2、毛巾 × 1,000"),
        (
            "reversal",
            replace(RICE, kind="capture"),
            5,
            "退货，积分退还",
            "东门积分超市：大米 × 2、毛巾 × 1,000",
        ),
        ("hold", replace(RICE, kind="hold"), -5, "预留商品", "东门积分超市：大米 × 2、毛巾 × 1,000"),
        (
            "release",
            replace(RICE, kind="hold"),
            5,
            "预留取消，积分退回",
            "东门积分超市：大米 × 2、毛巾 × 1,000",
        ),
        ("acceptance", OFFER, -5, "在商户使用福分", "平安理发店：理发"),
        ("reversal", OFFER, 5, "商户退还福分", "平安理发店：理发"),
        ("hold", replace(OFFER, kind="hold"), -5, "领取兑换券", "平安理发店：理发"),
        ("release", replace(OFFER, kind="hold"), 5, "兑换券未用，福分退回", "平安理发店：理发"),
        ("hold", replace(NOTHING, kind="hold"), -5, "预约服务，时间币预留", ""),
        ("capture", replace(NOTHING, kind="hold"), 5, "预约结束，余下的时间币退回", ""),
        ("award", replace(NOTHING, kind="award", award="文明家庭"), 5, "获得奖励", "文明家庭"),
        ("gift", replace(NOTHING, kind="gift"), -5, "转赠亲属", ""),
        ("gift", replace(NOTHING, kind="gift"), 5, "收到亲属转赠", ""),
        ("expire", replace(NOTHING, kind="expire"), -5, "到期失效", ""),
        (
            "reversal",
            replace(NOTHING, kind="credit", service=SERVED),
            -5,
            "服务记录更正，原入账收回",
            "9月20日“清洁日”",
        ),
        ("reversal", replace(NOTHING, kind="stock_count"), 5, "更正", ""),
        ("later_kind", NOTHING, 5, "其他变动", ""),
    ],
)
def test_whatever_else_happens_says_what_and_of_what(
    kind: str, matter: Matter, amount: int, title: str, text: str
) -> None:
    assert sentence(kind, matter, amount) == (title, text)


def test_a_conversion_says_both_sides() -> None:
    matter = replace(
        NOTHING, kind="conversion", from_unit="point", from_amount=2_000, to_unit="fufen", to_amount=200
    )
    assert sentence("conversion", matter) == ("换算", "2,000 积分换得 200 福分")
    own = replace(matter, to_unit="stamp")
    assert sentence("conversion", own)[1] == "2,000 积分换得 200 stamp"


def test_what_went_out_of_several_lots_is_one_entry() -> None:
    matters: Mapping[int, Matter] = {1: NOTHING, 2: NOTHING}
    end = date(2026, 12, 31)
    found = entries_of([line(2, 30, 30, end), line(1, -3, 0), line(1, -4, 3), line(1, 1, 7)], matters)
    assert [(each.amount, each.balance, each.expires_on) for each in found] == [(30, 30, end), (-6, 0, None)]


@pytest.mark.parametrize("key", sorted({*PLAIN, *OTHERS}))
def test_every_kind_has_words_that_need_nothing_else(key: str) -> None:
    for sentence_ in words(f"page.entry.{key}"):
        assert not [name for _, name, _, _ in string.Formatter().parse(sentence_) if name]


def test_no_kind_is_said_by_words_that_are_not_there() -> None:
    for kind in ("credit", "hold", "release", "capture", "reversal", "gift", "crossing", "unheard_of"):
        for of in ("credit", "hold", "capture", "unheard_of"):
            for matter in (NOTHING, RICE, OFFER):
                assert key_of(entry(kind, replace(matter, kind=of))) in {*PLAIN, *OTHERS}
