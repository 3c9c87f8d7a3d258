"""On what a run was measured: processor, memory, server, disk, and how busy the machine was meanwhile."""

import os
import platform
import time
from pathlib import Path
from statistics import median

from tests.benchmarks.arena import Arena

SYNCS = 200
COMMITS = 200
BLOCK = b"\0" * 8192


async def describe(arena: Arena) -> dict[str, object]:
    """Return what the figures depend on; latencies are medians in milliseconds."""
    async with arena.books("machine") as books, books.superuser() as connection:
        await connection.execute("create table commits (n int)")
        seconds = []
        for n in range(COMMITS):
            begun = time.perf_counter()
            await connection.execute(f"insert into commits values ({n})")
            seconds.append(time.perf_counter() - begun)
        return {
            "processor": _processor(),
            "cores": len(os.sched_getaffinity(0)),
            "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
            "system": platform.platform(),
            "python": platform.python_version(),
            "server": await connection.fetchval("select version()"),
            "settings": {
                name: await connection.fetchval("select current_setting($1)", name)
                for name in (
                    "fsync",
                    "synchronous_commit",
                    "full_page_writes",
                    "shared_buffers",
                    "max_wal_size",
                )
            },
            "file_system": _file_system(arena.folder),
            "fdatasync_ms": round(_sync_seconds(arena.folder) * 1000, 3),
            "commit_ms": round(median(seconds) * 1000, 3),
            "load_before": os.getloadavg()[0],
        }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _file_system(folder: Path) -> str:
    """Return the type of the mount that the folder is on: on tmpfs no figure means anything."""
    mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines()]
    return max((len(point), kind) for point, kind in mounts if folder.resolve().is_relative_to(point))[1]


def _sync_seconds(folder: Path) -> float:
    seconds = []
    with (folder / "sync").open("wb", buffering=0) as file:
        for _ in range(SYNCS):
            file.seek(0)
            begun = time.perf_counter()
            file.write(BLOCK)
            os.fdatasync(file.fileno())
            seconds.append(time.perf_counter() - begun)
    return median(seconds)
