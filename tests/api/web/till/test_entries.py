"""What is typed into the till's box, read; and on the page: numbers, steps, names, wide letters, faults."""

import pytest

from api.web.till.entries import Count, Entry, Receipt, Step, Wanted, plain, read_entry
from tests.api.web.browser import Browser, Browsers
from tests.api.web.counter import Counter
from tests.api.web.till.test_selling import OIL, RICE, begun, confirm_form, total
from timebank.codes.images import qr_png


@pytest.mark.parametrize(
    ("typed", "entry"),
    [
        ("+", Step(1)),
        ("-", Step(-1)),
        ("+ 12", Step(12)),
        ("3", Count(3)),
        ("0", Count(0)),
        ("1000", Wanted(1, "1000")),
        ("6900000000011", Wanted(1, "6900000000011")),
        ("3*6900000000011", Wanted(3, "6900000000011")),
        ("2 x 大米 5kg", Wanted(2, "大米 5kg")),
        ("2*#17", Wanted(2, 17)),
        ("大米", Wanted(1, "大米")),
        ("S1-20260509-0042", Receipt("S1-20260509-0042")),
        ("S-1-20260509-10042", Receipt("S-1-20260509-10042")),
    ],
)
def test_what_is_typed_is_read(typed: str, entry: Entry) -> None:
    assert read_entry(typed) == entry


@pytest.mark.parametrize(
    ("typed", "read"), [("３＊６９００", "3*6900"), (" −2 ", "-2"), ("\x1d690\x00\r\n", "690"), ("\t", "")]
)
def test_a_chinese_keyboard_and_a_talkative_gun_are_understood(typed: str, read: str) -> None:
    assert plain(typed) == read


async def counts(browser: Browser) -> list[str]:
    return [part.split("<")[0] for part in browser.last.text.split('<strong class="count">')[1:]]


async def test_numbers_and_steps_are_of_the_chosen_line(of: Browsers, counter: Counter) -> None:
    carl = await begun(of, counter)
    await counter.enter(carl, "+")
    assert "The basket is empty" in carl.text
    for entry in (RICE, OIL):
        await counter.enter(carl, entry)
    assert carl.hidden("line") == str(counter.desk.market.oil)
    await counter.enter(carl, "4")
    assert await counts(carl) == ["1", "4"]
    await counter.enter(carl, "+2", line=str(counter.desk.market.rice))
    assert await counts(carl) == ["3", "4"]
    assert carl.hidden("line") == str(counter.desk.market.rice)
    await counter.enter(carl, "-")
    assert await counts(carl) == ["2", "4"]
    await counter.enter(carl, "0")
    assert await counts(carl) == ["4"]
    assert total(carl) == 200
    await counter.enter(carl, "-999")
    assert await counts(carl) == []


async def test_an_item_without_its_barcode_is_found_by_number_or_name(of: Browsers, counter: Counter) -> None:
    carl = await begun(of, counter)
    await counter.enter(carl, "rice")
    await counter.enter(carl, "2*大米")
    assert total(carl) == 90
    assert await counter.enter(carl, "no such thing") == 200
    assert "Nothing found for “no such thing”" in carl.text
    assert total(carl) == 90


async def test_several_that_are_called_alike_are_offered(of: Browsers, counter: Counter) -> None:
    sql = "update goods set description = '示例粮油' where bank_id = $1 and shop_id = $2"
    await counter.desk.do(sql, counter.desk.market.near)
    carl = await begun(of, counter)
    assert await counter.enter(carl, "2*粮油") == 200
    assert carl.last.text.count("data-choice") >= 2
    assert await counter.enter(carl, f"2*#{counter.desk.market.oil}") == 303
    assert total(carl) == 100
    assert await counter.enter(carl, "#999999999") == 200
    assert total(carl) == 100


async def test_a_photo_of_a_barcode_comes_back_as_the_form_of_the_same_basket(
    of: Browsers, counter: Counter
) -> None:
    carl = await begun(of, counter)
    assert "data-lens" in carl.last.text
    form = {name: carl.hidden(name) for name in ("csrf", "quote", "version", "line")}
    files = {"photo": ("code.png", qr_png(RICE), "image/png")}
    carl.last = await carl.client.post("/codes/read?to=/till/entry&field=entry", data=form, files=files)
    assert f'value="{RICE}"' in carl.last.text
    assert await counter.enter(carl, RICE) == 303
    assert total(carl) == 30


@pytest.mark.parametrize("entry", ["", "x" * 500, "\x1d"])
async def test_what_cannot_be_read_leaves_the_basket_as_it_is(
    of: Browsers, counter: Counter, entry: str
) -> None:
    carl = await begun(of, counter)
    await counter.enter(carl, RICE)
    assert await counter.enter(carl, entry) == 200
    assert total(carl) == 30


async def test_cash_that_is_no_amount_is_told_and_the_basket_stays(of: Browsers, counter: Counter) -> None:
    carl = await begun(of, counter)
    await counter.enter(carl, RICE)
    await carl.send("/till/confirm", {**confirm_form(carl), "cash": "6900000000011"})
    assert "The cash is not an amount" in carl.text
    assert total(carl) == 30
    assert await counter.desk.points() == 300


async def test_none_of_an_item_is_no_line(of: Browsers, counter: Counter) -> None:
    carl = await begun(of, counter)
    await counter.enter(carl, RICE)
    for entry in (f"0*{OIL}", f"0*{RICE}", "#999999999999999999", "٣*٦٩٠٠", "2*%", "\\", "TBC-", "Q1"):
        assert await counter.enter(carl, entry) in {200, 303}, entry
        assert await counts(carl) == ["1"], entry
    assert (await carl.send("/till/confirm", confirm_form(carl))).status_code == 303
