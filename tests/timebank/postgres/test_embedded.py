"""The server's life: up with the first user, down with the last, whatever is killed in between."""

import asyncio
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

import asyncpg
import psutil
import pytest

from tests.timebank.postgres.conftest import (
    ENVIRONMENT,
    QUICK,
    Use,
    processes_of,
    servers_of,
    wait_until,
)
from timebank.postgres import (
    EmbeddedServer,
    EmbeddedServerError,
    system_server_bin,
    wheel_bin,
)
from timebank.postgres.watch import is_held, pid_in

ROUNDS = """
import asyncio, sys
from pathlib import Path
import asyncpg
from timebank.postgres import EmbeddedServer
async def ask(server):
    connection = await asyncpg.connect(server.dsn())
    answer = await connection.fetchval("SELECT 6 * 7")
    await connection.close()
    return answer
for _ in range(5):
    with EmbeddedServer(Path(sys.argv[1]), settings={"fsync": "off", "shared_buffers": "16MB"}) as server:
        assert asyncio.run(ask(server)) == 42
"""


async def ask(server: EmbeddedServer, query: str = "SHOW server_version") -> object:
    """One value, over a connection of its own."""
    connection = await asyncpg.connect(server.dsn())
    try:
        return await connection.fetchval(query)
    finally:
        await connection.close()


def lock_of(home: Path) -> Path:
    """The server's lock, which holds its process number."""
    return home / "postgres" / "18" / "server.lock"


def number_in(lock: Path) -> int:
    """The process number in a lock file, which a process that has just been started writes at once."""
    assert wait_until(lambda: pid_in(lock) is not None)
    return pid_in(lock) or 0


async def test_it_is_up_inside_and_gone_outside(home: Path) -> None:
    with EmbeddedServer(home, settings=QUICK) as server:
        assert str(await ask(server)).startswith("18.")
        assert await ask(server, "SHOW data_checksums") == "on"
        assert await ask(server, "SELECT datcollate FROM pg_database WHERE datname = 'postgres'") == "C.UTF-8"
        assert await ask(server, "SHOW listen_addresses") == ""
        assert any("postgres -D" in line for line in processes_of(home))
        pid = pid_in(lock_of(home))
        assert pid is not None
        os.kill(pid, 0)
    assert processes_of(home) == []
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_it_keeps_what_was_written(home: Path) -> None:
    with EmbeddedServer(home, settings=QUICK) as server:
        await ask(server, "CREATE TABLE kept (minutes int)")
        await ask(server, "INSERT INTO kept VALUES (90)")
    with EmbeddedServer(home, settings=QUICK) as server:
        assert await ask(server, "SELECT minutes FROM kept") == 90
        await ask(server, "DROP TABLE kept")


@pytest.mark.parametrize("version", [16, 15])
async def test_it_runs_other_versions(folder: Path, version: int) -> None:
    bin_dir = wheel_bin(16) if version == 16 else system_server_bin()
    if bin_dir is None or (version == 15 and bin_dir.parent.name != "15"):
        pytest.skip("the system has no PostgreSQL 15")
    with EmbeddedServer(folder / "home", version=version, settings=QUICK, bin_dir=bin_dir) as server:
        assert str(await ask(server)).startswith(f"{version}.")
        assert await ask(server, "SHOW server_encoding") == "UTF8"


async def test_it_stays_up_until_the_second_of_two_leaves(home: Path) -> None:
    first = Use(home)
    assert first.answer().startswith("up")
    with EmbeddedServer(home, settings=QUICK) as server:
        pid = pid_in(lock_of(home))
        first.leave()
        assert str(await ask(server)).startswith("18.")
        assert pid_in(lock_of(home)) == pid
    assert processes_of(home) == []


async def test_two_uses_in_one_process_count_as_two(home: Path) -> None:
    with EmbeddedServer(home, settings=QUICK) as outer:
        with EmbeddedServer(home, settings=QUICK):
            pass
        assert str(await ask(outer)).startswith("18.")
    assert not is_held(lock_of(home))


async def test_a_killed_user_leaves_the_other_undisturbed(home: Path) -> None:
    starter = Use(home)
    assert starter.answer().startswith("up")
    with EmbeddedServer(home, settings=QUICK) as server:
        starter.kill()
        await asyncio.sleep(0.1)
        assert str(await ask(server)).startswith("18.")
    assert processes_of(home) == []


@pytest.mark.parametrize("count", [1, 2])
def test_the_watcher_stops_it_when_all_users_are_killed(home: Path, count: int) -> None:
    uses = [Use(home) for _ in range(count)]
    for use in uses:
        assert use.answer().startswith("up")
    for use in uses:
        use.kill()
    assert wait_until(lambda: not is_held(lock_of(home)))
    assert wait_until(lambda: not processes_of(home))


async def test_it_goes_down_in_good_order_even_when_the_watcher_was_killed(home: Path) -> None:
    with EmbeddedServer(home, settings=QUICK):
        watcher = number_in(home / "postgres" / "18" / "watch.lock")
        os.kill(watcher, signal.SIGKILL)
        assert wait_until(lambda: not is_held(home / "postgres" / "18" / "watch.lock"))
        use = Use(home)  # brings a new watcher
        assert use.answer().startswith("up")
        assert is_held(home / "postgres" / "18" / "watch.lock")
        use.kill()
    assert processes_of(home) == []


