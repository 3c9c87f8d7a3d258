"""What stations show over HTTP: decoded again from the pictures, only by who may, only while the session is open."""

import shutil
import subprocess
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from api.service import Service
from tests.api.books import adopt_pack
from tests.api.cast import Cast
from tests.api.conftest import As
from tests.api.v1.meeting import STATIONS, StandingClock, session_at, station_at
from tests.timebank.codes.decoding import ZBAR, decode_zbar, decode_zxing
from timebank.codes.rules import PosterCode, StationCode, check_poster_code, check_station_code, read_code
from timebank.database import Database
from timebank.policy.actions import adopt
from timebank.policy.rules import AttendanceRule, default_pack

PDFTOPPM = shutil.which("pdftoppm")


@pytest.fixture
def clock(service: Service) -> StandingClock:
    """Return the service's clock, which stands."""
    clock = StandingClock()
    service.now = clock
    return clock


async def opened(as_: As, cast: Cast, database: Database, now: datetime) -> tuple[int, int]:
    """Return a station and a session of two hours that began there a moment ago."""
    station = await station_at(as_, cast)
    begun = now - timedelta(minutes=5)
    return station, await session_at(
        database, cast, station, starts_at=begun, ends_at=begun + timedelta(hours=2)
    )


async def test_the_code_of_now_and_of_the_next_two_minutes(
    as_: As, cast: Cast, database: Database, service: Service, clock: StandingClock
) -> None:
    station, session = await opened(as_, cast, database, clock.at)
    for by in ("station", "stella", "wen"):
        answer = await as_(by).get(f"{STATIONS}/{station}/code", params={"activity_session_id": session})
        assert answer.status_code == 200, (by, answer.text)
        shown = answer.json()
        assert (shown["station_id"], shown["activity_session_id"], shown["window_seconds"]) == (
            station,
            session,
            15,
        )
        assert shown["link"] == f"HTTP://TEST/Q/{shown['text']}"
        assert datetime.fromisoformat(shown["server_time"]) == clock.at
        assert len(shown["following"]) == 8
        for later, item in enumerate([shown, *shown["following"]]):
            valid_from = datetime.fromisoformat(item["valid_from"])
            assert valid_from == clock.at + timedelta(seconds=15 * later)
            assert datetime.fromisoformat(item["expires_at"]) == valid_from + timedelta(seconds=15)
            code = read_code(item["link"])
            assert isinstance(code, StationCode)
            assert (code.station_id, code.session_id) == (station, session)
            check_station_code(service.codes, code, bank_id=cast.bank.id, now=valid_from)


async def test_the_pictures_decode_to_the_link(
    as_: As, cast: Cast, database: Database, service: Service, clock: StandingClock, tmp_path: Path
) -> None:
    service.settings.public_url = "https://time.example.cn"
    station, session = await opened(as_, cast, database, clock.at)
    at = {"activity_session_id": session}
    text = (await as_("station").get(f"{STATIONS}/{station}/code", params=at)).json()["link"]
    assert text.startswith("HTTPS://TIME.EXAMPLE.CN/Q/")
    png = await as_("station").get(f"{STATIONS}/{station}/code.png", params=at)
    assert (png.headers["content-type"], png.headers["cache-control"]) == ("image/png", "no-store")
    assert decode_zxing(png.content) == [text]
    if ZBAR is not None:
        assert decode_zbar(png.content, tmp_path) == [text]
    svg = await as_("station").get(f"{STATIONS}/{station}/code.svg", params=at)
    assert svg.headers["content-type"].startswith("image/svg+xml")
    assert svg.text.startswith("<svg ")


