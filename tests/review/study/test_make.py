"""Studies from plans: what is missing is skipped and said, what is wrong is refused before anything is written."""

from __future__ import annotations

import re

import nibabel
import numpy as np
import pytest
import yaml

from oncontour.core.errors import InputError, OutputError
from oncontour.core.volume import Volume
from oncontour.data.nifti import write_nifti
from oncontour.review.study import make
from oncontour.review.study.make import make_study
from oncontour.review.study.plan import load_study_plan
from oncontour.review.study.rating import next_item
from oncontour.review.study.readings import read_readings
from oncontour.review.study.study import open_study

from .conftest import SHAPE, box, study_plan


def test_missing_and_unusable_masks_are_skipped_and_told(make_plan, tmp_path):
    plan = make_plan(cases=4, lost={("m1", "c0")})
    masks = plan.sources["m2"].masks
    write_nifti(Volume(box(0).array[:-1], box(0).affine), masks / "c1.nii.gz", "uint8")
    (masks / "c2.nii.gz").write_bytes(b"no image")
    made = make_study(plan, str(tmp_path / "study.sqlite"))
    assert {(one.case, one.source) for one in made.lost} == {("c0", "m1"), ("c1", "m2"), ("c2", "m2")}
    for pages in made.draw.pages.values():
        shown = {(page.case, mask.source) for page in pages for mask in page.masks}
        assert not shown & {("c0", "m1"), ("c1", "m2"), ("c2", "m2")}
        assert {page.case for page in pages} == {"c0", "c1", "c2", "c3"}
    assert len(read_readings(open_study(str(tmp_path / "study.sqlite"))).lost) == 3


def test_an_empty_mask_is_shown(make_plan, tmp_path):
    """A model that found nothing is judged for it."""
    plan = make_plan(cases=1, experts=1, models=1, owners=0, draw={"masks": 2})
    write_nifti(Volume(np.zeros(SHAPE, np.uint8), box(0).affine), plan.sources["m1"].masks / "c0.nii.gz", "uint8")
    make_study(plan, str(tmp_path / "study.sqlite"))
    item = next_item(open_study(str(tmp_path / "study.sqlite")), "r1")
    assert sorted(bool(np.asarray(nibabel.load(mask.file).dataobj).any()) for mask in item.masks) == [False, True]


def test_images_are_copied_without_their_headers(make_plan, tmp_path):
    plan = make_plan(cases=2)
    for case in range(2):
        folder = tmp_path / "scans" / f"c{case}"
        folder.mkdir(parents=True)
        for name in ("t1ce", "flair"):
            image = nibabel.Nifti1Image(np.random.default_rng(case).normal(100, 9, SHAPE), box(0).affine)
            image.header["descrip"] = "of somebody"
            nibabel.save(image, folder / f"{name}.nii.gz")
    plan = plan.model_copy(update={"images": tmp_path / "scans"})
    make_study(plan, str(tmp_path / "study.sqlite"))
    item = next_item(open_study(str(tmp_path / "study.sqlite")), "r1")
    assert set(item.images) == {"T1CE", "FLAIR"}
    image = nibabel.load(item.images["T1CE"])
    assert (image.shape, bytes(image.header["descrip"]).strip(b"\0")) == (SHAPE, b"")
    assert re.fullmatch(r"[0-9a-f]{24}-T1CE\.nii\.gz", item.images["T1CE"].name)


def test_a_case_whose_images_cannot_be_read_is_left_out_whole(make_plan, tmp_path):
    plan = make_plan(cases=3)
    for case in range(2):
        folder = tmp_path / "scans" / f"c{case}"
        folder.mkdir(parents=True)
        for name in ("t1ce", "flair"):
            write_nifti(
                Volume(np.random.default_rng(case).normal(100, 9, SHAPE), box(0).affine), folder / f"{name}.nii"
            )
    (tmp_path / "scans" / "c1" / "flair.nii").write_bytes(b"no image")
    made = make_study(plan.model_copy(update={"images": tmp_path / "scans"}), str(tmp_path / "study.sqlite"))
    assert {(one.case, one.source) for one in made.lost} == {("c1", ""), ("c2", "")}
    study = open_study(str(tmp_path / "study.sqlite"))
    shown = [item for rater in ("r1", "r2", "r3") if (item := next_item(study, rater))]
    named = {path.name for item in shown for path in (*item.images.values(), *(mask.file for mask in item.masks))}
    assert {path.name for path in made.files.iterdir()} == named


def test_a_data_base_that_refuses_leaves_no_folder(make_plan, tmp_path, monkeypatch):
    def refuse(*_):
        raise OutputError("data base", "a refusal", "a place to write", "See to it.")

    monkeypatch.setattr(make, "_write", refuse)
    with pytest.raises(OutputError):
        make_study(make_plan(cases=2), str(tmp_path / "study.sqlite"))
    assert not list(tmp_path.glob("study.files*"))


def test_a_study_is_not_made_twice(make_plan, tmp_path):
    plan, place = make_plan(cases=2), str(tmp_path / "study.sqlite")
    make_study(plan, place)
    with pytest.raises(InputError, match="found a folder"):
        make_study(plan, place)
    with pytest.raises(InputError, match="found a study"):
        make_study(plan, place, tmp_path / "other")
    assert not (tmp_path / "other").exists()
    with pytest.raises(InputError, match="no such file"):
        open_study(str(tmp_path / "none.sqlite"))


def test_the_folder_moves_with_the_file(make_plan, tmp_path):
    (tmp_path / "a").mkdir()
    make_study(make_plan(cases=2), str(tmp_path / "a" / "study.sqlite"))
    (tmp_path / "a").rename(tmp_path / "b")
    assert next_item(open_study(str(tmp_path / "b" / "study.sqlite")), "r1").masks[0].file.is_file()


def test_a_plan_is_read_with_paths_from_its_folder(tmp_path):
    written = study_plan().model_dump(mode="json")
    (tmp_path / "plan.yaml").write_text(yaml.safe_dump(written), "utf-8")
    found = load_study_plan(tmp_path / "plan.yaml")
    assert found.sources["m1"].masks == tmp_path / "masks" / "m1"
    assert found.draw == study_plan().draw


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"scale": "stars"}, "scale"),
        ({"raters": {"r1": {"own": "e9"}}}, "no source 'e9'"),
        ({"raters": {}}, "raters"),
        ({"draw": {"masks": 1}}, "cannot hold"),
        ({"draw": {"experts": [2, 1]}}, "from 2 to 1"),
        ({"draw": {"experts": [4, 4], "masks": 6}}, "kind expert"),
        ({"region": "XX"}, "'XX'"),
        ({"region": "all"}, "at_once"),
        ({"draw": {"masks": 7, "experts": [1, 6]}}, "colour"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_with_its_field(tmp_path, change, words):
    written = study_plan().model_dump(mode="json") | change
    (tmp_path / "plan.yaml").write_text(yaml.safe_dump(written), "utf-8")
    with pytest.raises(InputError, match=words):
        load_study_plan(tmp_path / "plan.yaml")


def test_masks_of_nothing_alike_are_refused(make_plan, tmp_path):
    plan = make_plan(cases=2, lost={(f"m{n}", f"c{c}") for n in (1, 2) for c in (0, 1)} - {("m1", "c0"), ("m2", "c0")})
    plan = plan.model_copy(update={"cases": ("c1",)})
    with pytest.raises(InputError, match="masks to draw from"):
        make_study(plan, str(tmp_path / "study.sqlite"))
    assert not list(tmp_path.glob("study.files*"))
