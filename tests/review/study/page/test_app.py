"""A reader study's addresses: what a rater is told, what nobody is, and what cannot be done."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from starlette.testclient import TestClient

from oncontour.review.study.page.app import study_app
from oncontour.review.study.page.pictures import Pictures
from oncontour.review.study.rating import next_item, raters
from oncontour.review.study.readings import read_readings
from oncontour.review.study.scales import COMMENT, ORIGIN, SCORE
from oncontour.review.study.tables import SHOWINGS
from oncontour.web.accounts import METADATA, set_account
from oncontour.web.body import MOST_BYTES
from oncontour.web.guard import CHANGE_HEADER, SESSION, Door

from .conftest import LINKS, TELLING

HOME = "http://127.0.0.1"
HOSTS = ("127.0.0.1",)
PASSWORD = "correct horse battery"


class Rater:
    """One who came in by a link, and what was answered."""

    def __init__(self, app, name):
        self.client = TestClient(app, HOME, raise_server_exceptions=False)
        assert self.client.get(f"/?token=link-of-{name}").status_code == 200
        self.client.headers |= {"Origin": HOME, CHANGE_HEADER: self.client.get(SESSION).json()["token"]}
        self.seen = []

    def get(self, path, **more):
        return self._noted(self.client.get(path, **more))

    def post(self, path, content):
        return self._noted(self.client.post(path, json=content))

    def _noted(self, answer):
        self.seen.append(f"{answer.url} {answer.headers}".encode() + answer.content)
        return answer

    def say(self, mask, question, value):
        return self.post("/api/answers", {"mask": mask, "question": question, "value": value})

    def fill(self, page, score=7):
        for mask in page["masks"]:
            assert self.say(mask["mask"], SCORE, score).status_code == 200
            assert self.say(mask["mask"], ORIGIN, False).status_code == 200


@pytest.fixture
def study(make_pages):
    return make_pages()


@pytest.fixture
def app(study, door):
    return study_app(study, door, HOSTS)


@pytest.fixture
def anna(app):
    return Rater(app, "anna")


@pytest.fixture
def ben(app):
    return Rater(app, "ben")


def read_all(rater) -> list[int]:
    """Read a study to its end; gives the sizes of all volumes of masks."""
    sizes = []
    rater.get("/"), rater.get("/api/study")
    while (page := rater.get("/api/page").json())["item"]:
        address = f"/api/pages/{page['item']}"
        sizes.append(len(rater.get(f"{address}/regions.nii").content))
        for sequence in page["sequences"]:
            assert rater.get(f"{address}/images/{sequence}.nii").status_code == 200
        assert rater.post("/api/shown", {"item": page["item"]}).status_code == 200
        rater.fill(page)
        assert rater.post("/api/locks", {"item": page["item"]}).status_code == 200
        rater.get("/api/progress")
    return sizes


def test_nothing_that_a_browser_is_sent_names_a_source_a_case_or_a_file(anna, ben, study):
    sizes = {size for rater in (anna, ben) for size in read_all(rater)}
    assert len(sizes) == 1
    told = b"\n".join(anna.seen + ben.seen).lower()
    assert len(told) > 500_000
    names = [*TELLING, *(path.name for path in study.files.iterdir()), str(study.files)]
    assert [name for name in names if name.lower().encode() in told] == []
    api = [one for one in anna.seen + ben.seen if b"/api/" in one.split(b" ")[0]]
    assert not [one for one in api if b"etag" in one.lower() or b"last-modified" in one.lower()]
    assert {row.score for row in read_readings(study).rows} == {7}


def test_nor_does_what_is_refused(anna, ben, study):
    page = anna.get("/api/page").json()
    next_item(study, "anna").masks[0].file.write_bytes(b"no image")
    tries = [
        anna.get(f"/api/pages/{page['item']}/images/none.nii"), anna.get("/api/pages/none/regions.nii"),
        anna.say(page["masks"][0]["mask"], SCORE, 70), anna.say("none", SCORE, 7), anna.say("none", "none", 7),
        anna.post("/api/locks", {"item": page["item"]}), ben.post("/api/locks", {"item": page["item"]}),
        Rater(study_app(study, Door("", LINKS), HOSTS), "anna").get("/api/page"),
    ]  # fmt: skip
    assert all(400 <= one.status_code < 500 for one in tries)
    told = " ".join(one.text.lower() for one in tries)
    assert [name for name in (*TELLING, *(path.name for path in study.files.iterdir())) if name in told] == []


def test_anothers_pages_and_masks_are_no_ones(anna, ben, study):
    """Whether a token is another's, of a page to come, or made up: the answer is the same."""
    page = anna.get("/api/page").json()
    assert ben.get(f"/api/pages/{page['item']}/regions.nii").status_code == 404
    assert ben.get(f"/api/pages/{page['item']}/images/T1CE.nii").status_code == 404
    others = ben.say(page["masks"][0]["mask"], SCORE, 7)
    forged = ben.say("0" * 24, SCORE, 7)
    assert (others.status_code, others.text) == (forged.status_code, forged.text) == (409, forged.text)
    for path in ("/api/locks", "/api/shown"):
        others, forged = ben.post(path, {"item": page["item"]}), ben.post(path, {"item": "0" * 24})
        assert (others.status_code, others.text) == (forged.status_code, forged.text) == (409, forged.text)
    assert anna.get("/api/page").json()["masks"][0]["answers"] == {}


