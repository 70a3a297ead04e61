"""Addresses of follow-ups, and of two scans held beside one another."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from oncontour.review.results.follow_ups import FollowUps
from oncontour.review.results.gallery import Gallery


def follow_up_routes(gallery: Gallery, follow_ups: FollowUps) -> list[Route]:
    """Routes under /api/follow-ups, and /api/cases/{case}/onto/{other}."""

    async def names(_: Request) -> Response:
        return JSONResponse(list(follow_ups.names))

    async def one(request: Request) -> Response:
        name = request.path_params["name"]
        if name not in follow_ups.names:
            raise HTTPException(404, "no follow-up of that name")
        return JSONResponse(await run_in_threadpool(follow_ups.content, name))

    async def onto(request: Request) -> Response:
        pair = request.path_params["case"], request.path_params["other"]
        if any(name not in gallery.results or gallery.results[name].error for name in pair):
            raise HTTPException(404, "no case of that name")
        found = await run_in_threadpool(gallery.alignment, *pair)
        return JSONResponse({"transform": found.transform.tolist(), "similarity": found.similarity})

    return [
        Route("/api/follow-ups", names),
        Route("/api/follow-ups/{name}", one),
        Route("/api/cases/{case}/onto/{other}", onto),
    ]
