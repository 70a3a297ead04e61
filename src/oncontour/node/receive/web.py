"""The web ear: STOW-RS (PS3.18 10.5), and as much QIDO-RS as tells a sender which studies have come (10.6).

Towards a network that is not trusted, a reverse proxy belongs in front of it: uvicorn waits for a request's headers as
long as a client likes.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oncontour.node.receive.intake import Intake
from oncontour.node.receive.settings import WebSettings
from oncontour.node.receive.upload import Upload
from oncontour.node.spool.store import Spool
from oncontour.node.spool.studies import StoredImage, read_study, study_tokens
from oncontour.node.spool.uids import token, uid_of
from oncontour.web.serve import serving
from oncontour.web.tls import server_context

_JSON = "application/dicom+json"

_SILENCE_S = 60.0
"""A client that sends nothing for so long is cut off."""

_MOST_STUDIES = 100
"""In one answer; a client asks for more with `offset`."""


def web_app(settings: WebSettings, intake: Intake) -> Starlette:
    """Its addresses: POST /studies, POST /studies/{study}, GET /studies."""

    async def store(request: Request) -> Response:
        _check_token(request, settings)
        study = request.path_params.get("study")
        if study is not None and _uid(study) is None:
            raise HTTPException(400, "the study in the address is no UID")
        if not intake.disk.room:
            raise HTTPException(503, "no room to store anything", {"Retry-After": "300"})
        upload = Upload(intake, _boundary(request), study)
        try:
            async for chunk in _body(request, round(settings.biggest_request_mb * 1_000_000)):
                await run_in_threadpool(upload.write, chunk)
            upload.finish()
        except FormParserError as error:
            raise HTTPException(400, "this is no multipart message") from error
        finally:
            upload.drop()
        if not upload.content:
            raise HTTPException(400, "the message has no part")
        return JSONResponse(upload.content, upload.code, media_type=_JSON)

    async def search(request: Request) -> Response:
        _check_token(request, settings)
        studies = await run_in_threadpool(_found, intake.spool, *_query(request))
        return JSONResponse([_study_json(images) for images in studies], media_type=_JSON)

    return Starlette(
        routes=[
            Route("/studies", store, methods=["POST"]),
            Route("/studies/{study}", store, methods=["POST"]),
            Route("/studies", search, methods=["GET"]),
        ]
    )


@contextmanager
def serving_uploads(settings: WebSettings, intake: Intake) -> Iterator[int]:
    """Serve until the end of the block; gives the port.

    Raises:
        InputError: the address is taken, or a TLS file cannot be used.
    """
    tls = server_context(settings.tls) if settings.tls else None
    with serving(web_app(settings, intake), settings.host, settings.port, "stow", tls) as port:
        yield port


def _check_token(request: Request, settings: WebSettings) -> None:
    if settings.token is None:
        return
    given = request.headers.get("authorization", "").encode("utf-8", "replace")
    if not hmac.compare_digest(given, f"Bearer {settings.token.get_secret_value()}".encode()):
        raise HTTPException(401, "a bearer token is needed", {"WWW-Authenticate": "Bearer"})


def _boundary(request: Request) -> bytes:
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind != b"multipart/related" or options.get(b"type") != b"application/dicom" or not options.get(b"boundary"):
        raise HTTPException(415, 'send multipart/related; type="application/dicom"')
    return options[b"boundary"]


async def _body(request: Request, biggest: int) -> AsyncIterator[bytes]:
    """The body, piece by piece.

    Raises:
        HTTPException: it is too long, or the client fell silent.
    """
    stream, length = request.stream(), 0
    while True:
        try:
            async with asyncio.timeout(_SILENCE_S):
                chunk = await anext(stream, None)
        except TimeoutError as error:
            raise HTTPException(408, "nothing came for too long") from error
        if chunk is None:
            return
        length += len(chunk)
        if length > biggest:
            raise HTTPException(413, "the request is larger than this node takes")
        yield chunk


def _query(request: Request) -> tuple[str | None, int, int]:
    parameters = request.query_params
    try:
        limit = min(max(int(parameters.get("limit", _MOST_STUDIES)), 0), _MOST_STUDIES)
        offset = max(int(parameters.get("offset", 0)), 0)
    except ValueError as error:
        raise HTTPException(400, "limit and offset are numbers") from error
    return parameters.get("StudyInstanceUID") or parameters.get("0020000D"), limit, offset


def _found(spool: Spool, wanted: str | None, limit: int, offset: int) -> list[list[StoredImage]]:
    """The images of each study."""
    tokens = study_tokens(spool)
    if wanted is not None:
        uid = _uid(wanted)
        tokens = tuple(name for name in tokens if uid is not None and name == token(uid))
    studies = (list(read_study(spool, name).values()) for name in tokens[offset : offset + limit])
    return [images for images in studies if images]


def _study_json(images: list[StoredImage]) -> dict[str, Any]:
    """Study Instance UID, numbers of its series and of its instances, conflicting ones once."""
    return {
        "0020000D": {"vr": "UI", "Value": [images[0].study]},
        "00201206": {"vr": "IS", "Value": [len({image.series for image in images})]},
        "00201208": {"vr": "IS", "Value": [len({(image.series, image.instance) for image in images})]},
    }


def _uid(text: str) -> str | None:
    return uid_of(text.encode("utf-8", "replace"))
