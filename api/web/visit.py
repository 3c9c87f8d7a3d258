"""A visit: one request of a browser, answered by a page, a redirect or a refusal in the reader's words."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlencode

from starlette.responses import HTMLResponse, RedirectResponse, Response

from api.problems import status_of
from api.web.navigation import (
    AREAS,
    DESKS,
    DOCK,
    ME,
    OFFICE,
    PUBLIC,
    RAIL,
    Group,
    Way,
    nearest,
)
from api.web.redirects import page_of, safe_path
from api.web.rendering import (
    CHINESE,
    ENGLISH,
    clock,
    day,
    environment,
    headers_of,
    moment,
    moment_in_words,
    say,
    span,
)
from api.web.static import address_of, pack, style_of, takes_packed
from api.web.visitor import Visitor

SEE_OTHER = 303
LOGIN_OVER = frozenset({"token_missing", "token_invalid", "token_expired", "session_over"})
"""What leads to the login and from there back."""

# The API names a permission, and a length in bytes.
_OWN_WORDS = {"forbidden": "page.forbidden", "body_too_large": "page.too_large"}

PACKED_FROM = 1_000
"""Bytes from which a page is packed."""


@dataclass(slots=True)
class Visit(Visitor):
    """A visitor's request, in their language, and its answer."""

    def say(self, code: str, /, **params: object) -> str:
        """Return the sentence of a code in the page's language."""
        return say(self.language, code, params)

    def page(
        self, template: str, *, status: int = 200, has_camera: bool = False, **values: object
    ) -> Response:
        """Return a page; its folder says for which kind of user it is."""
        area = self._area(template.partition("/")[0])
        zone = self.bank.zone if self.bank else None
        path = self.request.url.path
        rail = self._rail() if area == "office" else ()
        body = (
            environment()
            .get_template(template)
            .render(
                visit=self,
                t=self.say,
                language=self.language,
                other_language=ENGLISH if self.language == CHINESE else CHINESE,
                path=path,
                here=self._here,
                csrf=self.form_token,
                style=style_of(area),
                places=self._places(area),
                dock=DOCK,
                here_in_dock=nearest(DOCK, path),
                rail=rail,
                here_in_rail=nearest([way for group in rail for way in group.ways], path),
                may=self.may,
                moment=lambda at: self._moment(at, area),
                span=lambda begins, ends: span(begins, ends, zone) if zone else "",
                clock=lambda at: clock(at, zone) if zone else "",
                day=lambda at, *, year=True: day(at, zone, self.language, year=year) if zone else "",
                asset=address_of,
                **values,
            )
        ).encode()
        headers = dict(headers_of(area, has_camera=has_camera))
        # What a form carries against forgery is another one in each page: packing tells nothing of it.
        if takes_packed(self.request) and len(body) >= PACKED_FROM:
            body, headers = pack(body), headers | {"Content-Encoding": "gzip"}
        return self.finish(HTMLResponse(body, status_code=status, headers=headers))

    def _moment(self, at: datetime, area: str) -> str:
        """Return a moment: in words for a volunteer, whose days are in words, too; for a desk so that it sorts."""
        if self.bank is None:
            return ""
        zone = self.bank.zone
        return moment_in_words(at, zone, self.language) if area == "volunteer" else moment(at, zone)

    @staticmethod
    def _area(folder: str) -> str:
        return folder if folder in AREAS else "public"

    def _places(self, area: str) -> list[Way]:
        """Return the ways in the bar: what anybody may look at, and where the visitor works."""
        if self.claims is None:
            return list(PUBLIC) if area == "public" else []
        own = [way for way in DESKS if way.permission is None or self.may(way.permission)]
        office = [OFFICE] if self._rail() else []
        # Who only serves finds everything in the dock.
        return [ME, *own, *office] if own or office else list(PUBLIC) if area == "public" else []

    def _rail(self) -> list[Group]:
        groups = [
            Group(
                group.words,
                [way for way in group.ways if way.permission is None or self.may(way.permission)],
            )
            for group in RAIL
        ]
        return [group for group in groups if group.ways]

    def go(self, path: str) -> Response:
        """Return a redirect to a page of ours, to be read and not sent again."""
        return self.finish(RedirectResponse(safe_path(path), SEE_OTHER))

    def refused(self, code: str, params: dict[str, object] | None = None, **values: object) -> Response:
        """Return the page of a refusal, in the sentence that the API says, too, if that is for people."""
        said = self.say(_OWN_WORDS.get(code, code), **(params or {}))
        status = status_of(code)
        return self.page("refused.html", status=status, has_camera=False, code=code, sentence=said, **values)

    def to_login(self) -> Response:
        """Return the way to the login and from there back to this page."""
        back = safe_path(page_of(self.request))
        return self.go(f"/login?next={quote(back, safe='/')}")

    def _here(self, **changed: str) -> str:
        """Return this page's address with another language or view."""
        kept = [(k, v) for k, v in self.request.query_params.multi_items() if k not in {"lang", "elder"}]
        return f"?{urlencode([*kept, *changed.items()])}"
