"""Signing in and out: the addresses behind a guard that have to do with who asks."""

from __future__ import annotations

from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from oncontour.web.accounts import TooManyTriesError, sign_in
from oncontour.web.body import json_object
from oncontour.web.guard import COOKIE, Door

STATIC = Path(__file__).parent / "static"


def sign_in_routes(door: Door) -> list[BaseRoute]:
    """/api/sign-out; with accounts, /sign-in too."""

    async def leave(request: Request) -> Response:
        door.sessions.close(request.cookies.get(COOKIE, ""))
        response = JSONResponse({})
        response.delete_cookie(COOKIE)
        return response

    async def enter(request: Request) -> Response:
        assert door.accounts is not None
        given = await json_object(request)
        name, password = given.get("name"), given.get("password")
        if not isinstance(name, str) or not isinstance(password, str):
            return JSONResponse({"error": "Give a name and a password."}, 400)
        address = request.client.host if request.client else ""
        try:
            person = await run_in_threadpool(sign_in, door.accounts, name, password, address)
        except TooManyTriesError as error:
            return JSONResponse({"error": f"Too many tries. {error.remedy}"}, 429, {"Retry-After": str(error.wait_s)})
        if person is None:
            return JSONResponse({"error": "No account of that name and password."}, 401)
        door.sessions.close(request.cookies.get(COOKIE, ""))
        response = JSONResponse({})
        door.enter(request, response, person)
        return response

    routes: list[BaseRoute] = [Route("/api/sign-out", leave, methods=["POST"])]
    if door.accounts is not None:
        pages = StaticFiles(directory=STATIC / "sign-in", html=True)
        routes += [Route("/sign-in", enter, methods=["POST"]), Mount("/sign-in", pages)]
    return routes
