"""What a member was told, on a page: in words, the newest first, and read."""

import pytest

from api.web.volunteer.told import ADDRESSES, address_of
from tests.api.cast import Cast
from tests.api.web.browser import Browsers
from timebank.database import Database
from timebank.notifications.actions import tell, tell_each
from timebank.notifications.kinds import KINDS

PATH = "/me/notices"


async def test_shows_what_was_told_and_marks_it_as_read(of: Browsers, cast: Cast, database: Database) -> None:
    alice = of("alice")
    assert (await alice.get(PATH)).status_code == 200
    assert "There is nothing to tell yet" in alice.text
    people = [cast.people["alice"]]
    await database.write(cast.bank, lambda tx: tell(tx, people, "awarded", unit="point", amount=5))
    await database.write(cast.bank, lambda tx: tell(tx, people, "pin_set", card=1))
    await alice.get(PATH)
    assert alice.text.index("PIN set") < alice.text.index("You were awarded 5 points.")
    assert alice.text.count('class="tag warn"') == 2
    (form,) = [form for form in alice.forms() if "last" in form]
    assert (await alice.post(PATH, **form)).status_code == 303
    await alice.get(PATH)
    assert "tag warn" not in alice.text
    assert [form for form in alice.forms() if "last" in form] == []
    await alice.get("/me")
    assert f'href="{PATH}"' in alice.text


async def test_goes_on_to_older_ones(of: Browsers, cast: Cast, database: Database) -> None:
    told = [(cast.people["alice"], {"amount": number}) for number in range(1, 32)]
    await database.write(cast.bank, lambda tx: tell_each(tx, told, "fufen_taken"))
    alice = of("alice")
    await alice.get(PATH)
    assert "You used 31 fufen" in alice.text
    assert "You used 1 fufen" not in alice.text
    older = alice.text.split("?before=")[1].split('"')[0]
    await alice.get(f"{PATH}?before={older}")
    assert "You used 1 fufen" in alice.text
    assert "You used 2 fufen" not in alice.text


async def test_is_each_one_s_own(of: Browsers, cast: Cast, database: Database) -> None:
    people = [cast.people["alice"]]
    await database.write(cast.bank, lambda tx: tell(tx, people, "pin_set", card=1))
    bob = of("bob")
    await bob.get(PATH)
    assert "PIN set" not in bob.text


@pytest.mark.parametrize(
    ("kind", "params", "address"),
    [
        ("record_credited", {"record": 7}, "/me/records/7"),
        ("record_credited", {}, "/me/records"),
        ("dispute_decided", {"record": 7}, "/me/records/7"),
        ("expiring", {"unit": "fufen"}, "/me/statement?unit=fufen"),
        ("awarded", {"unit": "other"}, "/me/statement?unit=point"),
        ("redeemed", {"points": 60}, "/me/statement?unit=point"),
        ("star_raised", {}, "/me/stars"),
        ("pin_set", {}, None),
        ("of_a_later_program", {}, None),
    ],
)
def test_leads_to_where_there_is_more(kind: str, params: dict[str, object], address: str | None) -> None:
    assert address_of(kind, params) == address


def test_every_begin_of_a_kind_is_one() -> None:
    for begin in ADDRESSES:
        assert any(kind.startswith(begin) for kind in KINDS), begin
