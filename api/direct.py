"""Routes that read a well-formed request by themselves, for what thousands ask at once; any other goes the usual way.

FastAPI's own way from a request to a function's arguments takes as long as the rest of such a route. The declared
function stays what the schema shows, and every problem is told by the framework, in the same words as everywhere.
"""

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, TypeAlias

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.responses import Response

Reading: TypeAlias = Callable[[Request], Awaitable[Mapping[str, object] | None]]
"""From a request to its function's arguments; None if there is anything unusual about it."""


def direct(read: Reading) -> type[APIRoute]:
    """Return the class of a route whose function answers with a `Response` of its own."""

    class Direct(APIRoute):
        def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
            usual = super().get_route_handler()

            async def answer(request: Request) -> Response:
                arguments = await read(request)
                if arguments is None:
                    return await usual(request)
                response: Response = await self.endpoint(**arguments)
                return response

            return answer

    return Direct