async def test_only_who_may_show_it_sees_it(
    as_: As, cast: Cast, database: Database, clock: StandingClock
) -> None:
    station, session = await opened(as_, cast, database, clock.at)
    for end in ("code", "code.svg", "code.png"):
        for by, status in (
            ("alice", 403),
            ("olga", 403),
            ("adam", 403),
            ("till", 403),
            ("xu", 404),
            ("stella", 200),
        ):
            answer = await as_(by).get(f"{STATIONS}/{station}/{end}", params={"activity_session_id": session})
            assert answer.status_code == status, (end, by)
    far = await station_at(as_, cast, "birch", by="xu")
    answer = await as_("station").get(f"{STATIONS}/{far}/code", params={"activity_session_id": session})
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_station")


@pytest.mark.parametrize(
    ("begins", "lasts", "is_open"),
    [
        (59, 120, True),
        (60, 120, True),
        (61, 120, False),
        (-120, 60, True),
        (-179, 60, True),
        (-180, 60, False),
    ],
)
async def test_it_shows_from_an_hour_before_until_two_hours_after(
    as_: As, cast: Cast, database: Database, clock: StandingClock, begins: int, lasts: int, *, is_open: bool
) -> None:
    station = await station_at(as_, cast)
    starts_at = clock.at + timedelta(minutes=begins)
    session = await session_at(
        database, cast, station, starts_at=starts_at, ends_at=starts_at + timedelta(minutes=lasts)
    )
    answer = await as_("station").get(f"{STATIONS}/{station}/code", params={"activity_session_id": session})
    assert (answer.status_code, answer.json().get("code")) == (
        (200, None) if is_open else (422, "session_not_open")
    )


@pytest.mark.parametrize(("days_later", "status"), [(0, 422), (1, 200)])
async def test_the_policy_of_the_sessions_date_says_when(
    as_: As, cast: Cast, database: Database, clock: StandingClock, days_later: int, status: int
) -> None:
    """The session begins in half an hour, and the narrow policy opens ten minutes before."""
    await adopt_pack(database, cast)
    narrow = default_pack().model_copy(update={"attendance": AttendanceRule(early_minutes=10)})
    starts_at = clock.at + timedelta(minutes=30)
    from_day = starts_at.astimezone(cast.bank.zone).date() + timedelta(days=days_later)
    await database.write(cast.bank, lambda tx: adopt(tx, narrow, effective_from=from_day, actor="test"))
    station = await station_at(as_, cast)
    session = await session_at(
        database, cast, station, starts_at=starts_at, ends_at=starts_at + timedelta(hours=1)
    )
    assert await _codes(as_, station, [session]) == [status]


async def _codes(as_: As, station: int, sessions: list[int]) -> list[int]:
    return [
        (
            await as_("station").get(f"{STATIONS}/{station}/code", params={"activity_session_id": id_})
        ).status_code
        for id_ in sessions
    ]


async def test_it_shows_nothing_of_a_session_elsewhere_closed_or_not_published(
    as_: As, cast: Cast, database: Database, clock: StandingClock
) -> None:
    station, other = await station_at(as_, cast), await station_at(as_, cast)
    enter = partial(session_at, database, cast, starts_at=clock.at, ends_at=clock.at + timedelta(hours=1))
    refused = [
        await enter(other),
        await enter(station, activity_state="draft"),
        await enter(station, activity_state="cancelled"),
        await enter(station, state="cancelled"),
        999_999,
    ]
    running = await enter(station, activity_state="running")
    assert await _codes(as_, station, [*refused, running]) == [422, 422, 422, 422, 422, 200]


async def test_the_last_codes_end_with_the_session(
    as_: As, cast: Cast, database: Database, clock: StandingClock
) -> None:
    station = await station_at(as_, cast)
    ends_at = clock.at - timedelta(minutes=120) + timedelta(seconds=40)
    session = await session_at(
        database, cast, station, starts_at=ends_at - timedelta(hours=1), ends_at=ends_at
    )
    shown = (
        await as_("station").get(f"{STATIONS}/{station}/code", params={"activity_session_id": session})
    ).json()
    assert [item["valid_from"] for item in shown["following"]] == [
        (clock.at + timedelta(seconds=later)).isoformat().replace("+00:00", "Z") for later in (15, 30)
    ]


