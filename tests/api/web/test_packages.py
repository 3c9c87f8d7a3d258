"""The npm packages of the pages: those of the lock, or a sentence that names the command."""

import json
from pathlib import Path

import pytest

from api.web import packages
from api.web.icons import icon
from api.web.packages import PackagesError, check_packages, package_file


def test_those_that_are_installed_are_those_of_the_lock() -> None:
    check_packages()


@pytest.mark.parametrize("found", [None, "0.0.1"])
def test_missing_and_other_ones_are_said_with_what_mends_it(
    found: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "MODULES", tmp_path)
    if found is not None:
        for name in ("lucide-static", "zxing-wasm"):
            (tmp_path / name).mkdir()
            (tmp_path / name / "package.json").write_text(json.dumps({"version": found}), encoding="utf-8")
    with pytest.raises(PackagesError, match="make setup"):
        check_packages()


def test_the_lock_names_no_registry() -> None:
    lock = json.loads((packages.FOLDER / "package-lock.json").read_text(encoding="utf-8"))
    assert all("resolved" not in each for each in lock["packages"].values())


def test_the_decoder_is_whole() -> None:
    assert package_file("zxing-wasm", "dist/reader/zxing_reader.wasm").startswith(b"\0asm")


def test_an_icon_is_drawn_into_the_page() -> None:
    drawing = icon("house")
    assert drawing.startswith('<svg class="icon"')
    assert 'aria-hidden="true"' in drawing
    assert "<path" in drawing
    with pytest.raises(FileNotFoundError):
        icon("no-such-icon")
