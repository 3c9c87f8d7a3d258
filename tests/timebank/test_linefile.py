"""A file of lines: what is on the disk stays, what is half written was never there."""

from pathlib import Path

import pytest

from timebank.linefile import LineFile


def test_lines_stay_in_their_order(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    with LineFile(path) as file:
        file.append("一")
        file.append("two")
        assert list(file.lines()) == ["一\n", "two\n"]
    with LineFile(path) as file:
        file.append("three")
        assert list(file.lines()) == ["一\n", "two\n", "three\n"]


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    with LineFile(tmp_path / "lines"):
        assert (tmp_path / "lines").stat().st_mode & 0o777 == 0o600


def test_half_a_line_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    path.write_text("one\ntw", encoding="utf-8")
    with LineFile(path) as file:
        assert list(file.lines()) == ["one\n"]
        file.append("two")
    assert path.read_text(encoding="utf-8") == "one\ntwo\n"


def test_a_second_program_is_refused_until_the_first_is_done(tmp_path: Path) -> None:
    path = tmp_path / "lines"
    with LineFile(path), pytest.raises(BlockingIOError):
        LineFile(path)
    with LineFile(path) as file:
        assert list(file.lines()) == []