async def test_a_poster_decodes_in_each_form(as_: As, cast: Cast, service: Service, tmp_path: Path) -> None:
    service.settings.public_url = "https://time.example.cn"
    station = await station_at(as_, cast, name='苹果 #[站] *$x$* <&> "站"')
    png = await as_("stella").get(f"{STATIONS}/{station}/poster.png")
    assert (png.status_code, png.headers["content-type"]) == (200, "image/png")
    [text] = decode_zxing(png.content)
    code = read_code(text)
    assert isinstance(code, PosterCode)
    assert (code.station_id, code.serial) == (station, 1)
    check_poster_code(service.codes, code, bank_id=cast.bank.id)
    if ZBAR is not None:
        assert decode_zbar(png.content, tmp_path) == [text]
    svg = await as_("wen").get(f"{STATIONS}/{station}/poster.svg")
    assert svg.headers["content-type"].startswith("image/svg+xml")
    assert svg.text.startswith("<svg")
    pdf = await as_("adam").get(f"{STATIONS}/{station}/poster.pdf")
    assert (pdf.headers["content-type"], pdf.content[:5]) == ("application/pdf", b"%PDF-")
    if PDFTOPPM is not None:
        sheet = tmp_path / "poster.pdf"
        sheet.write_bytes(pdf.content)
        subprocess.run(
            [PDFTOPPM, "-r", "100", "-png", str(sheet), str(tmp_path / "page")], check=True, timeout=120
        )
        [page] = tmp_path.glob("page*.png")
        assert decode_zxing(page.read_bytes()) == [text]


async def test_a_renewed_poster_has_another_code(as_: As, cast: Cast) -> None:
    station = f"{STATIONS}/{await station_at(as_, cast)}"
    [before] = decode_zxing((await as_("stella").get(f"{station}/poster.png")).content)
    renewed = await as_("stella").post(f"{station}/poster/renew", headers={"If-Match": '"1"'})
    assert (renewed.status_code, renewed.json()["poster_serial"]) == (200, 2)
    assert (
        await as_("stella").post(f"{station}/poster/renew", headers={"If-Match": '"1"'})
    ).status_code == 412
    [now] = decode_zxing((await as_("stella").get(f"{station}/poster.png")).content)
    assert now != before
    code = read_code(now)
    assert isinstance(code, PosterCode)
    assert code.serial == 2


async def test_posters_are_for_who_may_hang_them(as_: As, cast: Cast) -> None:
    station = f"{STATIONS}/{await station_at(as_, cast)}"
    for by, status in (("alice", 403), ("station", 403), ("olga", 403), ("xu", 404), ("adam", 200)):
        assert (await as_(by).get(f"{station}/poster.svg")).status_code == status, by
        renewed = await as_(by).post(f"{station}/poster/renew", headers={"If-Match": "*"})
        assert renewed.status_code == status, by


async def test_a_closed_station_shows_nothing(
    as_: As, cast: Cast, database: Database, clock: StandingClock
) -> None:
    station, session = await opened(as_, cast, database, clock.at)
    assert (
        await as_("wen").post(f"{STATIONS}/{station}/close", headers={"If-Match": "*"})
    ).status_code == 200
    for by, end in (("station", f"code?activity_session_id={session}"), ("wen", "poster.pdf")):
        answer = await as_(by).get(f"{STATIONS}/{station}/{end}")
        assert (answer.status_code, answer.json()["code"]) == (422, "station_closed")


async def test_a_host_that_no_code_can_name_is_refused(as_: As, cast: Cast) -> None:
    station = await station_at(as_, cast)
    answer = await as_("wen").get(f"{STATIONS}/{station}/poster.svg", headers={"Host": "a_b"})
    assert (answer.status_code, answer.json()["code"]) == (422, "host_unreadable")
