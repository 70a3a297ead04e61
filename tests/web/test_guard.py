"""The guard, the door and the limit, around an application that says who asked."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from oncontour.data.database import open_database
from oncontour.web.accounts import METADATA, MOST_TRIES, set_account
from oncontour.web.body import json_object
from oncontour.web.guard import CHANGE_HEADER, COOKIE, SESSION, Door, Guard, session_of
from oncontour.web.sessions import Person
from oncontour.web.sign_in import sign_in_routes

HOME = "https://127.0.0.1"
PASSWORD = "correct horse battery"


def application(door: Door) -> Starlette:
    async def say(request):
        return JSONResponse({"who": session_of(request).person.name, "given": await json_object(request, 100)})

    return Starlette(
        routes=[Route("/", say), Route("/change", say, methods=["POST", "DELETE"]), *sign_in_routes(door)],
        middleware=[Middleware(Guard, door=door)],
    )


@pytest.fixture
def links():
    return TestClient(application(Door("it", {"a": Person("anna", "reader"), "b": Person("ben", "reader")})), HOME)


@pytest.fixture
def accounts(tmp_path):
    engine = open_database(f"sqlite:///{tmp_path}/a.sqlite", METADATA)
    set_account(engine, "anna", "reader", PASSWORD)
    return TestClient(application(Door("it", accounts=engine)), HOME, follow_redirects=False)


def sign_in(client, password=PASSWORD, origin=HOME):
    return client.post("/sign-in", json={"name": "anna", "password": password}, headers={"Origin": origin})


def test_each_link_is_of_one_person(links):
    assert links.get("/?token=a").json()["who"] == "anna"
    assert links.get("/?token=b").json()["who"] == "ben"
    links.cookies.clear()
    for token in ("", "ab", "c"):
        answer = links.get(f"/?token={token}")
        assert (answer.status_code, answer.text) == (401, "Open the link that `it` printed.\n")


def test_the_cookie_is_for_this_page_alone(links):
    cookie = links.get("/?token=a", follow_redirects=False).headers["set-cookie"]
    assert all(word in cookie for word in ("HttpOnly", "SameSite=strict", "Secure", "Path=/"))
    assert "Max-Age" not in cookie  # It ends with the browser.


def test_a_change_needs_the_pages_own_origin_and_the_sessions_token(links):
    links.get("/?token=a")
    token = links.get(SESSION).json()["token"]
    good = {"Origin": HOME, CHANGE_HEADER: token}
    assert links.post("/change", json={"x": 1}, headers=good).json() == {"who": "anna", "given": {"x": 1}}
    others = links.cookies[COOKIE]
    links.get("/?token=b")
    for headers in (
        {}, {"Origin": HOME}, {CHANGE_HEADER: token}, good | {CHANGE_HEADER: links.get(SESSION).json()["token"][:-1]},
        good,  # Anna's token, in Ben's session.
        *({"Origin": origin, CHANGE_HEADER: links.get(SESSION).json()["token"]}
          for origin in ("https://evil.example", "null", "http://127.0.0.1", "https://127.0.0.1:8443", "")),
    ):  # fmt: skip
        for method in ("POST", "DELETE"):
            assert links.request(method, "/change", headers=headers).status_code == 403, headers
    links.cookies.set(COOKIE, others)


def test_signing_in_and_out(accounts):
    assert accounts.get("/").headers["location"] == "/sign-in/"
    assert accounts.get("/change").status_code == 401
    assert "password" in accounts.get("/sign-in/").text
    assert accounts.get("/sign-in/sign-in.js").status_code == 200
    assert sign_in(accounts, "wrong").status_code == 401
    assert sign_in(accounts, origin="https://evil.example").status_code == 403
    assert COOKIE not in accounts.cookies
    assert sign_in(accounts).status_code == 200
    key = accounts.cookies[COOKIE]
    assert accounts.get("/").json()["who"] == "anna"
    headers = {"Origin": HOME, CHANGE_HEADER: accounts.get(SESSION).json()["token"]}
    assert accounts.post("/api/sign-out", headers=headers).status_code == 200
    accounts.cookies.set(COOKIE, key)  # As who had copied it would.
    assert accounts.get("/").status_code == 303


def test_too_many_tries_are_told_when_to_come_again(accounts):
    for _ in range(MOST_TRIES):
        sign_in(accounts, "wrong")
    answer = sign_in(accounts)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 900
    assert "Wait 15 minutes" in answer.json()["error"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"name": 1, "password": []}', b"\xff", b"[" * 90])
def test_what_is_no_sign_in_is_refused(accounts, body):
    assert accounts.post("/sign-in", content=body, headers={"Origin": HOME}).status_code == 400


def test_below_sign_in_is_nothing_else(accounts):
    for path in ("/sign-in/../change", "/sign-in/..%2f..%2faccounts.py", "/sign-inn/", "/sign-in/..%2fsign_in.py"):
        assert accounts.get(path).status_code in (401, 404), path


def test_a_body_too_large_is_not_taken(links):
    links.get("/?token=a")
    headers = {"Origin": HOME, CHANGE_HEADER: links.get(SESSION).json()["token"]}
    assert links.post("/change", content=b" " * 100, headers=headers).status_code == 200
    assert links.post("/change", content=b" " * 101, headers=headers).status_code == 413
    assert links.post("/change", content=(b" " * 30 for _ in range(4)), headers=headers).status_code == 413
    assert links.post("/change", content=b"", headers=headers | {"Content-Length": "-1"}).status_code == 413
