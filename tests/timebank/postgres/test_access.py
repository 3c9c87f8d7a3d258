"""Who may reach the server, as whom it runs, and whose folders are left alone."""

import os
import stat
from pathlib import Path

import asyncpg
import pytest

from tests.timebank.postgres.conftest import LIMIT_SECONDS, QUICK, Stranger, Use, processes_of
from timebank.postgres import EmbeddedServer, EmbeddedServerError
from timebank.postgres.area import (
    ServerUser,
    first_closed_folder,
    make_area,
    opened_for_server,
)
from timebank.postgres.watch import pid_in

CONNECT = """
import asyncio, sys
import asyncpg
async def main():
    try:
        await asyncpg.connect(sys.argv[1])
    except Exception as error:
        print(type(error).__name__)
    else:
        print("connected")
asyncio.run(main())
"""

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="about the server that root runs")


def modes_above(path: Path) -> dict[Path, tuple[int, int, int]]:
    """Mode, owner and group of every folder above."""
    found = ((parent, parent.stat()) for parent in path.parents)
    return {parent: (status.st_mode, status.st_uid, status.st_gid) for parent, status in found}


async def test_the_caller_may_be_superuser_and_no_unknown_role(home: Path) -> None:
    with EmbeddedServer(home, settings=QUICK) as server:
        connection = await asyncpg.connect(server.dsn())
        await connection.execute("CREATE ROLE timebank_app LOGIN; CREATE ROLE intruder LOGIN")
        own = await asyncpg.connect(server.dsn(user="timebank_app"))
        assert await own.fetchval("SELECT current_user") == "timebank_app"
        await own.close()
        with pytest.raises(asyncpg.InvalidAuthorizationSpecificationError):
            await asyncpg.connect(server.dsn(user="intruder"))
        await connection.execute("DROP ROLE timebank_app; DROP ROLE intruder")
        await connection.close()


def test_another_user_is_stopped_by_the_folders(home: Path, stranger: Stranger) -> None:
    with EmbeddedServer(home, settings=QUICK) as server:
        assert stranger.run(CONNECT, server.dsn()) == "PermissionError"


def test_another_user_is_stopped_by_the_server_were_the_folders_open(home: Path, stranger: Stranger) -> None:
    with EmbeddedServer(home, settings=QUICK) as server:
        opened = [server.socket_dir, *server.socket_dir.parents[:3]]
        modes = [stat.S_IMODE(path.stat().st_mode) for path in opened]
        for path in (*opened, server.socket_dir / ".s.PGSQL.5432"):
            path.chmod(0o777)
        answers = {
            stranger.run(CONNECT, server.dsn(user=user)) for user in ("postgres", "nobody", "timebank_app")
        }
        for path, mode in zip(opened, modes, strict=True):
            path.chmod(mode)
    assert answers == {"InvalidAuthorizationSpecificationError"}


def test_its_folders_are_closed(home: Path) -> None:
    with EmbeddedServer(home, settings=QUICK) as server:
        for own in server.socket_dir.parents[:3]:
            assert own.stat().st_mode & 0o067 == 0
            assert own.stat().st_uid == os.geteuid()
        for closed in (server.socket_dir, server.socket_dir.parent / "data"):
            assert stat.S_IMODE(closed.stat().st_mode) == 0o700


def test_folders_that_were_there_are_left_as_they_were(folder: Path) -> None:
    (folder / "there" / "home").mkdir(parents=True)
    (folder / "there").chmod(0o750)
    (folder / "there" / "home").chmod(0o751)
    before = modes_above(folder / "there" / "home" / "postgres")
    with EmbeddedServer(folder / "there" / "home", settings=QUICK):
        assert modes_above(folder / "there" / "home" / "postgres") == before
    assert modes_above(folder / "there" / "home" / "postgres") == before


