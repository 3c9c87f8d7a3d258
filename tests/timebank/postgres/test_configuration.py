"""Settings as they arrive in the server, quoting, and sizes by memory."""

from pathlib import Path

import asyncpg
import pytest

from timebank.postgres import EmbeddedServer
from timebank.postgres.configuration import memory_bytes, memory_settings, quoted

GIGABYTE = 2**30


async def test_ours_are_in_force_and_the_callers_go_before(home: Path) -> None:
    with EmbeddedServer(home, settings={"fsync": "off", "cluster_name": "it's \\ here"}) as server:
        connection = await asyncpg.connect(server.dsn())
        rows = await connection.fetch("SELECT name, setting FROM pg_settings")
        faults = await connection.fetch("SELECT name, error FROM pg_file_settings WHERE error IS NOT NULL")
        await connection.close()
    values = {row["name"]: row["setting"] for row in rows}
    assert faults == []
    assert values["fsync"] == "off"
    assert values["cluster_name"] == "it's \\ here"
    assert values["max_wal_size"] == "4096"
    assert values["unix_socket_permissions"] == "0700"
    assert values["TimeZone"] == "UTC"
    assert values["log_parameter_max_length_on_error"] == "0"


async def test_a_later_start_brings_new_settings(home: Path) -> None:
    for asked in ("4MB", "6MB"):
        with EmbeddedServer(home, settings={"fsync": "off", "work_mem": asked}) as server:
            connection = await asyncpg.connect(server.dsn())
            assert await connection.fetchval("SHOW work_mem") == asked
            await connection.close()


def test_buffers_follow_the_memory() -> None:
    assert memory_settings(16 * GIGABYTE)["shared_buffers"] == "256MB"
    assert memory_settings(GIGABYTE // 2)["shared_buffers"] == "128MB"
    assert memory_settings(GIGABYTE)["effective_cache_size"] == "512MB"


def test_a_containers_limit_counts(tmp_path: Path) -> None:
    machine = memory_bytes(tmp_path / "none")
    (tmp_path / "limit").write_text("67108864\n")
    (tmp_path / "unlimited").write_text("max\n")
    assert memory_bytes(tmp_path / "limit") == 67108864
    assert memory_bytes(tmp_path / "unlimited") == machine


def test_a_line_break_cannot_smuggle_in_a_setting() -> None:
    assert quoted("a'b\\c") == "'a''b\\\\c'"
    with pytest.raises(ValueError, match="fsync"):
        quoted("x\nfsync = off")
