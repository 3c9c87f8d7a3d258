"""A browser without a screen: it keeps cookies, follows nothing by itself, and sends forms as a page gave them."""

import html
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import httpx2
from fastapi import FastAPI

from api.service import Service
from tests.api.cast import Cast

PAGE = {"Accept": "text/html,application/xhtml+xml"}
_INPUT = re.compile(r"<input\b([^>]*)>")
_ATTRIBUTE = re.compile(r'(\w+)="([^"]*)"')
_FORM = re.compile(r"<form\b[^>]*>.*?</form>", re.DOTALL)


@dataclass(slots=True)
class Browser:
    """Somebody's browser."""

    app: FastAPI
    base: str = "http://test"
    client: httpx2.AsyncClient = field(init=False)
    last: Any = None

    def __post_init__(self) -> None:
        transport = httpx2.ASGITransport(app=self.app, raise_app_exceptions=False)
        self.client = httpx2.AsyncClient(transport=transport, base_url=self.base, headers=PAGE)

    async def get(self, path: str, **headers: str) -> Any:
        """Open a page."""
        self.last = await self.client.get(path, headers=headers)
        return self.last

    async def post(self, path: str, **fields: object) -> Any:
        """Send fields as a form, with the token of the last page."""
        return await self.send(path, {"csrf": self.token, **fields})

    async def send(self, path: str, fields: dict[str, object], **headers: str) -> Any:
        """Send fields as a form."""
        self.last = await self.client.post(path, data=fields, headers=headers)
        return self.last

    @property
    def text(self) -> str:
        """The last page."""
        return html.unescape(self.last.text)

    @property
    def token(self) -> str:
        """The token of the last page's forms."""
        return self.hidden("csrf")

    def hidden(self, name: str) -> str:
        """Return the value of a hidden field of the last page."""
        return self.hidden_of(self.last.text)[name]

    def hidden_of(self, part: str) -> dict[str, str]:
        """Return the hidden fields of a part of a page."""
        found = {}
        for attributes in _INPUT.findall(part):
            named = dict(_ATTRIBUTE.findall(attributes))
            if named.get("type") == "hidden":
                found[named["name"]] = html.unescape(named["value"])
        return found

    def forms(self) -> list[dict[str, str]]:
        """Return the hidden fields of each form of the last page."""
        return [self.hidden_of(part) for part in _FORM.findall(self.last.text)]

    def cookie(self, name: str) -> str | None:
        """Return a cookie that is kept."""
        return next((each.value for each in self.client.cookies.jar if each.name == name), None)


def logged_in(app: FastAPI, service: Service, cast: Cast, name: str) -> Browser:
    """Return the browser of one of the cast, who is logged in."""
    browser = Browser(app)
    cookie = service.tokens.issue_cookie(cast.bank.code, cast.sessions[name], now=service.now())
    browser.client.cookies.set("session", cookie, domain="test.local", path="/")
    browser.client.cookies.set("lang", "en", domain="test.local", path="/")
    return browser


Browsers: TypeAlias = Callable[[str], Browser]
"""The way to a browser in which one of the cast is logged in."""