@only_root
def test_root_runs_it_as_a_user_of_its_own_that_no_account_has(home: Path) -> None:
    with EmbeddedServer(home, settings=QUICK):
        pid = pid_in(home / "postgres" / "18" / "server.lock")
        status = Path(f"/proc/{pid}/status").read_text()
        fields = dict(line.split(":", 1) for line in status.splitlines())
        uid = fields["Uid"].split()[0]
        assert 60706 <= int(uid) < 61184
        assert fields["Uid"].split() == fields["Gid"].split() == [uid] * 4
        assert fields["Groups"].split() == []
        assert int(fields["CapEff"], 16) == int(fields["CapPrm"], 16) == 0


@only_root
async def test_root_may_have_a_home_that_its_server_cannot_pass_to(folder: Path) -> None:
    shut = folder / "shut"
    shut.mkdir(mode=0o700)
    with EmbeddedServer(shut / "home", settings=QUICK) as server:
        connection = await asyncpg.connect(server.dsn())
        assert str(await connection.fetchval("SHOW data_directory")).startswith("/proc/self/fd/")
        await connection.execute("SELECT pg_reload_conf()")
        await connection.execute("CREATE TABLE big AS SELECT g FROM generate_series(1, 1000) g; CHECKPOINT")
        assert await connection.fetchval("SELECT count(*) FROM big") == 1000
        await connection.execute("DROP TABLE big")
        await connection.close()
    assert stat.S_IMODE(shut.stat().st_mode) == 0o700


@only_root
def test_a_home_that_cannot_be_reached_at_all_is_named(folder: Path) -> None:
    shut = folder / "shut"
    shut.mkdir(mode=0o700)
    area = make_area(shut / "home", 18)
    with pytest.raises(EmbeddedServerError) as refusal, opened_for_server(area, descriptors=folder / "none"):
        pass
    assert refusal.value.code == "home_not_reachable"
    assert refusal.value.params == {"folder": str(shut)}


def test_it_sees_which_folder_is_shut(folder: Path) -> None:
    inner = folder / "a" / "b" / "c"
    inner.mkdir(parents=True)
    stranger = ServerUser(61000, 61000, is_dedicated=True)
    for part in (folder / "a", folder / "a" / "b"):
        part.chmod(0o755)
    assert first_closed_folder(inner, stranger) is None
    (folder / "a" / "b").chmod(0o710)
    assert first_closed_folder(inner, stranger) == folder / "a" / "b"
    (folder / "a").chmod(0o700)
    assert first_closed_folder(inner, stranger) == folder / "a"


def test_an_ordinary_user_has_it_too(folder: Path, stranger: Stranger) -> None:
    own = folder / "own"
    own.mkdir()
    os.chown(own, stranger.uid, stranger.uid)
    use = Use(own / "home", stranger)
    second = Use(own / "home", stranger)
    assert {use.answer(), second.answer()} == {f"up {own}/home/postgres/18/socket"}
    pid = pid_in(own / "home" / "postgres" / "18" / "server.lock")
    assert Path(f"/proc/{pid}").stat().st_uid == stranger.uid
    assert stat.S_IMODE((own / "home").stat().st_mode) == 0o700
    use.kill()
    second.leave()
    assert processes_of(own) == []


def test_a_home_of_another_user_is_refused(folder: Path, stranger: Stranger) -> None:
    (folder / "home").mkdir()
    use = Use(folder / "home", stranger)
    assert use.answer() == "home_of_another_user"
    assert use.answer() == "down"
    assert use.process.wait(LIMIT_SECONDS) == 0
    use.close()
    os.chown(folder / "home", stranger.uid, stranger.uid)
    with pytest.raises(EmbeddedServerError) as refusal, EmbeddedServer(folder / "home"):
        pass
    assert refusal.value.code == "home_of_another_user"
    assert refusal.value.params == {"folder": str(folder / "home"), "owner": "nobody"}
    assert list((folder / "home").iterdir()) == []


def test_a_home_that_is_a_file_is_refused(folder: Path) -> None:
    (folder / "home").write_text("")
    with pytest.raises(EmbeddedServerError) as refusal, EmbeddedServer(folder / "home"):
        pass
    assert refusal.value.code == "home_not_writable"
