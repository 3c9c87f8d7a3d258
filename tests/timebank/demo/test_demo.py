"""The demo: on a fresh home, and again."""

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pypdf
import pytest

from tests.served import free_port
from tests.timebank.cli.conftest import Office
from tests.timebank.cli.test_serve import Serving, log_in, serving, wait_for
from timebank.cli.admin import login_body
from timebank.demo.community import write_community
from timebank.permissions import Role


def day_there() -> date:
    """Return what day it is at the demo's bank."""
    return datetime.now(ZoneInfo("Asia/Shanghai")).date()


@pytest.fixture(scope="module")
def running(office: Office) -> Iterator[Serving]:
    """Serve the demo bank at a free port; what it printed can be used once."""
    with serving(office, "demo", "--serve", "--port", str(free_port())) as running:
        with running.client() as client:
            wait_for(lambda: client.get("/health/ready").status_code == 200)
        yield running


def fresh_links(office: Office, running: Serving) -> dict[str, str]:
    """Return a login of each role that nobody has used yet."""
    logins = office.run("demo", "--json").json["logins"]
    return {login["role"]: f"{running.url}/L/demo/{login['token']}" for login in logins}


def test_it_runs_on_a_fresh_home_and_again(folder: Path, tmp_path: Path) -> None:
    office = Office(folder / "again", tmp_path)  # where nobody's jobs run
    while True:
        day = day_there()
        first = office.run("demo", "--json").json
        assert first["violations"] == []
        assert first["totals"]["records_credited"] > 1_000
        assert first["totals"]["redemptions_refused"].keys() == {"insufficient_points", "out_of_stock"}
        again = office.run("demo")
        assert again.exit_code == 0
        assert "核对无误" in again.out
        last = office.run("demo", "--json").json
        if day_there() == day:  # else a midnight came between, and what every day brings
            break
    assert last["totals"] == first["totals"]


def test_every_command_that_it_proposes_works(office: Office) -> None:
    said = office.run("demo")
    proposed = [
        line.split("timebank ", 1)[1] for line in said.out.splitlines() if line.startswith("  .venv/")
    ]
    assert len(proposed) >= 6
    for line in proposed:
        done = office.run(*line.replace("'", "").split())
        assert done.exit_code == 0, (line, done)
    assert (office.desk / "proof.json").stat().st_size > 500
    assert (office.desk / "demo.journal").stat().st_size > 10_000


def test_its_certificates_lead_to_where_it_is_served(office: Office) -> None:
    assert office.run("demo").exit_code == 0
    office.run("certificates", "batch", 1, "--bank", "demo", "-o", "all.zip")
    with zipfile.ZipFile(office.desk / "all.zip") as prints:
        reader = pypdf.PdfReader(io.BytesIO(prints.read(prints.namelist()[0])))
    (document,) = reader.attachments["timebank-certificate.txt"]
    assert re.search(rb'"link":"HTTP://127\.0\.0\.1:\d+/V/', document)


def test_its_workbook_is_the_same_every_time_and_names_nobody_real(tmp_path: Path) -> None:
    cells = []
    for name in ("a.xlsx", "b.xlsx"):
        write_community(tmp_path / name)
        book = openpyxl.load_workbook(tmp_path / name, read_only=True)
        cells.append([list(sheet.iter_rows(values_only=True)) for sheet in book])
        book.close()
    assert cells[0] == cells[1]
    people = cells[0][2][1:]
    assert all(str(row[4]).startswith("990000") and str(row[5]).startswith("1990000") for row in people)


