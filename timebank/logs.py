"""Logs: one JSON object a line on standard error, or plain text in a terminal, without personal data or secrets.

Three nets, for whoever logs may be a library: keys that name personal data lose their values; texts lose what looks
like a phone, an ID number or a token; and errors are told by type and place only, because a driver's message quotes
the row it fell over. What other libraries log is cut down to its own words: arguments that are no numbers are dropped.
"""

import logging
import re
import sys
import threading
import traceback
import warnings
from collections.abc import Mapping, MutableMapping
from types import TracebackType
from typing import Any, TextIO

import structlog

MASK = "***"
MAX_FRAMES = 30
MAX_ERRORS = 8
MAX_TEXT = 500

_PERSONAL = frozenset(
    {
        "address", "area", "authorization", "body", "born_on", "card", "cookie", "detail", "email", "employer",
        "gender", "id_number", "ip", "name", "names", "otp", "params", "password", "phone", "pin", "query", "remark",
        "secret", "skills", "token", "totp", "url", "user_agent",
    }
)  # fmt: skip
"""Keys, and last words of keys (`new_phone`), whose values are never shown."""

_SECRETS = re.compile(
    r"""(?P<kept>\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b)  # a UUID: a pseudonym
    | (?<!\w)[\w-]+\.[\w-]{10,}\.[\w-]{10,}       # a JWT
    | (?i:bearer|basic)\s+\S+
    | \?\S+                                       # a query string
    | [\w.+-]+@[\w-]+\.[\w.-]+                    # an e-mail address
    | (?<!\d)\+?\d(?:[ -]?\d){10,16}[Xx]?(?!\d)   # a phone, an ID number, a bank card
    | (?=[\w+=-]*\d)(?=[\w+=-]*[^\W\d_])[\w+=-]{20,}   # a token: long, with letters and digits
    | (?=[\w+=-]*[a-z])(?=[\w+=-]*[A-Z])[\w+=-]{32,}   # or long, of both cases
    """,
    re.VERBOSE,
)
_OWN = frozenset({"event", "level", "logger", "timestamp", "request_id", "route", "error", "where"})
"""Keys whose values are made by us, of our own words."""

_FOREIGN_WORDS = re.compile(r"[^(<:\n'\"]*")


def configure_logs(stream: TextIO | None = None, *, pretty: bool | None = None) -> None:
    """Send the logs of this process, all libraries' included, to a stream; `pretty` by default in a terminal."""
    out = sys.stderr if stream is None else stream
    if pretty is None:
        pretty = out.isatty()
    renderer = (
        structlog.dev.ConsoleRenderer(colors=pretty, exception_formatter=structlog.dev.plain_traceback)
        if pretty
        else structlog.processors.JSONRenderer(ensure_ascii=False, default=lambda value: type(value).__name__)
    )
    structlog.configure(
        processors=[
            structlog.stdlib.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            tell_error,
            mask,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(out),
        cache_logger_on_first_use=False,
    )
    handler = _Handler()
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("uvicorn").setLevel(logging.INFO)
    warnings.showwarning = _tell_warning
    sys.excepthook = _tell_uncaught
    threading.excepthook = _tell_thread
    sys.unraisablehook = _tell_unraisable


def mask(logger: object, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Remove what may identify anybody or open a door (a structlog processor)."""
    del logger, method
    return {
        key: value if key in _OWN and key != "event" else _masked(key, value) for key, value in event.items()
    }


def mask_text(text: str) -> str:
    """Return a text without what looks like a phone, an ID number, an address or a token."""
    shown = _SECRETS.sub(lambda found: found["kept"] or MASK, text)
    return shown if len(shown) <= MAX_TEXT else f"{shown[:MAX_TEXT]}…"


def tell_error(logger: object, method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace `exc_info` by the types and places of the error and its causes (a structlog processor)."""
    del logger, method
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    error = info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
        event["where"] = places_of(error)
    return event


def places_of(error: BaseException) -> list[str]:
    """Return an error and what led to it: its type, then `file:line function` outermost first; no messages."""
    lines: list[str] = []
    waiting, seen = [error], set[int]()
    while waiting and len(seen) < MAX_ERRORS:
        each = waiting.pop(0)
        if id(each) in seen:
            continue
        seen.add(id(each))
        lines.append(type(each).__qualname__)
        frames = traceback.extract_tb(each.__traceback__)
        lines += [f"  {_short(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames[-MAX_FRAMES:]]
        if isinstance(each, BaseExceptionGroup):
            waiting += each.exceptions
        following = each.__cause__ or (None if each.__suppress_context__ else each.__context__)
        if following is not None:
            waiting.append(following)
    return lines


def _short(path: str) -> str:
    """Return a source file's path from its package on: the folders above may name whoever installed it."""
    parts = path.replace("\\", "/").split("/")
    for root in ("site-packages", "timebank", "ledger", "api"):
        if root in parts[:-1]:
            return "/".join(parts[parts.index(root) + (root == "site-packages") :])
    return parts[-1]


def _masked(key: str, value: object) -> object:
    if key in _PERSONAL or key.rsplit("_", 1)[-1] in _PERSONAL:
        return MASK
    if isinstance(value, Mapping):
        return {str(name): _masked(str(name), part) for name, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked(key, part) for part in value]
    return _masked_scalar(value)


def _masked_scalar(value: object) -> object:
    if value is None or isinstance(value, bool | float):
        return value
    if isinstance(value, int):
        return MASK if mask_text(str(abs(value))) == MASK else value
    return mask_text(value) if isinstance(value, str) else type(value).__name__


class _Handler(logging.Handler):
    """Takes what the standard library's loggers get: uvicorn's, asyncio's, the driver's."""

    def emit(self, record: logging.LogRecord) -> None:
        """Tell it in its own words only."""
        try:
            log = structlog.get_logger()
            log.log(record.levelno, _words_of(record), logger=record.name, exc_info=record.exc_info)
        except Exception:  # noqa: BLE001 -- a log that fails must not fail what it tells of, nor print its values
            sys.stderr.write("log failed\n")


def _words_of(record: logging.LogRecord) -> str:
    if record.args and isinstance(record.args, tuple):
        shown = tuple(part if isinstance(part, int | float) else "…" for part in record.args)
        try:
            return str(record.msg).split("\n", 1)[0] % shown
        except (TypeError, ValueError):
            return str(record.msg).split("\n", 1)[0]
    # A message made beforehand may quote anything, in brackets or after a colon: only what stands before is kept.
    found = _FOREIGN_WORDS.match(str(record.msg))
    return found[0].strip() if found else ""


def _tell_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    del message, file, line
    structlog.get_logger().warning("warning", error=category.__name__, where=[f"{_short(filename)}:{lineno}"])


def _tell_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    del kind, trace
    structlog.get_logger().error("uncaught", exc_info=error)


def _tell_thread(arguments: threading.ExceptHookArgs) -> None:
    structlog.get_logger().error("uncaught_in_thread", exc_info=arguments.exc_value)


def _tell_unraisable(unraisable: "sys.UnraisableHookArgs") -> None:
    structlog.get_logger().error("unraisable", exc_info=unraisable.exc_value)
