"""People at the desk: the list, finding, registering, one person; every look at what is personal is on record."""

import pytest

from ledger.session import WriteTx
from tests.api.cast import SINCE, Cast
from tests.api.entering import Door
from tests.api.web.browser import Browser, Browsers
from timebank.people.memberships import join
from timebank.volunteers.queries import codes_of
from timebank.words import words

PEOPLE = "/office/people"


async def looks_at(door: Door, who: str) -> list[tuple[str, tuple[str, ...]]]:
    """Return the purposes and fields of the looks at one of the cast."""
    rows = await door.write(
        lambda tx: tx.connection.fetch(
            "select purpose, fields from look_ups where bank_id = $1 and subject_id = $2 order by id",
            tx.bank_id,
            door.cast.people[who],
        )
    )
    return [(row["purpose"], tuple(row["fields"])) for row in rows]


async def ask(browser: Browser, **fields: object) -> Browser:
    await browser.get(PEOPLE)
    await browser.post(PEOPLE, **fields)
    return browser


@pytest.mark.parametrize("name", ["alice", "carl", "stella", "audrey", "max"])
async def test_is_not_for_others(of: Browsers, cast: Cast, name: str) -> None:
    for path in (PEOPLE, f"{PEOPLE}/new", f"{PEOPLE}/{cast.people['bob']}"):
        assert (await of(name).get(path)).status_code == 403


async def test_the_list_shows_masked_names_in_reach(of: Browsers, cast: Cast, door: Door) -> None:
    await door.give_phone("alice", "19900000301", "测小明")
    wen = of("wen")
    await wen.get(PEOPLE)
    assert "测*" in wen.text
    assert "测小明" not in wen.text
    assert str(cast.people["alice"]) in wen.text
    assert str(cast.people["bob"]) not in wen.text
    assert (await wen.get(f"{PEOPLE}?organisation={cast.organisations['birch']}")).status_code == 404
    olga = of("olga")
    await olga.get(f"{PEOPLE}?organisation={cast.organisations['birch']}")
    assert str(cast.people["bob"]) in olga.text
    assert "Register somebody" not in olga.text
    assert await looks_at(door, "alice") == []


async def test_a_number_finds_who_has_it_and_that_is_on_record(of: Browsers, cast: Cast, door: Door) -> None:
    await door.give_phone("alice", "19900000301", "测小明")
    await door.give_phone("bob", "19900000302", "测乙")
    wen = await ask(of("wen"), field="phone", value="199 0000 0301", purpose="contact")
    assert wen.last.headers["location"] == f"{PEOPLE}/{cast.people['alice']}"
    await wen.get(wen.last.headers["location"])
    assert "19900000301" not in wen.text
    assert await looks_at(door, "alice") == [("contact", ("phone",))]
    await ask(wen, field="phone", value="19900000302", purpose="contact")
    await wen.get(wen.last.headers["location"])
    assert "Nobody in your reach" in wen.text
    assert await looks_at(door, "bob") == []
    await ask(wen, field="phone", value="12", purpose="contact")
    assert wen.last.status_code == 422
    await ask(wen, field="phone", value="19900000301", purpose="curiosity")
    assert "does not fit" in wen.text
    assert (
        await ask(of("olga"), field="phone", value="19900000301", purpose="contact")
    ).last.status_code == 403


