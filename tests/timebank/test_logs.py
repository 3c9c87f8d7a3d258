"""Logs: what is planted in them does not come out."""

import asyncio
import io
import json
import logging
import sys
import threading
import warnings
from collections.abc import Iterator

import asyncpg
import pytest
import structlog

from ledger.session import WriteTx
from timebank.database import Bank, Database
from timebank.logs import MASK, configure_logs, mask_text

PHONE, ID_NUMBER, NAME = "19900001234", "99000019520412011X", "欧阳不可见"
TOKEN = "Zk3vQ9x1bTqLw8yR7nUeHc2sDp5aJm0fXgKi4oVt6rE"
JWT = "eyJhbGciOiJFZERTQSJ9.eyJzaWQiOiJhYmNkZWYifQ.c2lnbmF0dXJlc2lnbmF0dXJl"
PLANTED = (PHONE, "199 0000 1234", "199-0000-1234", ID_NUMBER, NAME, TOKEN, JWT, "hunter2-pass")


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Send the logs into a text, and put everything back after."""
    hooks = sys.excepthook, threading.excepthook, sys.unraisablehook, warnings.showwarning
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    out = io.StringIO()
    configure_logs(out, pretty=False)
    yield out
    sys.excepthook, threading.excepthook, sys.unraisablehook, warnings.showwarning = hooks
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def told(lines: io.StringIO) -> "list[dict[str, object]]":
    text = lines.getvalue()
    for planted in PLANTED:
        assert planted not in text, text
    return [json.loads(line) for line in text.splitlines()]


def test_values_are_masked_by_their_keys_and_by_their_looks(lines: io.StringIO) -> None:
    structlog.get_logger("timebank.x").info(
        "happened",
        phone=PHONE,
        guardian_name=NAME,
        password="hunter2-pass",
        note=f"call {PHONE}, 199 0000 1234 or 199-0000-1234, ID {ID_NUMBER}; Bearer {JWT}, {TOKEN}",
        number=int(PHONE),
        nested={"deep": [{"name": NAME, "text": PHONE}], "count": 3},
        thing=RuntimeError(NAME),
        request_id="0123456789abcdef0123456789abcdef",
        person="0b5c0c9c-9dbb-4f0a-8ee8-9f01a2a1a111",
        status=200,
        milliseconds=12.5,
    )
    (line,) = told(lines)
    assert line["nested"] == {"deep": [{"name": MASK, "text": MASK}], "count": 3}
    assert line["request_id"] == "0123456789abcdef0123456789abcdef"
    assert line["person"] == "0b5c0c9c-9dbb-4f0a-8ee8-9f01a2a1a111"
    assert (line["event"], line["status"], line["milliseconds"]) == ("happened", 200, 12.5)
    assert (line["phone"], line["number"], line["thing"]) == (MASK, MASK, "RuntimeError")


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-01 10:00:00.123456 timebank/workbook/importing.py:102 import_workbook",
        "task_taken_over_by_another_worker took 12345 ms on 127.0.0.1:8000",
        "transactions_idempotency_key",
        "0b5c0c9c-9dbb-4f0a-8ee8-9f01a2a1a111",
        "GET /api/v1/people/{person_id} 200",
    ],
)
def test_what_helps_whoever_reads_stays(text: str) -> None:
    assert mask_text(text) == text


@pytest.mark.parametrize(
    "text",
    [
        PHONE,
        f"+86 {PHONE}",
        ID_NUMBER.lower(),
        TOKEN,
        JWT,
        "/links?token=abc",
        "somebody@example.org",
        "１９９００００１２３４",
    ],
)
def test_what_opens_doors_or_identifies_goes(text: str) -> None:
    shown = mask_text(f"before {text} after")
    assert text not in shown
    assert shown.startswith("before ")
    assert shown.endswith("after")


async def test_a_drivers_error_is_told_without_the_row_it_quotes(
    lines: io.StringIO, database: Database, bank: Bank
) -> None:
    async def work(tx: WriteTx) -> None:
        await tx.connection.execute("select $1::text::int", NAME)

    try:
        try:
            await database.write(bank, work)
        except asyncpg.PostgresError as error:
            assert NAME in str(error)  # noqa: PT017 -- it is what must not come out
            raise ValueError(f"{PHONE} {NAME}") from error
    except ValueError:
        structlog.get_logger("timebank.x").exception("broken")
    (line,) = told(lines)
    assert line["error"] == "ValueError"
    where = line["where"]
    assert isinstance(where, list)
    assert any("test_logs.py" in place and place.endswith("work") for place in where)
    assert any(place.startswith("  timebank/database.py:") for place in where)
    assert "InvalidTextRepresentationError" in where
    assert not any(place.strip().startswith("/") for place in where)


def test_what_libraries_log_is_cut_down_to_their_own_words(lines: io.StringIO) -> None:
    logging.getLogger("uvicorn.error").info("Started server process [%d]", 42)
    logging.getLogger("uvicorn.error").error("Invalid request from %s: %s", NAME, PHONE)
    logging.getLogger("asyncio").error(f"Task exception was never retrieved\nfuture: <Task ({NAME!r})>")
    logging.getLogger("asyncio").error(f"Exception in callback greet('{NAME}')")
    logging.getLogger("asyncpg.pool").warning("row (%(name)s)", {"name": NAME})
    logging.getLogger("other").debug("not worth it")
    events = [(line["logger"], line["event"]) for line in told(lines)]
    assert events == [
        ("uvicorn.error", "Started server process [42]"),
        ("uvicorn.error", "Invalid request from …: …"),
        ("asyncio", "Task exception was never retrieved"),
        ("asyncio", "Exception in callback greet"),
        ("asyncpg.pool", "row"),
    ]


async def test_a_task_that_nobody_awaits_is_told_by_type(lines: io.StringIO) -> None:
    loop = asyncio.get_running_loop()
    try:
        raise KeyError(f"{NAME} {PHONE}")
    except KeyError as error:
        loop.default_exception_handler({"message": f"Unhandled {NAME}", "exception": error, "phone": PHONE})
    text = lines.getvalue()
    assert PHONE not in text
    assert json.loads(text.splitlines()[0])["error"] == "KeyError"


def test_what_nobody_catches_and_warnings_are_told_too(lines: io.StringIO) -> None:
    try:
        raise RuntimeError(NAME)
    except RuntimeError as error:
        sys.excepthook(type(error), error, error.__traceback__)
    warnings.showwarning(UserWarning(NAME), UserWarning, "/home/somebody/site-packages/lib/a.py", 3)

    def fail() -> None:
        raise OSError(PHONE)

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    found = told(lines)
    assert [line["event"] for line in found] == ["uncaught", "warning", "uncaught_in_thread"]
    assert found[1]["where"] == ["lib/a.py:3"]


def test_a_terminal_gets_text_with_nothing_more_in_it(lines: io.StringIO) -> None:
    out = io.StringIO()
    configure_logs(out, pretty=True)
    try:
        raise ValueError(f"{NAME} {PHONE}")
    except ValueError:
        structlog.get_logger().exception("broken", phone=PHONE)
    assert "broken" in out.getvalue()
    assert "ValueError" in out.getvalue()
    for planted in PLANTED:
        assert planted not in out.getvalue()
    assert lines.getvalue() == ""
