"""The vault's keys: the first seals, every one opens. From the environment, or from files of the home folder.

`vault.key` is the first file, `vault.2.key` the one that a rotation made after it, and so on; the highest number seals.
A running process looks again when it meets what none of its keys opens.
"""

import base64
import contextlib
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from timebank.errors import RefusalError
from timebank.keyfiles import load_or_make
from timebank.vault.rules import KEY_BYTES, checked_keys, key_id_of

FIRST = 1


class KeyRing:
    """Keys, the sealing one first, and the way to read them again."""

    def __init__(self, keys: Sequence[bytes], reread: Callable[[], Sequence[bytes]] | None = None) -> None:
        """Take raw keys.

        Raises:
            RefusalError: `vault_key_invalid`.
        """
        self._keys = checked_keys(keys)
        self._reread = reread

    @property
    def keys(self) -> tuple[bytes, ...]:
        """The keys, the sealing one first."""
        return self._keys

    def refresh(self) -> bool:
        """Read the keys again and tell whether they are others now."""
        if self._reread is None:
            return False
        before, self._keys = self._keys, checked_keys(self._reread())
        return self._keys != before


@dataclass(frozen=True, slots=True)
class KeyFile:
    """A key file: its number, the key's id, and when it was made."""

    number: int
    key_id: str
    made_at: datetime


def load_ring(key_texts: str | None, home: Path) -> KeyRing:
    """Return the keys given as base64 texts with commas, else those of home's key files, made on first use.

    Raises:
        RefusalError: `vault_key_invalid` if one is not base64 of 32 bytes.
    """
    if key_texts is not None:
        return KeyRing([_decoded(text) for text in key_texts.split(",")])
    files = _KeyFiles(home)
    return KeyRing(files.read(), files.read)


def list_key_files(home: Path) -> list[KeyFile]:
    """Return the key files, the sealing one first.

    Raises:
        RefusalError: `vault_key_invalid`.
    """
    return [
        KeyFile(
            number,
            key_id_of(_decoded(path.read_text(encoding="ascii"))),
            datetime.fromtimestamp(path.stat().st_mtime, UTC),
        )
        for number, path in _files(home)
    ]


def add_key_file(home: Path) -> int:
    """Make a key that seals from now on, and return its number."""
    _read_files(home)
    newest = _files(home)[0][0] + 1
    load_or_make(_path(home, newest), _new_key)
    return newest


def remove_key_file(home: Path, number: int) -> None:
    """Remove a key for good: what it sealed never opens again."""
    _path(home, number).unlink()


class _KeyFiles:
    """The key files of a home, read again only when they are others: anybody's nonsense makes a process look."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._seen: list[tuple[str, int, int]] = []
        self._keys: list[bytes] = []

    def read(self) -> list[bytes]:
        """Return the keys as they are now."""
        seen = self._look()
        if not seen:
            _read_files(self._home)  # makes the first
            seen = self._look()
        if seen != self._seen:
            self._keys = _read_files(self._home)
            self._seen = seen
        return self._keys

    def _look(self) -> list[tuple[str, int, int]]:
        """Return what tells the files apart without opening them."""
        found = []
        with contextlib.suppress(FileNotFoundError), os.scandir(self._home / "keys") as entries:
            for entry in entries:
                with contextlib.suppress(FileNotFoundError):  # removed since it was listed
                    found.append((entry.name, entry.inode(), entry.stat().st_mtime_ns))
        return sorted(found)


def _path(home: Path, number: int) -> Path:
    return home / "keys" / ("vault.key" if number == FIRST else f"vault.{number}.key")


def _files(home: Path) -> list[tuple[int, Path]]:
    found = [(FIRST, _path(home, FIRST))] if _path(home, FIRST).exists() else []
    for path in (home / "keys").glob("vault.*.key"):
        middle = path.name.split(".")[1]
        if middle.isascii() and middle.isdigit():
            found.append((int(middle), path))
    return sorted(found, reverse=True)


def _read_files(home: Path) -> list[bytes]:
    files = _files(home)
    if not files:
        load_or_make(_path(home, FIRST), _new_key)
        files = _files(home)
    keys = []
    for _, path in files:
        with contextlib.suppress(FileNotFoundError):  # a rotation removed it since it was listed
            keys.append(_decoded(path.read_text(encoding="ascii")))
    return keys


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text.strip(), validate=True)
    except ValueError:  # not base64, or not even ASCII
        raise RefusalError("vault_key_invalid") from None


def _new_key() -> str:
    return base64.b64encode(os.urandom(KEY_BYTES)).decode()
