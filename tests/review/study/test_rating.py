"""What raters see, from the first page to the last: nothing of whose masks they are, and no way back."""

from __future__ import annotations

import inspect
import re
from dataclasses import asdict
from pathlib import Path

import nibabel
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from oncontour.core.errors import InputError, OncontourError
from oncontour.review.study import rating
from oncontour.review.study.make import make_study
from oncontour.review.study.rating import LockedError, answer, lock, next_item, progress, raters, shown
from oncontour.review.study.readings import read_readings
from oncontour.review.study.scales import COMMENT, ORIGIN, SCORE
from oncontour.review.study.sources import SOURCES
from oncontour.review.study.study import open_study
from oncontour.review.study.tables import ANSWERS, METADATA

SECRET = re.compile(r"\b(e[123]|m[12]|c\d+|masks/|expert|model)\b")
"""Names of sources, cases and kinds in the studies of these tests."""


def fill(study, rater, item, score=7):
    for mask in item.masks:
        answer(study, rater, mask.mask, SCORE, score)
        answer(study, rater, mask.mask, ORIGIN, False)


def texts(value) -> list[str]:
    """Every text in what was returned, its keys too."""
    if isinstance(value, dict):
        return [text for pair in value.items() for one in pair for text in texts(one)]
    if isinstance(value, list | tuple):
        return [text for one in value for text in texts(one)]
    return [str(value.name if isinstance(value, Path) else value)]


def test_nothing_that_is_returned_names_a_source_a_case_or_a_kind(make):
    _, study = make(cases=5, draw={"read_twice": 1})
    returned = []
    for rater in raters(study):
        while (item := next_item(study, rater)) is not None:
            returned.append(asdict(item))
            shown(study, rater, item.item)
            fill(study, rater, item)
            lock(study, rater, item.item)
            returned.append({**asdict(progress(study, rater)), "seconds": 0})
    found = texts(returned)
    assert len(found) > 500
    assert [text for text in found if SECRET.search(text)] == []
    assert {path.name for path in study.files.iterdir() if not re.fullmatch(r"[0-9a-f]{24}\.nii", path.name)} == set()


def test_errors_name_no_source_either(make):
    _, study = make(cases=3)
    mask = next_item(study, "r1").masks[0].mask
    tries = [
        lambda: next_item(study, "r9"), lambda: answer(study, "r2", mask, SCORE, 5),
        lambda: answer(study, "r1", mask, SCORE, 50), lambda: lock(study, "r1", next_item(study, "r1").item),
        lambda: answer(study, "r1", "no such mask", SCORE, 5), lambda: lock(study, "r2", mask),
        lambda: shown(study, "r2", next_item(study, "r1").item), lambda: shown(study, "r1", "no such page"),
    ]  # fmt: skip
    for one in tries:
        with pytest.raises(OncontourError) as caught:
            one()
        assert not SECRET.search(str(caught.value))


def test_the_raters_side_does_not_import_the_secret():
    source = inspect.getsource(rating)
    assert "sources" not in re.sub(r'""".*?"""', "", source, flags=re.DOTALL)


def test_tokens_are_not_drawn_from_the_seed(make_plan, tmp_path):
    plan = make_plan(cases=3, draw={"seed": 5})
    tokens = []
    for place in ("one.sqlite", "two.sqlite"):
        made = make_study(plan, str(tmp_path / place))
        study = open_study(str(tmp_path / place))
        item = next_item(study, "r1")
        tokens.append({item.item, *(mask.mask for mask in item.masks), *(mask.file.name for mask in item.masks)})
        assert made.draw.pages  # The same draw, other tokens.
    assert not tokens[0] & tokens[1]


