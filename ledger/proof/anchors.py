"""Anchors: signed checkpoints kept outside the database, where whoever rewrites the database does not reach.

One file per checkpoint, `<folder>/<bank code>/<tree size>.note`, written whole or not at all and never
overwritten with anything else. Copy the folder elsewhere: to another machine, a stick, a public page.
"""

import contextlib
import errno
import os
import secrets
from collections.abc import Iterable, Sequence
from pathlib import Path

from ledger.proof.checkpoints import unverified

SUFFIX = ".note"
ANCHORS = "[0-9]" * 20 + SUFFIX
_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK})


class ForkedAnchorError(Exception):
    """The checkpoint of this size was anchored before with other content: history was rewritten since."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self.path = path


def anchor_missing(folder: Path, bank: str, notes: Iterable[str]) -> list[Path]:
    """Write the notes that have no file yet, so also what a dead process left out; return the new files.

    Raises:
        ForkedAnchorError: a file of that size holds another note; the notes before it were written.
        NoteError: `malformed_checkpoint`.
        OSError: the folder cannot be written.
    """
    home = folder / bank
    home.mkdir(parents=True, exist_ok=True)
    written = [path for note in notes if _write_once(path := home / _file_name(note), note)]
    if written:
        _sync_folder(home)
    return written


def read_anchors(folder: Path, bank: str) -> Sequence[str]:
    """Return the anchored notes of a bank, smallest tree first; a bank without any has none."""
    return [path.read_text(encoding="utf-8") for path in sorted((folder / bank).glob(ANCHORS))]


def latest_anchored_size(folder: Path, bank: str) -> int:
    """Return the size of the largest tree anchored, 0 if there is none: where catching up starts."""
    return max((int(path.stem) for path in (folder / bank).glob(ANCHORS)), default=0)


def _file_name(note: str) -> str:
    return f"{unverified(note).size:020d}{SUFFIX}"


def _write_once(path: Path, note: str) -> bool:
    """Write the file unless it is there with this content; tell whether it was written."""
    if _is_there(path, note):
        return False
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with draft.open("x", encoding="utf-8", newline="\n") as file:
            file.write(note)
            file.flush()
            os.fsync(file.fileno())
        _publish(draft, path)
    except FileExistsError:
        return not _is_there(path, note)
    finally:
        draft.unlink(missing_ok=True)
    return True


def _is_there(path: Path, note: str) -> bool:
    try:
        found = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return False
    if found != note:
        raise ForkedAnchorError(path)
    return True


def _publish(draft: Path, path: Path) -> None:
    """Give the file its name: by a link, which never overwrites, or by renaming where there are no links."""
    try:
        path.hardlink_to(draft)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        draft.rename(path)


def _sync_folder(folder: Path) -> None:
    """Make the names in the folder survive a power cut; some systems cannot, and need not."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
