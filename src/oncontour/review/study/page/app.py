"""The addresses of a reader study. A rater can ask for the page that is the own current one, and for no other.

A reader rates under the account's name and sees nothing else. An admin sees how far raters are, never rates, and is
never shown an answer, not even when all is locked: whoever knows interim answers can steer raters, or the study's end.
Answers come out by `oncontour study analyse` and `export` alone, which need the data base and not a browser.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from oncontour.core.errors import InputError
from oncontour.review.page.app import NIFTI
from oncontour.review.page.app import STATIC as VIEWER
from oncontour.review.results.images import Shown
from oncontour.review.study import rating
from oncontour.review.study.page import words
from oncontour.review.study.page.pictures import Pictures
from oncontour.review.study.rating import Item, LockedError
from oncontour.review.study.study import Study
from oncontour.web.body import json_object
from oncontour.web.guard import Door, Guard, session_of
from oncontour.web.sessions import Role
from oncontour.web.sign_in import sign_in_routes

STATIC = Path(__file__).parent / "static"


def study_app(study: Study, door: Door, hosts: tuple[str, ...], pictures: Pictures | None = None) -> Starlette:
    """The web application.

    Args:
        study: that is rated.
        door: how raters, and with accounts admins, come in.
        hosts: names under which it may be asked.
        pictures: of its pages.
    """
    shown_pages = pictures or Pictures(study)

    async def home(request: Request) -> Response:
        return FileResponse(STATIC / ("index.html" if session_of(request).person.role == "reader" else "progress.html"))

    async def about(_: Request) -> Response:
        return JSONResponse(words.about(study))

    async def progress(request: Request) -> Response:
        return JSONResponse(words.far(await run_in_threadpool(rating.progress, study, _rater(request))))

    async def everyone(request: Request) -> Response:
        _only(request, "admin")
        names = await run_in_threadpool(rating.raters, study)
        return JSONResponse([words.far(await run_in_threadpool(rating.progress, study, name)) for name in names])

    async def page(request: Request) -> Response:
        item = await run_in_threadpool(rating.next_item, study, _rater(request))
        if item is None:
            return JSONResponse({"item": None})
        return JSONResponse(words.page(study, item, await run_in_threadpool(shown_pages.shown, item)))

    async def image(request: Request) -> Response:
        images = (await _pictures(request)).images
        if request.path_params["sequence"] not in images:
            raise HTTPException(404)
        return Response(images[request.path_params["sequence"]], media_type=NIFTI)

    async def masks(request: Request) -> Response:
        return Response((await _pictures(request)).regions, media_type=NIFTI)

    async def _pictures(request: Request) -> Shown:
        item = await run_in_threadpool(rating.next_item, study, _rater(request))
        if item is None or item.item != request.path_params["item"]:
            raise HTTPException(404)
        return await run_in_threadpool(shown_pages.shown, item)

    async def shown(request: Request) -> Response:
        given = await _given(request, "item")
        await run_in_threadpool(rating.shown, study, _rater(request), given["item"])
        return JSONResponse({})

    async def answer(request: Request) -> Response:
        rater, given = _rater(request), await _given(request, "mask", "question")
        await run_in_threadpool(rating.answer, study, rater, given["mask"], given["question"], given.get("value"))
        item: Item | None = await run_in_threadpool(rating.next_item, study, rater)
        said = item.answers.get(given["mask"], {}) if item else {}
        return JSONResponse({"score": words.score(study, said)})

    async def lock(request: Request) -> Response:
        given = await _given(request, "item")
        await run_in_threadpool(rating.lock, study, _rater(request), given["item"])
        return JSONResponse({})

    return Starlette(
        routes=[
            Route("/", home),
            *sign_in_routes(door),
            Route("/api/study", about),
            Route("/api/progress", progress),
            Route("/api/raters", everyone),
            Route("/api/page", page),
            Route("/api/pages/{item}/images/{sequence}.nii", image),
            Route("/api/pages/{item}/regions.nii", masks),
            Route("/api/shown", shown, methods=["POST"]),
            Route("/api/answers", answer, methods=["POST"]),
            Route("/api/locks", lock, methods=["POST"]),
            Mount("/static", StaticFiles(directory=VIEWER)),
            Mount("/rating", StaticFiles(directory=STATIC)),
        ],
        middleware=[
            Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts)),
            Middleware(Guard, door=door),
        ],
        exception_handlers={
            LockedError: _refused(409),
            InputError: _refused(422),
            SQLAlchemyError: _away,
            HTTPException: _http,
        },
    )


def _rater(request: Request) -> str:
    """The rater's name, which is the account's."""
    return _only(request, "reader")


def _only(request: Request, role: Role) -> str:
    person = session_of(request).person
    if person.role != role:
        raise HTTPException(403)
    return person.name


async def _given(request: Request, *names: str) -> dict:
    """What a request's body says; those names are text."""
    content = await json_object(request)
    if not all(isinstance(content.get(name), str) for name in names):
        raise HTTPException(400)
    return content


def _refused(code: int):  # noqa: ANN202
    async def refused(_: Request, error: Exception) -> Response:
        return JSONResponse({"error": str(error)}, code)

    return refused


async def _away(_: Request, __: Exception) -> Response:
    """What the data base says may hold its address."""
    return JSONResponse({"error": "The study's data base does not answer."}, 503)


async def _http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail}, error.status_code)
