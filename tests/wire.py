"""A lean HTTP/1.1 client for crowds: one connection, one request at a time, hardly any work of its own."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field


class LostError(ConnectionError):
    """The connection ended before the answer was whole: whether the request was done is unknown."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and body."""

    status: int
    body: bytes

    @property
    def json(self) -> dict[str, object]:
        """The body as JSON."""
        value: dict[str, object] = json.loads(self.body)
        return value


@dataclass(slots=True)
class Wire:
    """A connection that is opened on first use and again after it was lost."""

    host: str
    port: int
    token: str | None = None
    _streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = field(default=None)

    async def request(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send a request and return the answer.

        Raises:
            LostError: the answer did not come; the next request opens a new connection.
        """
        sent = self._written(method, path, body, headers)
        try:
            if self._streams is None:
                self._streams = await asyncio.open_connection(self.host, self.port)
            reader, writer = self._streams
            writer.write(sent)
            return await _answer(reader)
        except (OSError, EOFError, ValueError, IndexError) as error:
            self.close()
            raise LostError from error

    async def lose(
        self,
        method: str,
        path: str,
        body: object = None,
        headers: Mapping[str, str] | None = None,
        *,
        seconds: float = 0,
    ) -> None:
        """Send a request on a connection of its own and hang up without its answer, at once or a little later."""
        _, writer = await asyncio.open_connection(self.host, self.port)
        writer.write(self._written(method, path, body, headers))
        await writer.drain()
        await asyncio.sleep(seconds)
        writer.transport.abort()

    def _written(self, method: str, path: str, body: object, headers: Mapping[str, str] | None) -> bytes:
        content = b"" if body is None else json.dumps(body).encode()
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.host}", f"Content-Length: {len(content)}"]
        if self.token is not None:
            lines.append(f"Authorization: Bearer {self.token}")
        if body is not None:
            lines.append("Content-Type: application/json")
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + content

    def close(self) -> None:
        """Close the connection."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def _answer(reader: asyncio.StreamReader) -> Answer:
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head[9:12])
    length = int(head.lower().split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
    return Answer(status, await reader.readexactly(length))
