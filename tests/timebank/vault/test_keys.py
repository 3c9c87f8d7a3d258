"""The vault's keys: which seals, which open, and how a running process comes to know a new one."""

import base64
import os
from pathlib import Path
from uuid import uuid4

import pytest

from timebank.errors import RefusalError
from timebank.vault.cipher import Cipher, load_cipher
from timebank.vault.keys import KeyRing, add_key_file, list_key_files, load_ring, remove_key_file

WHO = uuid4()
OLD, NEW = bytes(range(32)), bytes(32)


def encoded(*keys: bytes) -> str:
    return ", ".join(base64.b64encode(key).decode() for key in keys)


def test_the_first_of_several_keys_seals_and_all_open(tmp_path: Path) -> None:
    both = load_cipher(encoded(NEW, OLD), tmp_path)
    before = Cipher(OLD).seal(1, WHO, "name", "欧阳")
    assert both.open(1, WHO, "name", before) == "欧阳"
    assert both.key_ids == (Cipher(NEW).key_id, Cipher(OLD).key_id)
    assert Cipher(NEW).open(1, WHO, "name", both.seal(1, WHO, "name", "欧阳")) == "欧阳"
    with pytest.raises(RefusalError, match="vault_key_wrong"):
        Cipher(NEW).open(1, WHO, "name", before)
    assert list(tmp_path.iterdir()) == []


def test_one_bad_key_among_several_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusalError, match="vault_key_invalid"):
        load_ring(encoded(NEW) + ",", tmp_path)
    with pytest.raises(RefusalError, match="vault_key_invalid"):
        KeyRing([])


def test_a_running_process_opens_what_a_key_made_later_sealed(tmp_path: Path) -> None:
    running = load_cipher(None, tmp_path)
    before = running.seal(1, WHO, "name", "欧阳")
    assert add_key_file(tmp_path) == 2
    later = load_cipher(None, tmp_path)
    assert later.key_id != running.key_id
    assert later.open(1, WHO, "name", before) == "欧阳"
    assert running.open(1, WHO, "name", later.seal(1, WHO, "name", "司马")) == "司马"
    assert running.key_id == later.key_id  # and from now on it seals with the new one


def test_key_files_are_listed_newest_first_and_removed_one_by_one(tmp_path: Path) -> None:
    first = load_cipher(None, tmp_path).key_id
    for number in range(2, 12):
        assert add_key_file(tmp_path) == number
    files = list_key_files(tmp_path)
    assert [file.number for file in files] == list(range(11, 0, -1))
    assert files[-1].key_id == first
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "keys").iterdir()} == {0o600}
    remove_key_file(tmp_path, 1)
    # The first number is not made again while there are others.
    assert first not in load_cipher(None, tmp_path).key_ids
    assert len(list_key_files(tmp_path)) == 10


def test_files_that_nobody_touched_are_not_read_again(tmp_path: Path) -> None:
    ring = load_ring(None, tmp_path)
    file = tmp_path / "keys" / "vault.key"
    before = file.stat()
    with file.open("r+", encoding="ascii") as opened:
        opened.write(base64.b64encode(NEW).decode())
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert not ring.refresh()
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    assert ring.refresh()
    assert ring.keys == (NEW,)
