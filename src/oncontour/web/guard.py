"""Who may ask, and what a browser is told to refuse.

A page on 127.0.0.1 can be asked by every other page that the same browser shows, and by every user of the machine: so
nothing is answered without a session, which a link's token opens or an account's password, nor under another host name
(DNS rebinding, which `TrustedHostMiddleware` in front of this refuses). What changes something must come from the page
itself: with its own origin, and with the session's secret in a header.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import Engine
from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from oncontour.web.sessions import Person, Session, Sessions

COOKIE = "oncontour_session"
CHANGE_HEADER = "X-Oncontour"
BY_ITSELF_HEADER = "X-Oncontour-By-Itself"
"""Of what a page asks without anybody's doing; it does not keep a session alive."""

SESSION = "/api/session"
"""Tells the page who asks, and the token that CHANGE_HEADER has to carry."""

SIGN_IN = "/sign-in/"
"""Where accounts come in; it and what is below it is shown to everyone."""

HARMLESS = ("GET", "HEAD")

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


@dataclass(frozen=True)
class Door:
    """How people come in.

    Args:
        command: that was run, named to those who come without a link.
        links: token of a link -> who comes by it.
        accounts: data base of those who come with a password; None: links alone.
        sessions: of those who came.
    """

    command: str
    links: Mapping[str, Person] = field(default_factory=dict)
    accounts: Engine | None = None
    sessions: Sessions = field(default_factory=Sessions)

    def by_link(self, token: str) -> Person | None:
        """Who comes by a link of that token."""
        found = None
        for known, person in self.links.items():  # All of them, so that time tells nothing.
            if hmac.compare_digest(token.encode(), known.encode()):
                found = person
        return found

    def enter(self, request: Request, response: Response, person: Person) -> None:
        """Open a session: its key goes into a cookie that scripts cannot read and other sites cannot send."""
        response.set_cookie(
            COOKIE, self.sessions.open(person), httponly=True, samesite="strict", secure=request.url.scheme == "https"
        )


def session_of(request: Request) -> Session:
    """Of who asks."""
    return request.scope["session"]


class Guard:
    """Lets through who came in by the door; everyone else is told how to.

    Args:
        app: what is behind it.
        door: how people come in.
    """

    def __init__(self, app: ASGIApp, door: Door) -> None:
        self._app, self._door = app, door

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
        person = self._door.by_link(request.query_params.get("token", ""))
        if person is not None and request.method in HARMLESS:
            response = RedirectResponse("/", 303)
            self._door.enter(request, response, person)
            return response
        if request.method not in HARMLESS and request.headers.get("origin") != _origin(request):
            return JSONResponse({"error": "This came from another page."}, 403)
        with_accounts = self._door.accounts is not None
        if with_accounts and f"{request.url.path}/".startswith(SIGN_IN):
            return self._app
        by_itself = BY_ITSELF_HEADER in request.headers
        session = self._door.sessions.find(request.cookies.get(COOKIE, ""), by_itself=by_itself)
        if session is None:
            if with_accounts:
                return RedirectResponse(SIGN_IN, 303) if request.url.path == "/" else _refusal("Sign in.")
            return PlainTextResponse(f"Open the link that `{self._door.command}` printed.\n", 401)
        if request.url.path == SESSION:
            person = session.person
            return JSONResponse({"name": person.name, "role": person.role, "token": session.token})
        given = request.headers.get(CHANGE_HEADER, "")
        if request.method not in HARMLESS and not hmac.compare_digest(given.encode(), session.token.encode()):
            return JSONResponse({"error": "This did not come from the page."}, 403)
        request.scope["session"] = session
        return self._app


def _origin(request: Request) -> str:
    return f"{request.url.scheme}://{request.headers.get('host', '')}"


def _refusal(words: str) -> Response:
    return JSONResponse({"error": words}, 401)
