"""Settings: what makes no sense is refused by name, and its value is not repeated."""

from pathlib import Path

import pytest

from timebank.errors import RefusalError
from timebank.settings import Settings


def test_what_makes_no_sense_is_refused_by_its_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TIMEBANK_POOL_SIZE", "geheim")
    monkeypatch.setenv("TIMEBANK_OFFICE_LINKS", "perhaps")
    with pytest.raises(RefusalError, match="setting_invalid") as refused:
        Settings(home=tmp_path)
    assert refused.value.params == {"names": "TIMEBANK_OFFICE_LINKS, TIMEBANK_POOL_SIZE"}
    monkeypatch.setenv("TIMEBANK_POOL_SIZE", "7")
    monkeypatch.setenv("TIMEBANK_OFFICE_LINKS", "true")
    settings = Settings(home=tmp_path)
    assert (settings.pool_size, settings.office_links_allowed, settings.home) == (7, True, tmp_path)


def test_nobodys_headers_are_trusted_by_default(tmp_path: Path) -> None:
    assert Settings(home=tmp_path).trusted_proxies == ""
    assert "geheim" not in repr(Settings(home=tmp_path, token_keys="geheim"))


@pytest.mark.parametrize(
    "url",
    [
        "time.example.cn",
        "ftp://time.example.cn",
        "https://time.example.cn/path",
        "https://a b",
        "https://a_b",
    ],
)
def test_a_public_url_is_a_host_that_a_code_can_name(tmp_path: Path, url: str) -> None:
    with pytest.raises(RefusalError, match="setting_invalid") as refused:
        Settings(home=tmp_path, public_url=url)
    assert refused.value.params == {"names": "TIMEBANK_PUBLIC_URL"}
    assert Settings(home=tmp_path, public_url="https://time.example.cn:8443/").public_url is not None
    assert Settings(home=tmp_path).public_url is None
