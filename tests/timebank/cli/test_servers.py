"""Servers: one that is named, with a login of its own; one that is not there; one that dies; homes that do not do."""

import contextlib
import re
import secrets
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest
import pytest_asyncio

from tests.timebank.cli.conftest import QUICK, Office
from tests.timebank.workbook import generator, oracle
from timebank.postgres import EmbeddedServer

SIZE = generator.Size(volunteers=12, activities=25, attendances=160, awards=12, items=6, slips=60)


@pytest.fixture(scope="module")
def named_server(folder: Path) -> Iterator[EmbeddedServer]:
    """Return a server that admits by password, as one elsewhere would."""
    with EmbeddedServer(folder / "server", settings=QUICK) as server:
        admissions = next(
            path for path in (folder / "server").rglob("pg_hba.conf") if "map=" in path.read_text()
        )
        text = admissions.read_text(encoding="ascii")
        admissions.write_text(f"local all lodger scram-sha-256\n{text}", encoding="ascii")
        yield server


@pytest_asyncio.fixture(loop_scope="session")
async def named(named_server: EmbeddedServer, tmp_path: Path) -> AsyncIterator[Office]:
    """Return an office that knows a database by its URL, as a login that is no superuser."""
    admin = await asyncpg.connect(named_server.dsn())
    name, password = f"books_{secrets.token_hex(4)}", secrets.token_hex(8)
    await admin.execute("drop role if exists lodger")
    await admin.execute(f"create role lodger login createrole password '{password}'")
    await admin.execute(f"create database {name} owner lodger")
    await admin.execute("select pg_reload_conf()")
    url = named_server.dsn(user=f"lodger:{password}", database=name).replace("%3A", ":", 1)
    yield Office(tmp_path / "home", tmp_path, {"TIMEBANK_DATABASE_URL": url})
    await admin.execute(f"drop database {name} with (force)")
    await admin.execute("drop role if exists timebank_owner, timebank_app, timebank_reader, lodger")
    await admin.close()


def test_a_named_server_is_migrated_and_used_without_a_superuser(named: Office) -> None:
    named.run("totals").assert_refused("schema_missing")
    assert named.run("migrate", "--json").json == {
        "applied": ["0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008"]
    }
    assert named.run("migrate", "--json").json == {"applied": []}
    path = named.desk / "small.xlsx"
    generator.write(path, generator.district(41, SIZE))
    assert named.run("import", path).exit_code == 0
    for job in ("expire", "recognise"):
        assert named.run("jobs", "run", job, "--as-of", "2026-01-01").exit_code == 0
    assert named.run("totals", "--json").json == oracle.expected(path)
    assert named.run("seal").exit_code == 0
    assert named.run("audit").exit_code == 0
    assert sorted(path.name for path in named.home.iterdir()) == ["checkpoints", "keys"]
    wrong = re.sub(r"lodger:\w+@", "lodger:wrong@", named.environment["TIMEBANK_DATABASE_URL"])
    said = named.run("totals", TIMEBANK_DATABASE_URL=wrong)
    said.assert_refused("login_refused")
    assert "wrong" not in said.err


def test_a_server_that_is_not_there_is_an_outage(tmp_path: Path) -> None:
    office = Office(
        tmp_path / "home", tmp_path, {"TIMEBANK_DATABASE_URL": "postgresql://a:secret@127.0.0.1:1/b"}
    )
    for words in (("totals",), ("migrate",), ("import", "none.xlsx"), ("audit", "--json")):
        said = office.run(*words)
        said.assert_refused("database_unreachable", 3)
        assert "secret" not in said.err


def test_an_address_that_is_none_is_refused(tmp_path: Path) -> None:
    office = Office(tmp_path / "home", tmp_path)
    for command in ("totals", "migrate"):
        for address in ("mysql://a:secret@b/c", "postgresql://a:secret@b:port/c"):
            said = office.run(command, TIMEBANK_DATABASE_URL=address)
            said.assert_refused("database_url_invalid")
            assert "secret" not in said.err
    assert not office.home.exists()


def test_settings_that_make_no_sense_are_refused(folder: Path, tmp_path: Path) -> None:
    office = Office(folder / "other", tmp_path)
    office.run("import", "none.xlsx", TIMEBANK_ZONE="Asia/Atlantis").assert_refused("zone_unknown")
    path = tmp_path / "small.xlsx"
    generator.write(path, generator.district(41, SIZE))
    for key in ("short", "AAAA", "не"):
        office.run("import", path, TIMEBANK_VAULT_KEY=key).assert_refused("vault_key_invalid")


def test_a_home_that_does_not_do_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    said = Office(tmp_path / "file" / "home", tmp_path).run("totals")
    said.assert_refused("home_not_writable")


def test_a_server_that_is_killed_is_an_outage_and_then_comes_back(folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "large.xlsx"
    generator.write(path, generator.district(43, generator.larger(SIZE, 20)))
    office = Office(folder / "killed", tmp_path)
    assert office.run("migrate").exit_code == 0
    outages = 0
    for seconds in (0.1, 0.5, 1.2):
        process = office.start("import", path)
        assert wait_for_server(office.home)
        time.sleep(seconds)
        for server in servers_of(office.home):
            with contextlib.suppress(psutil.NoSuchProcess):
                server.kill()
        _, err = process.communicate(timeout=60)
        assert "Traceback" not in err, err
        assert process.returncode in {0, 3}, err
        outages += process.returncode == 3
    assert outages
    assert office.run("import", path).exit_code == 0
    for job in ("expire", "recognise"):
        assert office.run("jobs", "run", job, "--as-of", "2026-01-01").exit_code == 0
    assert office.run("totals", "--json").json == oracle.expected(path)
    assert office.run("audit", "--json").json == []


def servers_of(home: Path) -> list[psutil.Process]:
    """Return the PostgreSQL servers of a home and all their processes, by the number that each wrote down."""
    found: list[psutil.Process] = []
    for note in home.rglob("postmaster.pid"):
        with contextlib.suppress(FileNotFoundError, psutil.NoSuchProcess):
            lines = note.read_text(encoding="utf-8").split()
            if lines and psutil.pid_exists(int(lines[0])):
                server = psutil.Process(int(lines[0]))
                found += [*server.children(), server]
    return found


def wait_for_server(home: Path) -> bool:
    """Tell whether a server of the home comes up within a while."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if home.exists() and servers_of(home):
            return True
        time.sleep(0.02)
    return False


def test_nobody_is_named_in_the_servers_log(folder: Path, tmp_path: Path) -> None:
    office = Office(folder / "logged", tmp_path)
    sheets = generator.district(47, SIZE)
    for number, person in enumerate(sheets["志愿者"]):
        person[1], person[5] = f"欧阳不可见{number}", f"1991234{number:04}"
    path = tmp_path / "people.xlsx"
    generator.write(path, sheets)
    with EmbeddedServer(office.home, settings=QUICK) as server:
        printed = [
            office.run("import", path, "--json"),
            office.run("import", path, "--report", "answer.xlsx"),
        ]
        log = server.log.read_text(encoding="utf-8", errors="replace")
    for text in (log, *(said.out + said.err for said in printed)):
        assert "欧阳" not in text
        assert "1991234" not in text
        assert not re.search(r"990000\d{8}", text)
    assert (office.home / "keys" / "vault.key").stat().st_mode & 0o777 == 0o600