def test_there_is_no_way_back(anna):
    page = anna.get("/api/page").json()
    assert anna.post("/api/locks", {"item": page["item"]}).status_code == 422
    anna.fill(page)
    assert anna.post("/api/locks", {"item": page["item"]}).status_code == 200
    assert anna.say(page["masks"][0]["mask"], SCORE, 1).status_code == 409
    assert anna.post("/api/locks", {"item": page["item"]}).status_code == 409
    assert anna.get(f"/api/pages/{page['item']}/regions.nii").status_code == 404
    assert anna.get("/api/page").json()["number"] == 2


def test_a_page_that_is_only_read_is_not_timed(anna, study):
    page = anna.get("/api/page").json()
    anna.get("/api/page")
    with study.engine.connect() as connection:
        assert connection.execute(select(SHOWINGS)).all() == []
    anna.post("/api/shown", {"item": page["item"]})
    with study.engine.connect() as connection:
        assert len(connection.execute(select(SHOWINGS)).all()) == 1


def test_the_two_step_score_is_told_raw_and_clamped(make_pages, door):
    sequences = ("FLAIR", "T1CE")
    study = make_pages(scale="two-step", sequences=sequences, ask_origin=False)
    anna = Rater(study_app(study, door, HOSTS), "anna")
    mask = anna.get("/api/page").json()["masks"][0]["mask"]
    assert anna.say(mask, "consistent", False).json() == {"score": None}
    for name in sequences:
        anna.say(mask, f"missing on {name}", "more than half")
    assert anna.say(mask, "includes normal anatomy", True).json() == {"score": {"raw": 0, "value": 1}}
    assert anna.get("/api/page").json()["masks"][0]["score"] == {"raw": 0, "value": 1}


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{", b'{"mask": 1, "question": []}', b'{"mask": {}, "question": "score"}', b"null", b"\xff\xfe"],
)
def test_what_is_no_answer_is_refused(anna, content):
    assert anna.client.post("/api/answers", content=content).status_code == 400


@pytest.mark.parametrize("value", ["null", "true", "7.0", '"7"', "0", "11", "[7]", '{"a": 7}', "1e999", "NaN"])
def test_what_is_no_score_is_refused(anna, value):
    mask = anna.get("/api/page").json()["masks"][0]["mask"]
    text = f'{{"mask": "{mask}", "question": "score", "value": {value}}}'
    assert anna.client.post("/api/answers", content=text).status_code == 422
    assert anna.say(mask, ["score"], 7).status_code == 400


def test_too_much_is_not_taken(anna):
    mask = anna.get("/api/page").json()["masks"][0]["mask"]
    assert anna.say(mask, COMMENT, "x" * 4001).status_code == 422
    assert anna.say(mask, COMMENT, "x" * MOST_BYTES).status_code == 413


