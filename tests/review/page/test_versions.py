"""Addresses of marks, versions and downloads, asked as a browser would and as it would not."""

import json

import numpy as np
import pytest
from starlette.testclient import TestClient

from oncontour.data.nifti import read_voxels
from oncontour.review.page.app import review_app
from oncontour.review.results.cases import FolderCases
from oncontour.review.results.gallery import Gallery
from oncontour.web.guard import CHANGE_HEADER

from .doors import by_link

HOME = "http://127.0.0.1"
CASE = "/api/cases/case-1"


@pytest.fixture
def gallery(results, tmp_path_factory):
    return Gallery(FolderCases(results / "results", [results / "studies"], tmp_path_factory.mktemp("unpacked")))


@pytest.fixture
def reader(gallery):
    """A browser that came by the link, and whose page has asked for its token."""
    client = TestClient(review_app(gallery, by_link()), HOME)
    client.get("/?token=secret")
    client.headers |= {CHANGE_HEADER: client.get("/api/session").json()["token"], "Origin": HOME}
    return client


def states(reader, version=0):
    """The voxels that the page is given."""
    content = reader.get(f"{CASE}/versions/{version}/page/regions.nii").content
    return np.frombuffer(content, np.uint8, offset=352).copy()


def save(reader, voxels, **asks):
    return reader.post(f"{CASE}/versions", params={"from": 0, "by": "Jane", **asks}, content=voxels.tobytes())


def edited(reader):
    voxels = states(reader)
    voxels[:10] = 0b111
    return voxels


def test_a_version_is_saved_listed_shown_and_fetched(reader, tmp_path):
    answer = save(reader, edited(reader), note="a satellite")
    assert answer.status_code == 201
    assert (answer.json()["number"], answer.json()["meanwhile"]) == (1, [])
    found = reader.get(f"{CASE}/review").json()
    assert [one["number"] for one in found["versions"]] == [0, 1]
    assert (found["versions"][1]["by"], found["versions"][1]["note"]) == ("Jane", "a satellite")
    assert found["versions"][1]["volumes_ml"]["WT"] > found["versions"][0]["volumes_ml"]["WT"]
    np.testing.assert_array_equal(states(reader, 1), edited(reader))
    assert reader.get(f"{CASE}/versions/1").json()["corrected"] is True
    assert (reader.get("/api/cases").json()["cases"][0]["version"], reader.get(CASE).json()["version"]) == (1, 1)
    fetched = reader.get(f"{CASE}/versions/1/segmentation.nii.gz")
    assert fetched.headers["content-disposition"] == 'attachment; filename="case-1-version-1-segmentation.nii.gz"'
    (tmp_path / "fetched.nii.gz").write_bytes(fetched.content)
    labels, _ = read_voxels(tmp_path / "fetched.nii.gz")
    assert np.count_nonzero(labels.array == 3) == np.count_nonzero(edited(reader) == 0b111)


def test_the_second_of_two_is_told_what_the_first_saved(reader):
    save(reader, edited(reader))
    other = edited(reader)
    other[10:20] = 1
    answer = save(reader, other, by="Jim").json()
    assert (answer["number"], answer["made_from"]) == (2, 0)
    assert [(one["number"], one["by"]) for one in answer["meanwhile"]] == [(1, "Jane")]
    np.testing.assert_array_equal(states(reader, 1), edited(reader))


def test_marks_are_kept_and_listed(reader):
    said = {"by": "Jane", "version": 0, "useful": False, "reason": "<script>alert(1)</script>"}
    assert reader.post(f"{CASE}/marks", json=said).status_code == 201
    found = reader.get(f"{CASE}/review").json()
    assert found["marks"][0]["reason"] == said["reason"]
    assert found["versions"][0]["mark"] == "poor"
    assert reader.get("/api/cases").json()["cases"][0]["mark"] == "poor"
    answer = reader.post(f"{CASE}/marks", json={**said, "reason": ""})
    assert (answer.status_code, "reason" in answer.json()["error"]) == (422, True)