def test_every_role_gets_a_login_that_works_and_nobody_is_made_twice(
    office: Office, running: Serving
) -> None:
    meeting = office.run("demo", "--json").json
    first = {login["role"]: login for login in meeting["logins"]}
    again = {login["role"]: login for login in office.run("demo", "--json").json["logins"]}
    assert set(first) == {"volunteer", *map(str, Role), "office_2"}
    assert {role: login["person_id"] for role, login in first.items()} == {
        role: login["person_id"] for role, login in again.items()
    }
    assert len({login["token"] for login in (*first.values(), *again.values())}) == 2 * len(first)
    with running.client() as client:
        printed = re.findall(r"^  (\w+) +(http\S+)$", running.said, re.MULTILINE)
        assert {role for role, _ in printed} == set(first)
        for role, link in printed:
            site, bank, token = link.rsplit("/", 2)
            assert (site, bank) == (f"{running.url}/L", "demo")
            me = client.get("/api/v1/me", headers=log_in(running, login_body(bank, token).strip())).json()
            assert [grant["role"] for grant in me["roles"]] == (
                [] if role == "volunteer" else [role.removesuffix("_2")]
            )
            assert me["person_id"] == first[role]["person_id"]
        (screen,) = re.findall(r"/stations/\S+", running.said)
        assert screen == f"/stations/{meeting['station']}/screen?session={meeting['session']}"


def test_its_links_open_pages_with_something_to_do_today(office: Office, running: Serving) -> None:
    links = fresh_links(office, running)
    (screen,) = re.findall(r"(http\S+/stations/\S+)", running.said)
    # Each in a browser of its own: cookies of one host are one login.
    for role, page, said in (
        ("volunteer", f"{running.url}/me", "今日清洁家园"),
        ("steward", screen, "<svg"),
        ("community_worker", f"{running.url}/office/reviews", "邻里巡访"),
        ("office", f"{running.url}/notices", "春风"),
        ("auditor", f"{running.url}/office/solvency", "春风社区"),
        ("merchant", f"{running.url}/merchant", "理发八折"),
        ("shop_manager", f"{running.url}/till/shifts", "-0.50"),
        ("cashier", f"{running.url}/till/shifts", "春风积分超市"),
        ("administrator", f"{running.url}/office/settlements?state=approved", "示例理发店"),
    ):
        with running.client() as client:
            html = {"Accept": "text/html"}
            (token,) = re.findall(r'name="csrf" value="([^"]+)"', client.get(links[role], headers=html).text)
            assert client.post(links[role], data={"csrf": token}, headers=html).status_code == 303
            answer = client.get(page, headers=html)
            assert answer.status_code == 200, role
            assert said in answer.text, role


def test_its_till_opens_with_the_code_that_is_printed(office: Office, running: Serving) -> None:
    link = fresh_links(office, running)["cashier"]
    with running.client() as client:
        assert re.search(r"/till  TBD:\S+$", running.said, re.MULTILINE)
        enrolment = office.run("demo", "--json").json["till"]  # good for a few minutes
        client.headers["Accept"] = "text/html"
        assert client.post(link, data={"csrf": hidden(client.get(link).text, "csrf")}).status_code == 303
        fields = {"csrf": hidden(client.get("/till").text, "csrf"), "token": enrolment}
        assert client.post("/till/enrol", data=fields).status_code == 303
        page = client.get("/till").text
        (shop,) = re.findall(r'<option value="(\d+)">春风积分超市', page)
        fields = {"csrf": hidden(page, "csrf"), "shop": shop, "cash": "100"}
        assert client.post("/till/open", data=fields).status_code == 303
        assert 'name="entry"' in client.get("/till").text


def test_its_staff_log_in_by_code_too_and_are_told_what_that_does_not_carry(running: Serving) -> None:
    with running.client() as client:
        client.headers["Accept"] = "text/html"
        page = client.get("/login?lang=en").text
        fields = {
            "step": "phone",
            "bank": "demo",
            "phone": "１９９００００９００６",
            "csrf": hidden(page, "csrf"),
        }
        page = client.post("/login", data=fields).text
        wait_for(lambda: any(line["event"] == "login_code" for line in running.events()))
        (code,) = (line["code"] for line in running.events() if line["event"] == "login_code")
        fields = {"step": "code", "bank": "demo", "code": str(code)}
        fields |= {name: hidden(page, name) for name in ("csrf", "code_id", "reference")}
        assert client.post("/login", data=fields).status_code == 303
        assert "You hold office roles" in client.get("/me").text
        refused = client.get("/office/reviews")
        assert (refused.status_code, "You hold office roles" in refused.text) == (403, True)


def hidden(page: str, name: str) -> str:
    """Return the value of a form's hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None, name
    return found[1]
