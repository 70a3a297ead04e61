"""The page's addresses, asked by others than its own browser."""

import json
from types import SimpleNamespace

import pytest
from starlette.testclient import TestClient

from oncontour.core.box import EVERYWHERE
from oncontour.core.errors import InputError
from oncontour.review.page.app import review_app
from oncontour.review.results.follow_ups import FollowUps
from oncontour.review.results.images import Shown
from oncontour.review.results.result import Result
from oncontour.web.guard import COOKIE

from .doors import by_link

MEASURED = {"scheme": "brats", "regions": [{"name": "WT", "title": "whole tumour", "volume_ml": 3.0}]}
HOME = "http://127.0.0.1"


class Pictures:
    """A gallery of two cases; of the second no images are known."""

    def __init__(self, folder):
        self.cases = SimpleNamespace(live=False)
        names = ("case-1", "case-2")
        self.results = {name: Result(name, folder, MEASURED, {"verdict": "ok"}) for name in names}

    def shown(self, name):
        if name == "case-2":
            raise InputError(name, "no images", "a study", "Give it.")
        return Shown({"T1CE": b"image"}, ("WT",), b"masks", (1, 2, 3), EVERYWHERE)


@pytest.fixture
def stranger(tmp_path):
    return TestClient(review_app(Pictures(tmp_path), by_link()), HOME, follow_redirects=False)


@pytest.fixture
def reader(stranger):
    answer = stranger.get("/?token=secret")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    return stranger


def test_the_link_opens_the_page_and_the_token_goes_no_further(reader):
    assert reader.cookies[COOKIE] != "secret"
    page = reader.get("/")
    assert page.status_code == 200
    assert "secret" not in page.text


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/api/cases",
        "/api/cases/case-1/images/T1CE.nii",
        "/static/main.js",
        "/none",
        "/api/follow-ups",
        "/api/cases/case-1/thumbnail.png",
    ],
)
@pytest.mark.parametrize("query", ["", "?token=", "?token=Secret", "?token=%C3%A9"])
def test_nobody_else_learns_anything(stranger, path, query):
    stranger.cookies.set(COOKIE, "guess")
    answer = stranger.get(path + query)
    assert (answer.status_code, answer.text) == (401, "Open the link that `oncontour review` printed.\n")


def test_another_host_name_is_refused(reader):
    """As after DNS rebinding."""
    assert reader.get("/api/cases", headers={"Host": "evil.example"}).status_code == 400


def test_every_answer_forbids_what_the_page_does_not_need(reader, stranger):
    for path in ("/", "/api/cases", "/static/style.css", "/none"):
        headers = reader.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]
        assert (headers["cache-control"], headers["x-content-type-options"]) == ("no-store", "nosniff")


def test_cases_and_their_images(reader):
    assert [one["name"] for one in reader.get("/api/cases").json()["cases"]] == ["case-1", "case-2"]
    assert reader.get("/api/cases/case-1").json()["volumes_ml"] == {"WT": 3.0}
    images = reader.get("/api/cases/case-1/images").json()
    assert images == {"sequences": ["T1CE"], "regions": ["WT"], "centre": [1, 2, 3]}
    assert reader.get("/api/cases/case-1/images/T1CE.nii").content == b"image"
    assert reader.get("/api/cases/case-1/regions.nii").content == b"masks"


def test_what_is_amiss_with_a_case_is_said_on_the_page(reader):
    answer = reader.get("/api/cases/case-2/images")
    assert (answer.status_code, json.loads(answer.text)["error"]) == (
        422,
        "case-2: found no images; expected a study. Give it.",
    )


def test_follow_ups_and_a_table_that_cannot_be_used(tmp_path):
    table = tmp_path / "patient 1.csv"
    table.write_text("day,mask\n0,nothing\n")
    gallery = Pictures(tmp_path)
    app = review_app(gallery, by_link(), follow_ups=FollowUps([table], gallery.results))
    reader = TestClient(app, HOME)
    reader.get("/?token=secret")
    assert reader.get("/api/follow-ups").json() == ["patient_1"]
    answer = reader.get("/api/follow-ups/patient_1")
    assert answer.status_code == 422
    assert "nothing of that name" in answer.json()["error"]


def test_two_follow_ups_of_one_name(tmp_path):
    with pytest.raises(InputError, match="two tables of one name"):
        FollowUps([tmp_path / "a" / "visits.csv", tmp_path / "b" / "visits.csv"], {})


@pytest.mark.parametrize(
    "path",
    [
        "/api/cases/none",
        "/api/cases/none/thumbnail.png",
        "/api/cases/case-1/onto/none",
        "/api/cases/none/onto/case-1",
        "/api/follow-ups/none",
        "/api/follow-ups/..%2fvisits.csv",
        "/api/cases/..%2f..%2fetc%2fpasswd",
        "/api/cases/case-1/images/FLAIR.nii",
        "/api/cases/case-1/images/..%2fmeasurements.json.nii",
        "/static/..%2fapp.py",
        "/static/../app.py",
    ],
)
def test_no_address_is_a_path(reader, path):
    assert reader.get(path).status_code == 404
