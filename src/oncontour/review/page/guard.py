"""Who may ask, and what a browser is told to refuse.

A page on 127.0.0.1 can be asked by every other page that the same browser shows, and by every user of the machine: so
nothing is answered without the session that the link's token opens, nor under another host name (DNS rebinding). What
changes something must besides come from a page of this origin, with a second token that only such a page can read.
"""

from __future__ import annotations

import hmac
import secrets

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "oncontour_session"

CHANGE_HEADER = "X-Oncontour"
SESSION = "/api/session"
"""Tells the page the token that CHANGE_HEADER has to carry."""

READING = frozenset({"GET", "HEAD"})

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self' data: "
        "blob:; font-src 'self' data:; worker-src 'self' blob:; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
"""Of every answer. Patients' images stay in no cache."""


class Guard:
    """Lets through who came by the link; everyone else is told how to.

    Args:
        app: what is behind it.
        token: of the link.
    """

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app, self._token = app, token
        self._session, self._change = secrets.token_urlsafe(32), secrets.token_urlsafe(32)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, with HEADERS."""
        if scope["type"] != "http":
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await self._answer(Request(scope))(scope, receive, with_headers)

    def _answer(self, request: Request) -> ASGIApp:
        given = request.query_params.get("token")
        if given is not None and hmac.compare_digest(given.encode(), self._token.encode()):
            response = RedirectResponse("/", 303)
            response.set_cookie(COOKIE, self._session, httponly=True, samesite="strict")
            return response
        session = request.cookies.get(COOKIE, "")
        if not hmac.compare_digest(session.encode(), self._session.encode()):
            return PlainTextResponse("Open the link that `oncontour review` printed.\n", 401)
        if request.url.path == SESSION:
            return JSONResponse({"token": self._change})
        if request.method not in READING and not self._is_of_our_page(request):
            return JSONResponse({"error": "Changes are taken from this page alone. Load it again."}, 403)
        return self._app

    def _is_of_our_page(self, request: Request) -> bool:
        given, origin = request.headers.get(CHANGE_HEADER, ""), request.headers.get("origin", "")
        ours = f"{request.url.scheme}://{request.headers.get('host', '')}"
        return hmac.compare_digest(given.encode(), self._change.encode()) and origin == ours
