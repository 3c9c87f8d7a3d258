"""Making the data directory: initdb beside it and a rename, so that a half-made one is never used."""

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

from timebank.postgres.area import Area, opened_for_server
from timebank.postgres.configuration import SUPERUSER
from timebank.postgres.errors import EmbeddedServerError

UNFINISHED = "data.new."
LIMIT_SECONDS = 300
BUILTIN_LOCALE_SINCE = 17
REASON_CHARACTERS = 2000


def make_cluster(area: Area, programs: Path, version: int, *, gate: int, is_durable: bool) -> None:
    """Make the data directory unless there is one; the caller holds the gate.

    initdb inherits the gate, so that a caller's death leaves it closed until initdb has ended too.

    Raises:
        EmbeddedServerError: cluster_of_another_version, cluster_of_another_user, cluster_not_made,
            cannot_change_user, home_not_reachable.
    """
    if area.cluster.exists():
        _check_cluster(area, version)
        return
    for leftover in area.folder.glob(f"{UNFINISHED}*"):
        shutil.rmtree(leftover)
    unfinished = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=area.folder))
    try:
        maker = _maker_uid() if area.user.is_dedicated else None
        if maker is not None:
            _chown(unfinished, maker, area.user.gid)
        _run_initdb(area, programs, version, unfinished.name, maker=maker, gate=gate, is_durable=is_durable)
        if maker is not None:
            _chown_tree(unfinished, area.user.uid, area.user.gid)
        unfinished.rename(area.cluster)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    if is_durable:
        _sync_folder(area.folder)


def _check_cluster(area: Area, version: int) -> None:
    found = area.cluster.joinpath("PG_VERSION").read_text(encoding="ascii").strip()
    if found != str(version):
        raise EmbeddedServerError(
            "cluster_of_another_version", folder=str(area.cluster), found=found, wanted=version
        )
    owner = area.cluster.stat().st_uid
    if owner != area.user.uid:
        raise EmbeddedServerError(
            "cluster_of_another_user", folder=str(area.cluster), found=owner, wanted=area.user.uid
        )


def _run_initdb(
    area: Area, programs: Path, version: int, name: str, *, maker: int | None, gate: int, is_durable: bool
) -> None:
    locale = ["--locale=C"]
    if version >= BUILTIN_LOCALE_SINCE:
        locale = ["--locale-provider=builtin", "--locale=C.UTF-8"]
    with opened_for_server(area) as (root, descriptors):
        command = [
            str(programs / "initdb"),
            f"--pgdata={root}/{name}",
            f"--username={SUPERUSER}",
            "--encoding=UTF8",
            *locale,
            "--data-checksums",
            "--auth=reject",  # our own pg_hba.conf is used instead; by this one nobody gets in
            "--no-instructions",
            *([] if is_durable else ["--no-sync"]),
        ]
        try:
            run = subprocess.run(  # noqa: S603 -- a program that we chose, without a shell
                command,
                user=maker,
                group=None if maker is None else area.user.gid,
                extra_groups=None if maker is None else [],
                cwd="/",
                env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"},
                pass_fds=(gate, *descriptors),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                check=False,
                timeout=LIMIT_SECONDS,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise EmbeddedServerError("cluster_not_made", reason=str(error)) from error
    if run.returncode != 0:
        raise EmbeddedServerError(
            "cluster_not_made", reason=run.stdout.decode(errors="replace")[-REASON_CHARACTERS:]
        )


def _maker_uid() -> int:
    """Return the uid of an account for initdb, which, unlike the server, wants to know its user's name.

    Others may run as the same account (`nobody`), but not with the dedicated group, without which nobody
    can reach the folder or trace the process; the files are given to the server's user before they are
    used.
    """
    accounts = [account for account in pwd.getpwall() if account.pw_uid != 0]
    if not accounts:
        raise EmbeddedServerError("cannot_change_user", uid=-1, reason="no account but root")
    return next((account.pw_uid for account in accounts if account.pw_name == "nobody"), accounts[0].pw_uid)


def _chown(path: Path, uid: int, gid: int) -> None:
    try:
        os.chown(path, uid, gid)
    except OSError as error:
        raise EmbeddedServerError("cannot_change_user", uid=uid, reason=error.strerror or "") from error


def _chown_tree(top: Path, uid: int, gid: int) -> None:
    for _, folders, files, opened in os.fwalk(top):
        for name in (*folders, *files):
            os.chown(name, uid, gid, dir_fd=opened, follow_symlinks=False)
    _chown(top, uid, gid)


def _sync_folder(folder: Path) -> None:
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