async def test_a_number_of_two_leads_to_both_and_is_looked_up_once(
    of: Browsers, cast: Cast, door: Door
) -> None:
    for name in ("alice", "bob"):
        await door.give_phone(name, "19900000303", f"测{name}")
    wen = of("wen")
    await wen.get(f"{PEOPLE}/new")
    fields = {"organisation": str(cast.organisations["apple"]), "name": "测家人", "phone": "19900000303"}
    await wen.post(f"{PEOPLE}/new", once=wen.hidden("once"), **fields)
    kin = wen.last.headers["location"]
    await ask(wen, field="phone", value="19900000303", purpose="contact")
    address = wen.last.headers["location"]
    assert "19900000303" not in address
    for _ in range(2):  # loading it again asks nothing
        await wen.get(address)
        shown = wen.last.text.split('id="found"')[1].split("</section>")[0]
        alice, bob = (f'href="{PEOPLE}/{cast.people[name]}"' for name in ("alice", "bob"))
        assert (alice in shown, kin in shown, bob in shown) == (True, True, False)
    assert await looks_at(door, "alice") == [("contact", ("phone",))]
    # The address alone shows nobody who is out of reach.
    await wen.get(f"{PEOPLE}?found={cast.people['bob']}.{'-' * 36}")
    assert (wen.last.status_code, "Nobody in your reach" in wen.text) == (200, True)
    assert (await wen.get(f"{PEOPLE}?found=19900000303")).status_code == 422


async def test_a_code_leads_to_its_volunteer(of: Browsers, cast: Cast, door: Door) -> None:
    codes = await door.write(
        lambda tx: tx.connection.fetch("select owner, code from volunteers where bank_id = $1", tx.bank_id)
    )
    code = {row["owner"]: row["code"] for row in codes}
    wen = of("wen")
    page = f"{PEOPLE}/{cast.people['alice']}"
    await ask(wen, code=f" {code[cast.people['alice']]} ")
    assert (wen.last.status_code, wen.last.headers["location"]) == (303, page)
    for unknown in (code[cast.people["bob"]], "nobody"):
        await ask(wen, code=unknown)
        assert "or out of your reach" in wen.text
        assert f'value="{unknown}"' in wen.last.text
    for wrong in ("\0", "x" * 41):
        await ask(wen, code=wrong)
        assert (wen.last.status_code, "does not fit" in wen.text) == (422, True)
    assert (await of("olga").send(PEOPLE, {"code": "nobody"})).status_code == 403  # no page of ours


async def test_a_code_in_an_address_is_not_looked_at(of: Browsers) -> None:
    wen = of("wen")
    await wen.get(f"{PEOPLE}?code=nobody")
    assert (wen.last.status_code, "out of your reach" in wen.text) == (200, False)


async def test_personal_fields_are_shown_for_a_purpose_and_corrected(
    of: Browsers, cast: Cast, door: Door
) -> None:
    await door.give_phone("alice", "19900000301", "测小明")
    wen = of("wen")
    page = f"{PEOPLE}/{cast.people['alice']}"
    await wen.get(page)
    assert "测小明" not in wen.text
    await wen.post(page, do="look", purpose="")
    assert "choose a purpose" in wen.text
    await wen.post(page, do="look", purpose="service")
    assert 'value="测小明"' in wen.text
    ((purpose, fields),) = await looks_at(door, "alice")
    assert (purpose, "phone" in fields) == ("service", True)
    version = wen.hidden("version")
    typed = {"name": "测小明", "phone": "19900000303", "skills": "理发", "version": version}
    await wen.post(page, do="edit", **typed)
    assert "Saved" in wen.text
    await wen.post(page, do="edit", **{**typed, "skills": "又改"})
    assert wen.last.status_code in {409, 412}
    assert "又改" in wen.text
    await wen.post(page, do="edit", **{**typed, "name": ""})
    assert "Something does not fit" in wen.text


async def test_service_is_shown_and_looks_are_kept(of: Browsers, cast: Cast, door: Door) -> None:
    page = f"{PEOPLE}/{cast.people['alice']}"
    olga, audrey = of("olga"), of("audrey")
    assert "No record yet" in (await olga.get(f"{page}/service")).text
    assert await looks_at(door, "alice") == [
        ("standing.read", ("standing",)),
        ("records.read", ("records",)),
    ]
    assert (await olga.get(f"{page}/look-ups")).status_code == 403
    await audrey.get(f"{page}/look-ups")
    assert audrey.last.status_code == 200
    assert "测试root" in audrey.text
    for suffix in ("/service", "/look-ups"):
        assert (await of("alice").get(f"{page}{suffix}")).status_code == 403


