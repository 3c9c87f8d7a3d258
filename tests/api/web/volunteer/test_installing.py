"""What a phone needs to keep the pages: the manifest, icons, the worker, a page for when there is no network."""

import io

import pytest
from PIL import Image

from tests.api.cast import Cast
from tests.api.web.browser import Browser, Browsers


async def test_the_manifest_speaks_the_pages_language_and_names_the_bank(
    browser: Browser, of: Browsers, cast: Cast
) -> None:
    alice = of("alice")
    await alice.get("/sessions")
    (address,) = [part.split('"')[0] for part in alice.text.split('rel="manifest" href="')[1:]]
    assert f"bank={cast.bank.code}" in address
    said = (await browser.get(address)).json()
    assert (said["name"], said["short_name"], said["lang"]) == (cast.bank.name, "Time bank", "en")
    for nobody in ("", "?lang=xx&bank=nobody"):
        said = (await browser.get(f"/manifest.webmanifest{nobody}")).json()
        assert (said["name"], said["lang"]) == ("时间银行", "zh-CN")
    for icon in said["icons"]:
        answer = await browser.get(icon["src"])
        size = Image.open(io.BytesIO(answer.content)).size
        assert f"{size[0]}x{size[1]}" == icon["sizes"]
    assert {(each["sizes"], each["purpose"]) for each in said["icons"]} >= {
        ("512x512", "maskable"),
        ("192x192", "any"),
    }
    assert (await browser.get("/icons/9999.png")).status_code == 404


@pytest.mark.parametrize("name", ["alice", None])
async def test_the_page_for_no_network_is_of_nobody_and_runs_nothing(
    browser: Browser, of: Browsers, name: str | None, cast: Cast
) -> None:
    visitor = browser if name is None else of(name)
    assert (await visitor.get("/offline?lang=en")).status_code == 200
    assert "No network" in visitor.text
    for told in ("csrf", "<script", "data-member", cast.bank.name):
        assert told not in visitor.last.text


async def test_the_worker_may_answer_for_every_page(browser: Browser) -> None:
    answer = await browser.get("/worker.js")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cache-control"] == "no-cache"
    assert "connect-src 'self'" in answer.headers["content-security-policy"]
