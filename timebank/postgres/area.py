"""The folder of one embedded server below TIMEBANK_HOME, and the user that owns the server's files.

As an ordinary user that is the user itself. PostgreSQL refuses to run as root, so as root the server gets a
uid and gid of its own: a number that no account has, from a range that systemd and distributions leave
unused. No account has to be made, nothing else on the machine runs as it (as it might as `nobody` or
`postgres`), and nobody can log in as it. It is recorded as the group of `<home>/postgres`, which root owns
and the group may only pass through.
"""

import grp
import hashlib
import os
import pwd
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from timebank.postgres.errors import EmbeddedServerError
from timebank.postgres.watch import GATE, SERVER, SOCKET_RECORD, USERS, WATCHER

# useradd ends at 60000 and systemd's DynamicUser begins at 61184; below 65536 it exists in containers with
# mapped users too.
UNUSED_IDS = range(60706, 61184)
DESCRIPTORS = Path("/proc/self/fd")


@dataclass(frozen=True, slots=True)
class ServerUser:
    """Who runs the server: the caller or, when that is root, a number of its own (`is_dedicated`)."""

    uid: int
    gid: int
    is_dedicated: bool

    @property
    def folder_mode(self) -> int:
        """The mode of folders that the server passes through: the group is only ever the dedicated one."""
        return 0o710 if self.is_dedicated else 0o700


@dataclass(frozen=True, slots=True)
class Area:
    """The folder of one server (`<home>/postgres/<version>`) and what lies in it."""

    folder: Path
    user: ServerUser

    @property
    def cluster(self) -> Path:
        """PostgreSQL's own data directory."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """What the server writes to its standard output and error."""
        return self.folder / "server.log"

    @property
    def gate(self) -> Path:
        """See `watch`."""
        return self.folder / GATE

    @property
    def users(self) -> Path:
        """See `watch`."""
        return self.folder / USERS

    @property
    def server(self) -> Path:
        """See `watch`."""
        return self.folder / SERVER

    @property
    def watcher(self) -> Path:
        """See `watch`."""
        return self.folder / WATCHER

    @property
    def socket_record(self) -> Path:
        """See `watch`."""
        return self.folder / SOCKET_RECORD


def make_area(home: Path, version: int) -> Area:
    """Make the server's folder below `home`, or check the one that is there.

    An existing `home` keeps its mode and owner.

    Raises:
        EmbeddedServerError: home_not_writable, home_of_another_user, user_without_name, cannot_change_user,
            server_user_taken.
    """
    try:
        home = home.resolve()  # so that the parents to pass through are those of the path itself
        folder = home / "postgres" / str(version)
        check_owner(home, allow_root=True)
        for own in (folder.parent, folder):
            check_owner(own)
        user = _server_user(home)
        if not home.exists():
            home.parent.mkdir(parents=True, exist_ok=True)
            make_folder(home, user)
        for own in (folder.parent, folder):
            make_folder(own, user)
    except OSError as error:
        raise EmbeddedServerError(
            "home_not_writable", folder=str(error.filename or home), reason=error.strerror or str(error)
        ) from error
    return Area(folder.resolve(), user)


def make_folder(folder: Path, user: ServerUser) -> None:
    """Make one of our own folders, closed to everybody else, or close it again; its parent exists."""
    folder.mkdir(mode=0o700, exist_ok=True)
    check_owner(folder)
    found = folder.stat()
    if user.is_dedicated and found.st_gid != user.gid:
        try:
            os.chown(folder, -1, user.gid)
        except OSError as error:
            raise EmbeddedServerError(
                "cannot_change_user", uid=user.uid, reason=error.strerror or ""
            ) from error
    if stat.S_IMODE(found.st_mode) & 0o777 != user.folder_mode:
        folder.chmod(user.folder_mode)


def check_owner(folder: Path, *, allow_root: bool = False) -> None:
    """Refuse a folder, or a link to one, that somebody else made; one that does not exist passes.

    Raises:
        EmbeddedServerError: home_of_another_user.
    """
    if not os.path.lexists(folder):
        return
    own = {os.geteuid()}
    for found in (folder.lstat(), folder.stat()):
        if found.st_uid in own or (allow_root and found.st_uid == 0 and os.access(folder, os.W_OK | os.X_OK)):
            continue
        raise EmbeddedServerError(
            "home_of_another_user", folder=str(folder), owner=name_of_user(found.st_uid)
        )


def name_of_user(uid: int) -> str:
    """Return the account's name, or its number where it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def has_account(number: int) -> bool:
    """Whether some user or group has this number."""
    try:
        pwd.getpwuid(number)
    except KeyError:
        try:
            grp.getgrgid(number)
        except KeyError:
            return False
    return True


def first_closed_folder(path: Path, user: ServerUser) -> Path | None:
    """Return the topmost parent of `path` that the server's user may not pass through, if any."""
    for folder in reversed(path.parents):
        found = folder.stat()
        needed = stat.S_IXOTH
        if found.st_uid == user.uid:
            needed = stat.S_IXUSR
        elif found.st_gid == user.gid:
            needed = stat.S_IXGRP
        if not found.st_mode & needed:
            return folder
    return None


@contextmanager
def opened_for_server(area: Area, descriptors: Path = DESCRIPTORS) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Give the server folder's path as the server can use it, and the descriptors that this needs.

    Below a folder that the dedicated user may not pass through (root's home, a folder of mktemp), whose
    mode is not ours to change, the server reaches its folder through a descriptor that root opened:
    `/proc/self/fd/N`.

    Raises:
        EmbeddedServerError: home_not_reachable, on systems without that.
    """
    closed = first_closed_folder(area.folder, area.user) if area.user.is_dedicated else None
    if closed is None:
        yield str(area.folder), ()
        return
    if not descriptors.is_dir():
        raise EmbeddedServerError("home_not_reachable", folder=str(closed))
    opened = os.open(area.folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield str(descriptors / str(opened)), (opened,)
    finally:
        os.close(opened)


def _server_user(home: Path) -> ServerUser:
    uid = os.geteuid()
    if uid != 0:
        if name_of_user(uid) == str(uid):
            raise EmbeddedServerError("user_without_name", uid=uid)
        return ServerUser(uid, os.getegid(), is_dedicated=False)
    folder = home / "postgres"
    recorded = folder.stat().st_gid if folder.exists() else 0
    if recorded in UNUSED_IDS:
        if has_account(recorded):
            name = name_of_user(recorded)
            raise EmbeddedServerError("server_user_taken", folder=str(folder), uid=recorded, name=name)
        return ServerUser(recorded, recorded, is_dedicated=True)
    # From the path, so that processes racing to be first choose the same, and two homes mostly differ.
    first = int.from_bytes(hashlib.sha256(os.fsencode(home.resolve())).digest()[:4]) % len(UNUSED_IDS)
    chosen = next(number for number in (*UNUSED_IDS[first:], *UNUSED_IDS[:first]) if not has_account(number))
    return ServerUser(chosen, chosen, is_dedicated=True)
