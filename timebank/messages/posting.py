"""Posting a signed message over HTTP, as Standard Webhooks wants it: no redirects, nothing read of the answer."""

import json
import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import httpx2
from standardwebhooks import Webhook

TIMEOUT: Final = httpx2.Timeout(15.0, connect=5.0)
MAX_BYTES: Final = 20_000
"""Standard Webhooks wants payloads small."""


@dataclass(frozen=True, slots=True)
class Post:
    """What is posted: `headers` sign `body` under the endpoint's secret."""

    body: bytes = field(repr=False)
    headers: dict[str, str] = field(repr=False)


def signed(
    secret: str, reference: str, *, kind: str, data: dict[str, object], made_at: datetime, sent_at: datetime
) -> Post:
    """Return `{type, timestamp, data}` signed: in the body when it happened, in the head when it is sent."""
    body = json.dumps(
        {"type": kind, "timestamp": made_at.isoformat(), "data": data},
        ensure_ascii=False,
        separators=(",", ":"),
    )
    at = sent_at.astimezone(UTC)  # the library takes the clock of whatever zone for UTC's
    headers = {
        "content-type": "application/json",
        "user-agent": "timebank-webhooks/1",
        "webhook-id": reference,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": Webhook(secret).sign(reference, at, body),
    }
    return Post(body.encode(), headers)


async def posted(
    url: str, post: Post, *, context: ssl.SSLContext, host: str | None = None, name: str | None = None
) -> int:
    """Post it and return the status. `host` goes into the head and `name` is whom TLS must prove, if not the URL's own.

    Raises:
        httpx2.HTTPError: nothing was answered.
    """
    headers = post.headers if host is None else {**post.headers, "host": host}
    extensions = {} if name is None else {"sni_hostname": name}
    # No proxy and no credentials of the environment: what is pinned must not go elsewhere.
    async with (
        httpx2.AsyncClient(
            verify=context, trust_env=False, timeout=TIMEOUT, follow_redirects=False
        ) as client,
        client.stream("POST", url, content=post.body, headers=headers, extensions=extensions) as answer,
    ):
        return answer.status_code