def test_other_pages_and_other_hosts_cannot_ask(anna):
    page = anna.get("/api/page").json()
    given = {"mask": page["masks"][0]["mask"], "question": SCORE, "value": 7}
    for headers in ({CHANGE_HEADER: ""}, {"Origin": "https://evil.example"}, {"Origin": "null"}):
        assert anna.client.post("/api/answers", json=given, headers=headers).status_code == 403
    assert anna.client.get("/api/page", headers={"Host": "evil.example"}).status_code == 400
    assert anna.get("/api/page").json()["masks"][0]["answers"] == {}


@pytest.mark.parametrize(
    "path",
    [
        "/api/pages/..%2f..%2fstudy.sqlite/regions.nii", "/rating/..%2fapp.py", "/rating/../app.py",
        "/static/..%2fapp.py", "/study.sqlite", "/api/pages//regions.nii", "/rating/%2e%2e/%2e%2e/study.py",
    ],
)  # fmt: skip
def test_no_address_is_a_path(anna, path):
    assert anna.get(path).status_code == 404


def test_strangers_are_told_nothing(app):
    stranger = TestClient(app, HOME)
    for path in ("/", "/api/study", "/api/page", "/api/raters", "/rating/main.js", "/static/style.css", "/none"):
        assert stranger.get(path).text == "Open the link that `oncontour study serve` printed.\n"


@pytest.fixture
def office(study):
    """The study behind accounts: anna reads, root is an admin."""
    METADATA.create_all(study.engine)
    set_account(study.engine, "anna", "reader", PASSWORD)
    set_account(study.engine, "root", "admin", PASSWORD)

    def come(name):
        client = TestClient(study_app(study, Door("", accounts=study.engine), HOSTS), HOME)
        client.headers |= {"Origin": HOME}
        assert client.post("/sign-in", json={"name": name, "password": PASSWORD}).status_code == 200
        client.headers |= {CHANGE_HEADER: client.get(SESSION).json()["token"]}
        return client

    return come


def test_an_admin_sees_how_far_raters_are_and_never_rates(office, anna, study):
    anna.say(anna.get("/api/page").json()["masks"][0]["mask"], COMMENT, "an answer to keep")
    root = office("root")
    assert [one["rater"] for one in root.get("/api/raters").json()] == list(raters(study)) == ["anna", "ben"]
    assert "progress.js" in root.get("/").text
    for path in ("/api/page", "/api/progress", "/api/pages/x/regions.nii"):
        assert root.get(path).status_code == 403
    for path in ("/api/answers", "/api/locks", "/api/shown"):
        assert root.post(path, json={"item": "x", "mask": "x", "question": SCORE, "value": 1}).status_code == 403
    assert all("an answer" not in root.get(path).text for path in ("/", "/api/raters", "/api/study", SESSION))


def test_a_reader_rates_under_the_own_name_and_sees_nothing_else(office):
    anna = office("anna")
    assert anna.get("/api/page").json()["number"] == 1
    assert anna.get("/api/progress").json()["rater"] == "anna"
    assert anna.get("/api/raters").status_code == 403


def test_two_servers_of_one_study_and_a_restart(make_pages):
    """Nothing that matters is in a server's memory."""
    study = make_pages()
    one, other = (Rater(study_app(study, Door("", LINKS), HOSTS, Pictures(study)), "anna") for _ in range(2))
    page = one.get("/api/page").json()
    one.fill(page)
    assert other.get("/api/page").json()["masks"] == one.get("/api/page").json()["masks"]
    assert other.post("/api/locks", {"item": page["item"]}).status_code == 200
    assert one.say(page["masks"][0]["mask"], SCORE, 1).status_code == 409
    assert one.get("/api/page").json()["number"] == 2


def test_a_data_base_that_is_away_is_said_without_its_address(anna, study, monkeypatch):
    from sqlalchemy.exc import OperationalError

    def away(*_):
        raise OperationalError("SELECT", {}, Exception("postgresql://zebra"))

    monkeypatch.setattr("oncontour.review.study.rating.next_item", away)
    answer = anna.get("/api/page")
    assert (answer.status_code, answer.json()) == (503, {"error": "The study's data base does not answer."})