@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_copies_of_a_case_differ_in_voxels_alone(tmp_path_factory, data):
    """Whatever types, headers, axes and compression sources have."""
    folder = tmp_path_factory.mktemp("masks")
    names = ("e1", "e2", "m1", "m2")
    affine = np.diag([1.0, -1.5, 2.0, 1.0])
    for name in names:
        (folder / name).mkdir()
        labels = np.zeros((8, 9, 5), data.draw(st.sampled_from([np.uint8, np.int16, np.float32, np.float64])))
        labels[1 : data.draw(st.integers(2, 7)), 2:6, 1:4] = 3
        image = nibabel.Nifti1Image(labels, affine)
        if data.draw(st.booleans()):
            image = image.as_reoriented(np.array([[0, -1], [1, 1], [2, -1]]))
        image.header["descrip"] = f"drawn by {name}"
        nibabel.save(image, folder / name / f"c0.nii{data.draw(st.sampled_from(['', '.gz']))}")
    sources = {name: {"kind": "expert" if name < "f" else "model", "masks": str(folder / name)} for name in names}
    plan = {"name": "a study", "sources": sources, "raters": {"r": {}}, "draw": {"masks": 4, "experts": [2, 2]}}
    from oncontour.review.study.plan import StudyPlan

    make_study(StudyPlan.model_validate(plan | {"draw": {"masks": 4, "experts": (2, 2), "models": (2, 2)}}),
               str(folder / "study.sqlite"))  # fmt: skip
    masks = next_item(open_study(str(folder / "study.sqlite")), "r").masks
    heads = {mask.file.read_bytes()[:352] for mask in masks}
    assert len(masks) == 4
    assert len(heads) == 1
    assert b"drawn" not in heads.pop()
    assert len({(mask.file.stat().st_size, mask.file.stat().st_mtime, mask.file.suffix) for mask in masks}) == 1
    assert {nibabel.load(mask.file).get_data_dtype() for mask in masks} == {np.dtype(np.uint8)}
    volumes = sorted(int(np.asarray(nibabel.load(mask.file).dataobj).sum()) for mask in masks)
    drawn = [np.asarray(nibabel.load(next((folder / name).iterdir())).dataobj) for name in names]
    assert volumes == sorted(int((labels == 3).sum()) for labels in drawn)


def test_each_answer_is_saved_at_once_and_taken_up_again(make, tmp_path):
    _, study = make()
    item = next_item(study, "r1")
    answer(study, "r1", item.masks[1].mask, SCORE, 3)
    answer(study, "r1", item.masks[1].mask, SCORE, 8)
    answer(study, "r1", item.masks[0].mask, COMMENT, "edge too wide")
    study.engine.dispose()
    again = next_item(open_study(str(tmp_path / "study.sqlite")), "r1")
    assert (again.item, again.masks) == (item.item, item.masks)
    assert again.answers[item.masks[1].mask] == {SCORE: 8}
    assert again.answers[item.masks[0].mask] == {COMMENT: "edge too wide"}
    with study.engine.connect() as connection:  # The first answer is kept.
        assert connection.execute(select(func.count()).select_from(ANSWERS)).scalar_one() == 3


def test_no_way_back_and_none_ahead(make):
    _, study = make()
    first = next_item(study, "r1")
    with pytest.raises(InputError, match="no answer to 'score'"):
        lock(study, "r1", first.item)
    fill(study, "r1", first)
    lock(study, "r1", first.item)
    second = next_item(study, "r1")
    assert (second.number, second.of) == (2, 6)
    for what in (
        lambda: answer(study, "r1", first.masks[0].mask, SCORE, 1),
        lambda: lock(study, "r1", first.item),
        lambda: answer(study, "r2", second.masks[0].mask, SCORE, 1),
    ):
        with pytest.raises(LockedError):
            what()
    assert progress(study, "r1").locked == 1
    assert {row.score for row in read_readings(study).rows} == {7}


def test_breaks_between_showings_are_not_counted(make, monkeypatch):
    _, study = make()
    clock = iter([100.0, 110.0, 5000.0, 5003.0, 5004.0, 5006.0, 5007.0, 5008.0, 5009.0, 5010.0])
    monkeypatch.setattr(rating, "now", lambda connection: next(clock))
    item = next_item(study, "r1")
    shown(study, "r1", item.item)
    answer(study, "r1", item.masks[0].mask, SCORE, 3)
    shown(study, "r1", next_item(study, "r1").item)  # After a long lunch.
    fill(study, "r1", item)
    lock(study, "r1", item.item)
    assert progress(study, "r1").seconds == 10.0 + 10.0
    assert {row.page_seconds for row in read_readings(study).rows} == {20.0}


def test_a_study_in_postgresql(make_plan, tmp_path, postgres):
    plan = make_plan(cases=3)
    with pytest.raises(InputError, match="--files"):
        make_study(plan, postgres)
    make_study(plan, postgres, tmp_path / "copies")
    study = open_study(postgres)
    try:
        while (item := next_item(study, "r1")) is not None:
            assert all(mask.file.is_file() for mask in item.masks)
            fill(study, "r1", item)
            lock(study, "r1", item.item)
        assert progress(study, "r1").locked == 3
        found = read_readings(study)
        assert (len(found.rows), found.planned) == (9, {"r1": 9, "r2": 9, "r3": 9})
    finally:
        METADATA.drop_all(study.engine)
        study.engine.dispose()


def test_the_secret_says_what_was_drawn(make):
    made, study = make()
    with study.engine.connect() as connection:
        secret = {row.mask: row.source for row in connection.execute(select(SOURCES))}
    for rater, pages in made.draw.pages.items():
        item = next_item(study, rater)
        assert [secret[mask.mask] for mask in item.masks] == [mask.source for mask in pages[0].masks]
        assert [mask.colour for mask in item.masks] == [mask.colour for mask in pages[0].masks]
