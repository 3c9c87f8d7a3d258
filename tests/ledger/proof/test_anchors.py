"""Anchors: checkpoints kept as files, whole, once, and never overwritten."""

from pathlib import Path

import pytest

from ledger.proof.anchors import (
    ForkedAnchorError,
    anchor_missing,
    latest_anchored_size,
    read_anchors,
)
from ledger.proof.merkle import leaf_hash
from ledger.proof.note import Checkpoint, NoteError, SigningKey, sign_note

KEY = SigningKey.generate("timebank")
BANK = "xincheng"


def note(size: int, data: bytes = b"") -> str:
    """Return a signed checkpoint of that size."""
    return sign_note(Checkpoint("timebank/xincheng", size, leaf_hash(data), ("sealed-before 7",)).text(), KEY)


def test_it_writes_what_is_missing_and_reads_it_by_size(tmp_path: Path) -> None:
    written = anchor_missing(tmp_path, BANK, [note(9), note(100)])
    assert [path.name for path in written] == ["00000000000000000009.note", "00000000000000000100.note"]
    assert [path.parent for path in written] == [tmp_path / BANK] * 2
    assert anchor_missing(tmp_path, BANK, [note(9), note(20), note(100)]) == [
        tmp_path / BANK / "00000000000000000020.note"
    ]
    assert read_anchors(tmp_path, BANK) == [note(9), note(20), note(100)]
    assert latest_anchored_size(tmp_path, BANK) == 100


def test_a_bank_without_anchors_has_none(tmp_path: Path) -> None:
    assert read_anchors(tmp_path, BANK) == []
    assert latest_anchored_size(tmp_path, BANK) == 0
    assert anchor_missing(tmp_path, BANK, []) == []


def test_it_never_overwrites_an_anchor_with_another_note(tmp_path: Path) -> None:
    anchor_missing(tmp_path, BANK, [note(9)])
    with pytest.raises(ForkedAnchorError) as forked:
        anchor_missing(tmp_path, BANK, [note(5), note(9, b"other"), note(20)])
    assert forked.value.path.name == "00000000000000000009.note"
    assert read_anchors(tmp_path, BANK) == [note(5), note(9)]


def test_what_a_dead_writer_left_half_done_is_not_read_and_not_in_the_way(tmp_path: Path) -> None:
    home = tmp_path / BANK
    home.mkdir()
    (home / ".00000000000000000009.note.12345678").write_text("timebank/xin")
    (home / "README.note").write_text("not an anchor")
    assert read_anchors(tmp_path, BANK) == []
    assert len(anchor_missing(tmp_path, BANK, [note(9)])) == 1
    assert read_anchors(tmp_path, BANK) == [note(9)]


def test_nothing_but_the_anchors_stays_behind(tmp_path: Path) -> None:
    anchor_missing(tmp_path, BANK, [note(1), note(2)])
    assert sorted(path.name for path in (tmp_path / BANK).iterdir()) == [
        "00000000000000000001.note",
        "00000000000000000002.note",
    ]


def test_it_keeps_the_bytes_of_the_note(tmp_path: Path) -> None:
    (path,) = anchor_missing(tmp_path, BANK, [note(9)])
    assert path.read_bytes() == note(9).encode()


def test_it_writes_no_file_for_what_is_no_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(NoteError):
        anchor_missing(tmp_path, BANK, ["nonsense\n\n— a b\n"])
    assert read_anchors(tmp_path, BANK) == []
