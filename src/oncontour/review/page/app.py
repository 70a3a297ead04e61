"""The page's addresses. A case is looked up by its name among those known: no part of an address becomes a path."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from oncontour.core.errors import OncontourError
from oncontour.review.page.follow_ups import follow_up_routes
from oncontour.review.page.versions import review_line, version_routes
from oncontour.review.results.follow_ups import FollowUps
from oncontour.review.results.gallery import Gallery
from oncontour.review.results.images import Shown
from oncontour.review.results.result import Result
from oncontour.web.guard import Door, Guard
from oncontour.web.sign_in import sign_in_routes

STATIC = Path(__file__).parent / "static"
NIFTI = "application/octet-stream"


def review_app(
    gallery: Gallery,
    door: Door,
    hosts: tuple[str, ...] = ("127.0.0.1", "localhost"),
    follow_ups: FollowUps | None = None,
) -> Starlette:
    """The web application.

    Args:
        gallery: what it shows.
        door: how people come in. Readers look, mark and correct, under the name that they came in by; admins look.
        hosts: names under which it may be asked.
        follow_ups: of patients over time.
    """

    def result_of(request: Request) -> Result:
        result = gallery.results.get(request.path_params["case"])
        if result is None:
            raise HTTPException(404, "no case of that name")
        return result

    async def shown_of(request: Request) -> Shown:
        return await run_in_threadpool(gallery.shown, result_of(request).name)

    async def page(_: Request) -> Response:
        return FileResponse(STATIC / "index.html")

    async def cases(_: Request) -> Response:
        lines = await run_in_threadpool(lambda: [_line(one) for one in gallery.results.values()])
        return JSONResponse({"live": gallery.cases.live, "cases": lines})

    async def case(request: Request) -> Response:
        return JSONResponse(_whole(result_of(request)))

    async def images(request: Request) -> Response:
        shown = await shown_of(request)
        content = {"sequences": list(shown.images), "regions": list(shown.names), "centre": shown.centre}
        return JSONResponse(content)

    async def image(request: Request) -> Response:
        images = (await shown_of(request)).images
        if request.path_params["sequence"] not in images:
            raise HTTPException(404, "no image of that name")
        made = await run_in_threadpool(images.__getitem__, request.path_params["sequence"])
        return Response(made, media_type=NIFTI)

    async def regions(request: Request) -> Response:
        return Response((await shown_of(request)).regions, media_type=NIFTI)

    async def thumbnail(request: Request) -> Response:
        result = result_of(request)
        if result.error:
            raise HTTPException(404, "a case without a result has no picture")
        return Response(await run_in_threadpool(gallery.thumbnail, result.name), media_type="image/png")

    async def failed(_: Request, error: Exception) -> Response:
        return JSONResponse({"error": str(error)}, 422)

    async def refused(_: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException), "registered for it"
        return JSONResponse({"error": error.detail}, error.status_code, error.headers)

    return Starlette(
        routes=[
            Route("/", page),
            *sign_in_routes(door),
            Route("/api/cases", cases),
            Route("/api/cases/{case}", case),
            Route("/api/cases/{case}/thumbnail.png", thumbnail),
            Route("/api/cases/{case}/images", images),
            Route("/api/cases/{case}/images/{sequence}.nii", image),
            Route("/api/cases/{case}/regions.nii", regions),
            *version_routes(gallery, result_of),
            *follow_up_routes(gallery, follow_ups or FollowUps((), gallery.results)),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts)), Middleware(Guard, door=door)],
        exception_handlers={OncontourError: failed, HTTPException: refused},
    )


def _line(result: Result) -> dict[str, Any]:
    """What the list of cases says."""
    return {
        "name": result.name,
        "state": result.state or ("failed" if result.error else result.quality.get("verdict", "ok")),
        "there": result.error is None,
        "came_at": result.came_at,
        "colours": result.colours,
        **review_line(result),
    }


def _whole(result: Result) -> dict[str, Any]:
    """All that the page says of a case in words and numbers."""
    return {
        **_line(result),
        "error": result.error,
        "measurements": result.measurements,
        "checks": result.quality.get("checks", []),
        "notes": result.quality.get("notes", []),
        "missing": result.quality.get("missing", []),
    }
