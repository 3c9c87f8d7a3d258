"""The public page of a certificate: it says plainly whether it holds, in both languages, to anybody."""

import html
from pathlib import Path
from typing import Any

import pytest

from api.service import Service
from ledger.proof.note import SigningKey, sign_note
from tests.api.cast import Cast
from tests.api.entering import Door
from tests.api.web.browser import Browser
from tests.timebank.certificates.alterations import text_with, value_of, with_value
from tests.timebank.certificates.scene import FIELDS, NOW, Scene, enter_scene
from timebank.certificates.numbers import new_number
from timebank.certificates.printing import render_certificate
from timebank.database import Database

OK, STALE, NOT_THERE, REFUSED, INVALID = 200, 403, 404, 422, 422


@pytest.fixture
async def served(database: Database, cast: Cast, service: Service, door: Door) -> Scene:
    """Return Alice, who served, and her bank with its key in the service's home."""
    del door  # which sets the clock
    return await enter_scene(database, cast, Path(service.settings.home))


async def upload(browser: Browser, content: bytes, *, token: str | None = None) -> Any:
    """Hand a file in as the form of the page does."""
    await browser.get("/verify")
    said = browser.token if token is None else token
    browser.last = await browser.client.post("/verify", data={"csrf": said}, files={"file": ("c", content)})
    return browser.last


async def test_the_symbol_leads_to_a_page_that_says_it_holds(browser: Browser, served: Scene) -> None:
    certificate = served.opened(await served.issued())
    path = certificate.link.removeprefix("HTTPS://TB.EXAMPLE.ORG")
    assert (await browser.get(path)).status_code == OK
    assert "有效：签名、合计和每条记录的证明均核验无误" in browser.text
    assert "测*明" in browser.text
    assert FIELDS["name"] not in browser.text
    await browser.get(f"{path}?lang=en")
    assert "Valid: the signature, the sums and the proof of each record hold" in browser.text
    assert 'class="note good"' in browser.text


async def test_a_number_typed_leads_there_too(browser: Browser, served: Scene) -> None:
    certificate = served.opened(await served.issued())
    answer = await browser.get(f"/verify?number={certificate.number.lower().replace('-', '+')}")
    assert answer.headers["location"] == f"/V/{certificate.number}"
    assert (await browser.get("/verify?number=nonsense")).status_code == REFUSED
    assert "证明编号有误" in browser.text
    missing = new_number(served.cast.bank.id, bytes(10))
    assert (await browser.get(f"/V/{missing}")).status_code == NOT_THERE
    assert "没有这份证明" in browser.text


async def test_a_revoked_one_says_so(browser: Browser, served: Scene) -> None:
    done = await served.issue()
    document = await served.document(done.id)
    await served.database.write(
        served.cast.bank,
        lambda tx: tx.connection.execute(
            "update certificates set revoked_at = $2, revoked_by = 'test', revoke_reason = 'mistake'"
            " where bank_id = $1",
            tx.bank_id,
            NOW,
        ),
    )
    await browser.get(f"/V/{done.number}")
    assert "已撤销，不再有效" in browser.text
    assert 'class="note bad"' in browser.text
    assert "测*明" not in browser.text
    await upload(browser, document.encode())
    assert "已撤销，不再有效" in browser.text


async def test_a_file_is_judged_and_what_was_signed_is_shown(browser: Browser, served: Scene) -> None:
    document = await served.issued()
    pdf = render_certificate(served.opened(document), document)
    assert (await upload(browser, pdf)).status_code == OK
    assert FIELDS["name"] in browser.text
    value = value_of(document)
    value["minutes"] += 60
    key = SigningKey.generate("timebank/elsewhere")
    for content, said in (
        (with_value(document, value), "内容被改动过"),
        (sign_note(text_with(value), key), "不是本行出具"),
        ("%PDF-1.7 broken", "这不是证明文件"),
        ("hello", "无法识别的文件"),
    ):
        assert (await upload(browser, content.encode())).status_code == OK
        assert said in browser.text
        assert FIELDS["name"] not in html.unescape(browser.last.text)


async def test_a_form_of_another_site_is_refused(browser: Browser, served: Scene) -> None:
    del served  # which has a key
    assert (await upload(browser, b"x", token="stolen")).status_code == STALE
    await browser.get("/verify")
    assert (await browser.post("/verify")).status_code == INVALID