async def test_somebody_is_registered_once(of: Browsers, cast: Cast) -> None:
    wen = of("wen")
    await wen.get(f"{PEOPLE}/new")
    fields: dict[str, object] = {
        "csrf": wen.token,
        "once": wen.hidden("once"),
        "name": "测新人",
        "phone": "19900000399",
    }
    fields |= {"organisation": str(cast.organisations["apple"]), "volunteers": "yes", "code": "V9001"}
    found = {(await wen.send(f"{PEOPLE}/new", fields)).headers["location"] for _ in range(2)}
    assert len(found) == 1
    await wen.get(found.pop())
    assert "测*" in wen.text
    assert "V9001" in wen.text


@pytest.mark.parametrize("wrong", [{"name": ""}, {"code": ""}, {"phone": "12"}, {"born_on": "yesterday"}])
async def test_what_does_not_fit_is_said_and_stays(of: Browsers, cast: Cast, wrong: dict[str, str]) -> None:
    wen = of("wen")
    await wen.get(f"{PEOPLE}/new")
    fields = {
        "name": "测新人",
        "organisation": cast.organisations["apple"],
        "volunteers": "yes",
        "code": "V1",
    }
    await wen.post(f"{PEOPLE}/new", once=wen.hidden("once"), **{**fields, "area": "三栋", **wrong})
    assert wen.last.status_code == 422
    assert 'value="三栋"' in wen.text
    assert 'role="alert"' in wen.last.text


async def test_the_register_of_looks_is_for_who_audits(of: Browsers, cast: Cast, door: Door) -> None:
    for name in ("wen", "olga", "alice", "ada"):
        assert (await of(name).get("/office/look-ups")).status_code == 403
    audrey = of("audrey")
    assert "No such look" in (await audrey.get("/office/look-ups")).text
    await door.give_phone("alice", "19900000301", "测小明")
    await of("olga").get(f"{PEOPLE}/{cast.people['alice']}/service")
    await audrey.get("/office/look-ups")
    assert "测*" in audrey.text
    assert "hours and points" in audrey.text.lower()
    assert "No such look" in (await audrey.get("/office/look-ups?purpose=contact")).text
    assert "No such look" in (await audrey.get("/office/look-ups?until=2020-01-01")).text
    assert (await audrey.get("/office/look-ups?since=nonsense")).status_code == 422


async def test_who_audits_elsewhere_reads_no_memberships_there(of: Browsers, cast: Cast, door: Door) -> None:
    """Wen works for apple and audits birch: of birch's people only the looks are shown."""

    async def work(tx: WriteTx) -> None:
        await tx.connection.execute(
            "insert into role_grants (bank_id, person_id, role, organisation_id, from_at, granted_by)"
            " values ($1, $2, 'auditor', $3, $4, 'test')",
            *(tx.bank_id, cast.people["wen"], cast.organisations["birch"], SINCE),
        )
        today = tx.day(door.clock.at)
        await join(
            tx,
            cast.people["bob"],
            organisation_id=cast.organisations["birch"],
            kind="residence",
            from_on=today,
            today=today,
            actor="test",
        )

    async def code_of(tx: WriteTx) -> str:
        return (await codes_of(tx, [cast.people["bob"]]))[cast.people["bob"]]

    await door.write(work)
    page = f"{PEOPLE}/{cast.people['bob']}"
    home, code = f"<dt>{words('page.membership.residence')[1]}</dt>", await door.write(code_of)
    xu = (await of("xu").get(page)).text
    assert (home in xu, code in xu) == (True, True)
    wen = of("wen")
    assert (await wen.get(f"{page}/look-ups")).status_code == 200
    assert (home in wen.text, code in wen.text) == (False, False)
    assert (await wen.get(page)).status_code == 404