async def test_a_killed_server_is_started_again(home: Path) -> None:
    with EmbeddedServer(home, settings=QUICK) as server:
        await ask(server, "CREATE TABLE survives (points int)")
        pid = pid_in(lock_of(home))
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        server.ensure_running()
        assert await ask(server, "SELECT count(*) FROM survives") == 0
        pid = pid_in(lock_of(home))
        server.ensure_running()
        assert pid_in(lock_of(home)) == pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
    with EmbeddedServer(home, settings=QUICK) as server:
        assert await ask(server, "SELECT count(*) FROM survives") == 0
        await ask(server, "DROP TABLE survives")


async def test_a_pid_file_that_names_a_stranger_does_not_keep_it_down(home: Path) -> None:
    # After a reboot the number may be that of any process: here of this one.
    stale = home / "postgres" / "18" / "data" / "postmaster.pid"
    stale.write_text(f"{os.getpid()}\n{stale.parent}\n1\n5432\n/nowhere\n\n  1 1\nready   \n")
    with EmbeddedServer(home, settings=QUICK) as server:
        assert str(await ask(server)).startswith("18.")


def test_ten_may_race_to_be_first(folder: Path) -> None:
    uses = [Use(folder / "home") for _ in range(10)]
    answers = {use.answer() for use in uses}
    assert answers == {f"up {(folder / 'home').resolve()}/postgres/18/socket"}
    assert servers_of(folder) == 1
    assert len([line for line in processes_of(folder) if "watch.py" in line]) == 1
    for use in uses[:5]:
        use.kill()
    for use in uses[5:]:
        use.leave()
    assert processes_of(folder) == []


async def test_nobody_who_comes_while_it_stops_is_let_down(home: Path) -> None:
    async def rounds() -> int | None:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-W", "error", "-c", ROUNDS, str(home), env=ENVIRONMENT
        )
        return await process.wait()

    assert await asyncio.gather(*(rounds() for _ in range(3))) == [0, 0, 0]


async def test_a_half_made_cluster_is_never_used(folder: Path) -> None:
    own = folder / "home" / "postgres" / "18"
    use = Use(folder / "home")
    assert wait_until(lambda: any(own.glob("data*/global")))  # whole already, if we were held up
    use.kill()
    with EmbeddedServer(folder / "home", settings=QUICK) as server:
        assert str(await ask(server)).startswith("18.")
        assert [path.name for path in own.glob("data*")] == ["data"]


def test_neither_server_nor_watcher_is_in_the_terminals_session(home: Path) -> None:
    with EmbeddedServer(home, settings=QUICK):
        for name in ("server.lock", "watch.lock"):
            pid = number_in(home / "postgres" / "18" / name)
            assert os.getsid(pid) != os.getsid(0)
            assert os.getpgid(pid) != os.getpgid(0)


def test_a_forked_child_does_not_stop_its_parents_server(home: Path) -> None:
    with EmbeddedServer(home, settings=QUICK) as server:
        child = os.fork()
        if child == 0:
            with suppress(BaseException):
                server.__exit__(None, None, None)
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        assert is_held(lock_of(home))


@pytest.mark.parametrize("name", ["中文 和'空格'", "long, " * 20 + "end"])
async def test_any_path_will_do(folder: Path, name: str) -> None:
    with EmbeddedServer(folder / name, settings=QUICK) as server:
        assert str(await ask(server)).startswith("18.")
        used = server.socket_dir
        assert used.stat().st_mode & 0o777 == 0o700
        assert (used.parent == folder / name / "postgres" / "18") == name.startswith("中")
    if name.startswith("long"):
        assert not used.exists()
        (folder / "taken").symlink_to(folder)
        (folder / name / "postgres" / "18" / "socket.path").write_text(str(folder / "taken"))
        with EmbeddedServer(folder / name, settings=QUICK) as server:
            assert server.socket_dir != folder / "taken"
            assert str(await ask(server)).startswith("18.")


def test_a_server_that_cannot_start_says_so_and_leaves_nothing(home: Path) -> None:
    with (
        pytest.raises(EmbeddedServerError) as refusal,
        EmbeddedServer(home, settings={"max_connections": "no"}),
    ):
        pass
    assert refusal.value.code == "server_did_not_start"
    assert "server.log" in str(refusal.value)
    assert processes_of(home) == []


def test_a_cluster_of_another_version_is_refused(home: Path) -> None:
    version = home / "postgres" / "18" / "data" / "PG_VERSION"
    version.write_text("17\n")
    try:
        with pytest.raises(EmbeddedServerError) as refusal, EmbeddedServer(home):
            pass
    finally:
        version.write_text("18\n")
    assert refusal.value.code == "cluster_of_another_version"


async def test_no_personal_value_reaches_its_log(home: Path) -> None:
    with EmbeddedServer(home, settings=QUICK) as server:
        connection = await asyncpg.connect(server.dsn())
        await connection.execute("CREATE TEMP TABLE person (phone text UNIQUE)")
        for _ in range(2):
            with suppress(asyncpg.UniqueViolationError):
                await connection.execute("INSERT INTO person VALUES ($1)", "13800138000")
        with pytest.raises(asyncpg.InvalidTextRepresentationError):
            await connection.execute("SELECT '王秀英 13800138000'::int")
        await connection.close()
        log = server.log.read_text()
    assert "ready to accept connections" in log
    assert "13800138000" not in log
    assert "王秀英" not in log


def test_nothing_listens_on_the_network(home: Path) -> None:
    with EmbeddedServer(home, settings=QUICK):
        server = psutil.Process(pid_in(lock_of(home)))
        assert server.net_connections("inet") == []
        assert wait_until(lambda: len(server.net_connections("unix")) == 1)
