"""The migrated schema as pg_dump writes it, kept in git so that triggers, grants and policies show in review.

`python -m timebank.migrations.dump` writes `schema.sql` anew from the migrations; `--check` only says whether
it is what they make. Both use a server of their own that is gone afterwards.
"""

import argparse
import asyncio
import difflib
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from timebank.database import Address
from timebank.migrations.runner import migrate
from timebank.postgres import EmbeddedServer, wheel_bin

SCHEMA_FILE = Path(__file__).with_name("schema.sql")
PG_DUMP_VERSION = 18
DUMP_LIMIT_SECONDS = 120

_HEADER = """\
-- What the migrations make: written by `python -m timebank.migrations.dump`, held to them by a test.
"""

# Comments name the version, \\restrict carries a random token, SET and set_config prepare the restore.
_NOISE = re.compile(r"(--|\\(un)?restrict |SET |SELECT pg_catalog\.set_config)")
_BLANK_LINES = re.compile(r"\n{3,}")


def dump_schema(address: Address) -> str:
    """Return the schema `timebank` of a migrated database as SQL, the same text for the same schema.

    Raises:
        subprocess.CalledProcessError: pg_dump failed; its words are in `stderr`.
    """
    program = wheel_bin(PG_DUMP_VERSION) / "pg_dump"
    target = [f"--host={address.host}", f"--port={address.port}", f"--username={address.user}"]
    run = subprocess.run(  # noqa: S603 -- a program that we chose, without a shell
        [
            str(program),
            *target,
            "--schema-only",
            "--schema=timebank",
            "--no-owner",
            "--no-password",
            str(address.database),
        ],
        env={"LC_ALL": "C", "PGCLIENTENCODING": "UTF8"},
        capture_output=True,
        text=True,
        check=True,
        timeout=DUMP_LIMIT_SECONDS,
    )
    return normalised(run.stdout)


def normalised(dump: str) -> str:
    """Return a dump without what differs from run to run or version to version."""
    kept = "\n".join(line for line in dump.splitlines() if not _NOISE.match(line))
    return _HEADER + "\n" + _BLANK_LINES.sub("\n\n", kept).strip() + "\n"


def dump_migrations() -> str:
    """Return what the migrations make of an empty database on a server of its own; blocks for some seconds."""
    with (
        tempfile.TemporaryDirectory(prefix="timebank-dump-") as home,
        EmbeddedServer(Path(home), settings={"fsync": "off"}) as server,
    ):
        address = Address(
            host=str(server.socket_dir), port=server.port, database="postgres", user=server.superuser
        )
        asyncio.run(migrate(address, logins=True))
        return dump_schema(address)


def difference(found: str, made: str) -> str:
    """Return how the file differs from what the migrations make; empty when it does not."""
    lines = difflib.unified_diff(
        found.splitlines(), made.splitlines(), SCHEMA_FILE.name, "migrations", lineterm=""
    )
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    """Write the file, or check it; 1 if the check finds a difference, which it prints."""
    parser = argparse.ArgumentParser(prog="python -m timebank.migrations.dump", description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="change nothing; fail if the file is not up to date"
    )
    is_check = parser.parse_args(arguments).check
    made = dump_migrations()
    found = SCHEMA_FILE.read_text(encoding="utf-8") if SCHEMA_FILE.exists() else ""
    if not is_check:
        SCHEMA_FILE.write_text(made, encoding="utf-8")
        return 0
    if found != made:
        sys.stdout.write(difference(found, made) + "\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
