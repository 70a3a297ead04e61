"""A node's cases as the review page has them, on a ledger and a place without a running node."""

import json

import pytest

from oncontour.core.errors import InputError
from oncontour.node import shown
from oncontour.node.configuration.settings import NodeSettings
from oncontour.node.keep.results import archive_results
from oncontour.node.ledger.base import open_base
from oncontour.node.ledger.case import State
from oncontour.node.ledger.cases import again, claim, make_case, move
from oncontour.node.marks.marks import list_marks
from oncontour.node.shown import NodeCases
from oncontour.node.spool.store import Spool
from oncontour.node.spool.studies import image_names
from oncontour.node.spool.uids import token

from .images import mr_image
from .spool.test_store import put

STUDY = "1.2.3"
CASE = f"{token(STUDY)}-1"
RESULT = {"folder": f"{CASE}.1"}


@pytest.fixture
def settings(tmp_path):
    (tmp_path / "archive").mkdir()
    return NodeSettings(name="a", place=tmp_path / "place", keep={"archive": tmp_path / "archive", "results_days": 1})


@pytest.fixture
def base(settings):
    """A ledger with one case, whose two images have come."""
    base = open_base(settings.url)
    spool = Spool(settings.place / "spool")
    for _ in range(2):
        put(spool, mr_image(study=STUDY))
    names = image_names(spool.studies / token(STUDY))
    make_case(base, "a", token(STUDY), 1, names, sender="MR1", complete_by="count", first_at=7.0, last_at=8.0)
    return base


@pytest.fixture
def cases(settings, base, tmp_path, monkeypatch):
    monkeypatch.setattr(shown, "FRESH_S", 0.0)
    (tmp_path / "temporary").mkdir()
    return NodeCases(settings, base, tmp_path / "temporary", days=7)


def write_result(settings, verdict="ok", folder=RESULT["folder"]):
    place = settings.place / "results" / folder / CASE
    place.mkdir(parents=True)
    (place / "measurements.json").write_text(json.dumps({"regions": [{"name": "WT", "volume_ml": 3.5}]}))
    (place / "quality.json").write_text(json.dumps({"verdict": verdict}))
    return place


def one(cases):
    (result,) = cases.results().values()
    return result


def test_a_case_is_listed_from_its_coming_to_its_end(cases, base, settings):
    assert (one(cases).state, one(cases).came_at) == ("complete", 7.0)
    assert "waits for the rules" in one(cases).error
    held = claim(base, "a", CASE)
    move(base, "a", held, State.WORKING)
    assert (one(cases).state, one(cases).error) == ("working", "It is being segmented.")
    place = write_result(settings, "warn")
    move(base, "a", held, State.DELIVERING, result=RESULT)
    assert (one(cases).state, one(cases).error, one(cases).folder) == ("delivering", None, place)
    move(base, "a", held, State.DELIVERED)
    found = one(cases)
    assert (found.state, found.quality["verdict"], found.volumes_ml) == (None, "warn", {"WT": 3.5})
    assert one(cases) is found, "read once"


def test_who_waits_for_a_person_says_why(cases, base):
    move(base, "a", claim(base, "a", CASE), State.HELD, reason="no rule knows it")
    assert (one(cases).state, one(cases).error) == ("held", "no rule knows it")


def test_done_again_it_is_another_result(cases, base, settings):
    write_result(settings)
    move(base, "a", claim(base, "a", CASE), State.DELIVERED, result=RESULT)
    first = one(cases)
    again(base, "person", CASE)
    assert (one(cases).state, one(cases).folder) == ("complete", first.folder)
    write_result(settings, "warn", f"{CASE}.3")
    move(base, "a", claim(base, "a", CASE), State.DELIVERED, result={"folder": f"{CASE}.3"})
    assert one(cases).quality["verdict"] == "warn"


def test_it_is_found_in_the_archive(cases, base, settings):
    write_result(settings)
    move(base, "a", claim(base, "a", CASE), State.DELIVERED, result=RESULT)
    assert one(cases).error is None
    archive_results(base, "a", settings.place / "results" / RESULT["folder"], settings.keep.archive)
    assert one(cases).folder.is_relative_to(settings.keep.archive)


def test_what_ended_long_ago_or_was_purged_is_not_listed(cases, base, settings, tmp_path):
    move(base, "a", claim(base, "a", CASE), State.IGNORED)
    assert "A rule says" in one(cases).error
    assert NodeCases(settings, base, tmp_path, days=0).results() == {}
    move(base, "a", claim(base, "a", CASE), State.PURGED)
    assert cases.results() == {}


def test_images_are_those_of_the_spool_for_as_long_as_they_are_there(cases, settings):
    cases.results()
    assert len(cases.images(CASE).files) == 2
    spooled = settings.place / "spool" / "studies" / token(STUDY)
    next(iter(spooled.glob("*.dcm"))).unlink()
    with pytest.raises(InputError, match="1 of 2 images were removed"):
        cases.images(CASE)


def test_a_mark_is_in_the_ledger_too(cases, base):
    cases.results()
    cases.marked(CASE, False, "Jane", "too small")
    assert [(one.source, one.useful, one.reason) for one in list_marks(base)] == [("page: Jane", False, "too small")]
