"""/healthz and /metrics."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from oncontour.node.watch.health import Check

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


def watch_app(health: Callable[[], list[Check]], metrics: Callable[[], bytes]) -> Starlette:
    """The web application; what it says names no patient."""
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.responses import JSONResponse, Response
    from starlette.routing import Route

    async def healthz(_: Request) -> Response:
        checks = await run_in_threadpool(health)
        trouble = {check.name: check.trouble for check in checks if check.trouble}
        return JSONResponse({"healthy": not trouble, "trouble": trouble}, 503 if trouble else 200)

    async def read_metrics(_: Request) -> Response:
        return Response(await run_in_threadpool(metrics), media_type=PROMETHEUS)

    return Starlette(routes=[Route("/healthz", healthz), Route("/metrics", read_metrics)])
