"""What a browser sends, read as far as it may go and no further."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request


async def read_body(request: Request, size: int, *, exact: bool = False) -> bytes:
    """The body of a request.

    Args:
        size: in bytes, at most.
        exact: whether it must be that.

    Raises:
        HTTPException: 413 for more, as soon as that is seen; 400 for less where the size is exact.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > size:
        raise HTTPException(413, f"more than {size} bytes")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > size:
            raise HTTPException(413, f"more than {size} bytes")
    if exact and len(body) != size:
        raise HTTPException(400, f"{len(body)} bytes; expected {size}")
    return bytes(body)
