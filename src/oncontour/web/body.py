"""What a browser sends, read as far as it may go and no further."""

from __future__ import annotations

import json

from starlette.exceptions import HTTPException
from starlette.requests import Request

MOST_BYTES = 64 * 1024
"""Of what is no image: an answer is a line, a comment some thousand characters."""


async def read_body(request: Request, size: int, *, exact: bool = False) -> bytes:
    """The body of a request.

    Args:
        size: in bytes, at most.
        exact: whether it must be that.

    Raises:
        HTTPException: 413 for more, as soon as that is seen; 400 for less where the size is exact.
    """
    declared = request.headers.get("content-length", "0")
    if not declared.isdecimal() or int(declared) > size:
        raise HTTPException(413, f"A request may hold at most {size} bytes.")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > size:
            raise HTTPException(413, f"A request may hold at most {size} bytes.")
    if exact and len(body) != size:
        raise HTTPException(400, f"{len(body)} bytes; expected {size}.")
    return bytes(body)


async def json_object(request: Request, size: int = MOST_BYTES) -> dict:
    """What a request's body says; nothing where it is no JSON object.

    Raises:
        HTTPException: 413, as `read_body`.
    """
    try:
        content = json.loads(await read_body(request, size))
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