def test_whoever_keeps_the_cases_is_told_of_marks_of_the_models_own_result(reader, gallery, monkeypatch):
    told = []
    monkeypatch.setattr(gallery.cases, "marked", lambda *said: told.append(said))
    save(reader, edited(reader))
    for version in (0, 1):
        said = {"by": "Jane", "version": version, "useful": True}
        assert reader.post(f"{CASE}/marks", json=said).status_code == 201
    assert told == [("case-1", True, "Jane", "")]


@pytest.mark.parametrize(
    "headers",
    [
        {CHANGE_HEADER: ""},
        {CHANGE_HEADER: "guess"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://127.0.0.1:1"},
    ],
)
@pytest.mark.parametrize("path", ["marks", "versions?from=0&by=J"])
def test_another_page_changes_nothing(reader, results, path, headers):
    answer = reader.post(f"{CASE}/{path}", content=edited(reader).tobytes(), headers=headers)
    assert answer.status_code == 403
    assert not (results / "results" / "case-1" / "review").exists()


def test_the_token_is_told_to_nobody_without_a_session(gallery):
    assert TestClient(review_app(gallery, by_link()), HOME).get("/api/session").status_code == 401


@pytest.mark.parametrize(("size", "status"), [(-1, 400), (0, 400), (1, 413)])
def test_voxels_must_be_as_many_as_were_given(reader, results, size, status):
    voxels = edited(reader)
    sent = {-1: voxels[:-1], 0: voxels[:0], 1: np.append(voxels, np.uint8(0))}[size]
    assert save(reader, sent).status_code == status
    assert not (results / "results" / "case-1" / "review").exists()


def test_too_much_is_refused_before_it_is_read(reader):
    answer = reader.post(f"{CASE}/versions?from=0&by=J", content=b"few", headers={"Content-Length": str(10**9)})
    assert answer.status_code == 413
    chunks = (b"\0" * 1_000_000 for _ in range(3))  # Sent without saying how many there will be.
    assert reader.post(f"{CASE}/versions?from=0&by=J", content=chunks).status_code == 413
    assert reader.post(f"{CASE}/marks", content=b" " * 100_000).status_code == 413


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"3", b'{"by": "J"}', b'{"by": "J", "version": "x", "useful": 1}'])
def test_a_mark_that_is_none(reader, body):
    assert reader.post(f"{CASE}/marks", content=body).status_code == 400


@pytest.mark.parametrize(
    "path",
    [
        "versions/1",
        "versions/-1",
        "versions/../measurements.json",
        "versions/..%2f..%2f..%2fetc",
        "versions/0/..%2fmeasurements.json",
        "versions/0/measurements.json",
        "versions/0/provenance.json",
        "versions/1/segmentation.nii.gz",
        "versions/0/seg.dcm",
        "versions/99999999999999999999/page/regions.nii",
    ],
)
def test_no_version_and_no_file_is_a_path(reader, path):
    assert reader.get(f"{CASE}/{path}").status_code == 404


@pytest.mark.parametrize(("made_from", "status"), [("1", 404), ("-1", 404), ("x", 400), ("", 400), ("../..", 400)])
def test_a_version_is_made_from_one_of_the_list(reader, made_from, status):
    assert save(reader, edited(reader), **{"from": made_from}).status_code == status


def test_states_of_no_label_are_refused(reader):
    voxels = edited(reader)
    voxels[0] = 0b100
    answer = save(reader, voxels)
    assert (answer.status_code, "voxels in states [4]" in answer.json()["error"]) == (422, True)


def test_a_case_of_another_scheme_can_be_looked_at_but_not_corrected(reader, results, gallery):
    path = results / "results" / "case-1" / "measurements.json"
    content = json.loads(path.read_text())
    path.write_text(json.dumps({**content, "scheme": "own"}))
    gallery.cases = FolderCases(results / "results", [results / "studies"], results)
    assert "scheme 'own'" in reader.get(f"{CASE}/review").json()["painting"]["refused"]
    assert save(reader, edited(reader)).status_code == 422


def test_a_damaged_record_does_not_hide_the_list(reader, results):
    save(reader, edited(reader))
    (results / "results" / "case-1" / "review" / "versions" / "1" / "version.json").write_text("{")
    assert reader.get("/api/cases").status_code == 200
    assert "version.json" in reader.get(f"{CASE}/review").json()["error"]
