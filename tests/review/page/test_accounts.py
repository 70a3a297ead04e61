"""The page from elsewhere: who signs in signs by that name, and an admin only looks."""

import pytest
from starlette.testclient import TestClient

from oncontour.data.database import open_database
from oncontour.review.corrections.marks import list_marks
from oncontour.review.page.app import review_app
from oncontour.review.results.cases import FolderCases
from oncontour.review.results.gallery import Gallery
from oncontour.web.accounts import METADATA, set_account
from oncontour.web.guard import CHANGE_HEADER, SESSION, Door

HOME = "http://127.0.0.1"
PASSWORD = "correct horse battery"
MARK = {"by": "Mallory", "version": 0, "useful": True, "reason": ""}


@pytest.fixture
def gallery(results, tmp_path_factory):
    return Gallery(FolderCases(results / "results", [results / "studies"], tmp_path_factory.mktemp("unpacked")))


@pytest.fixture
def browser(gallery, tmp_path):
    """One that nobody has signed in by."""
    engine = open_database(f"sqlite:///{tmp_path}/accounts.sqlite", METADATA)
    set_account(engine, "Jane", "reader", PASSWORD)
    set_account(engine, "root", "admin", PASSWORD)
    client = TestClient(review_app(gallery, Door("oncontour review", accounts=engine)), HOME, follow_redirects=False)
    client.headers |= {"Origin": HOME}
    return client


def come(browser, name):
    assert browser.post("/sign-in", json={"name": name, "password": PASSWORD}).status_code == 200
    browser.headers |= {CHANGE_HEADER: browser.get(SESSION).json()["token"]}


def test_nothing_is_told_before_signing_in(browser):
    assert browser.get("/").headers["location"] == "/sign-in/"
    assert "password" in browser.get("/sign-in/").text
    for path in ("/api/cases", "/api/cases/case-1/images/T1CE.nii", "/static/main.js", SESSION):
        assert browser.get(path).status_code == 401
    assert browser.post("/sign-in", json={"name": "Jane", "password": "a wrong guess"}).status_code == 401


def test_a_mark_is_signed_by_the_account_whatever_the_page_says(browser, gallery):
    come(browser, "Jane")
    assert browser.post("/api/cases/case-1/marks", json=MARK).status_code == 201
    assert [one.by for one in list_marks(gallery.results["case-1"])] == ["Jane"]


def test_so_is_a_version(browser):
    come(browser, "Jane")
    voxels = bytearray(browser.get("/api/cases/case-1/regions.nii").content[352:])
    voxels[:5] = bytes([7] * 5)
    saved = browser.post("/api/cases/case-1/versions?from=0&by=Mallory", content=bytes(voxels))
    assert (saved.status_code, saved.json()["by"]) == (201, "Jane")


def test_an_admin_looks_alone(browser, gallery):
    come(browser, "root")
    assert browser.get("/api/cases/case-1").status_code == 200
    assert browser.post("/api/cases/case-1/marks", json=MARK).status_code == 403
    voxels = browser.get("/api/cases/case-1/regions.nii").content[352:]
    assert browser.post("/api/cases/case-1/versions?from=0", content=voxels).status_code == 403
    assert list_marks(gallery.results["case-1"]) == []


def test_who_has_signed_out_is_a_stranger(browser):
    come(browser, "Jane")
    assert browser.get("/api/cases").status_code == 200
    assert browser.post("/api/sign-out", json={}).status_code == 200
    assert browser.get("/api/cases").status_code == 401
