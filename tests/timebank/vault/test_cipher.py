"""Sealing personal fields, the key and its file."""

import base64
import subprocess
import sys
import time
from pathlib import Path
from uuid import uuid4

import pytest

from timebank.errors import RefusalError
from timebank.vault.cipher import Cipher, load_cipher

CIPHER = Cipher(bytes(range(32)))


def test_what_is_sealed_opens_again() -> None:
    subject = uuid4()
    for value in ("欧阳", "99000019590320001X", "", "😀" * 1000):
        sealed = CIPHER.seal(1, subject, "name", value)
        assert CIPHER.open(1, subject, "name", sealed) == value
        assert not value or value.encode() not in sealed


def test_the_same_value_is_never_sealed_alike() -> None:
    subject = uuid4()
    assert len({CIPHER.seal(1, subject, "phone", "199") for _ in range(50)}) == 50


def test_a_value_opens_only_where_it_was_put_and_by_its_key() -> None:
    subject = uuid4()
    sealed = CIPHER.seal(1, subject, "name", "欧阳")
    for bank_id, who, field in ((2, subject, "name"), (1, uuid4(), "name"), (1, subject, "phone")):
        with pytest.raises(RefusalError, match="vault_key_wrong"):
            CIPHER.open(bank_id, who, field, sealed)
    for broken in (b"", sealed[:12], sealed[:-1], bytes([sealed[0] ^ 1]) + sealed[1:]):
        with pytest.raises(RefusalError, match="vault_key_wrong"):
            CIPHER.open(1, subject, "name", broken)
    with pytest.raises(RefusalError, match="vault_key_wrong"):
        Cipher(bytes(32)).open(1, subject, "name", sealed)
    assert Cipher(bytes(32)).key_id != CIPHER.key_id


@pytest.mark.parametrize("text", ["", "short", "AAAA", "密", base64.b64encode(bytes(31)).decode()])
def test_a_key_is_32_bytes_in_base64(text: str, tmp_path: Path) -> None:
    with pytest.raises(RefusalError, match="vault_key_invalid"):
        load_cipher(text, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_the_key_file_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    first = load_cipher(None, tmp_path)
    file = tmp_path / "keys" / "vault.key"
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.parent.stat().st_mode & 0o777 == 0o700
    assert load_cipher(None, tmp_path).key_id == first.key_id
    assert load_cipher(base64.b64encode(bytes(range(32))).decode(), tmp_path).key_id == CIPHER.key_id
    assert [path.name for path in file.parent.iterdir()] == ["vault.key"]


def test_two_processes_that_make_the_key_at_once_have_the_same(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from timebank.vault.cipher import load_cipher\n"
        "time.sleep(max(0, float(sys.argv[2]) - time.time()))\n"
        "print(load_cipher(None, Path(sys.argv[1])).key_id)"
    )
    start = str(time.time() + 1.5)
    makers = [
        subprocess.Popen([sys.executable, "-c", program, tmp_path, start], stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    assert len({maker.communicate()[0] for maker in makers}) == 1
    assert all(maker.returncode == 0 for maker in makers)
