"""Cases that failed are looked at again: what was done to them on purpose is found."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest

from oncontour.core.errors import InputError
from oncontour.core.sequence import Sequence
from oncontour.core.volume import Volume
from oncontour.data.datasets.dataset import ImageFile
from oncontour.data.nifti import write_nifti
from oncontour.evaluate import failures as module
from oncontour.evaluate.case import evaluate_pair
from oncontour.evaluate.evidence import FLUID_LOOKS
from oncontour.evaluate.failures import failing_region, find_failures, write_failures
from oncontour.evaluate.pairs import Pair
from oncontour.evaluate.run import evaluate

from .conftest import AFFINE, labels, write


def names(failures) -> dict[str, list[str]]:
    return {one.score.case: [cause.name for cause in one.causes] for one in failures.found}


@pytest.fixture
def damaged(tmp_path):
    """A tumour on one side: mirrored, moved, empty, missing, good."""
    truth = labels((3, 9, 9), edge=9)
    found = {
        "mirrored": truth[::-1], "moved": np.roll(truth, 8, 1), "empty": labels(), "missing": None, "good": truth,
    }  # fmt: skip
    for case, array in found.items():
        write(tmp_path / f"ref/{case}.nii.gz", truth)
        if array is not None:
            write(tmp_path / f"pred/{case}.nii.gz", np.ascontiguousarray(array))
    return evaluate(tmp_path / "pred", tmp_path / "ref", "brats")


def looked(found, **options):
    return find_failures(found.pairs, found.scores, found.measures, **options)


def test_what_was_done_on_purpose_is_found(damaged, tmp_path):
    found = looked(damaged)
    assert (found.region, found.below) == ("WT", 0.6)
    assert names(found) == {
        "empty": ["prediction empty"], "mirrored": ["wrong side"], "missing": ["prediction missing"],
        "moved": ["shifted"],
    }  # fmt: skip
    assert "Moved by 8 mm, the prediction has Dice 1.00 instead of" in next(
        one.causes[0].words for one in found.found if one.score.case == "moved"
    )
    rows = list(csv.DictReader(write_failures(found, tmp_path).open()))
    assert [row["case"] for row in rows] == [one.score.case for one in found.found]
    assert rows[0]["causes"] == "prediction empty"


def test_threshold_and_region_are_chosen(damaged):
    assert looked(damaged, below=0.0).found == ()
    assert looked(damaged, region="ET").region == "ET"
    assert looked(damaged, workers=2).counts == looked(damaged).counts
    with pytest.raises(InputError, match="--failures-below"):
        looked(damaged, below=1.5)
    with pytest.raises(InputError, match="one of WT, TC, ET"):
        failing_region("brats", "NECROSIS")
    with pytest.raises(InputError, match="--scheme"):
        failing_region("brets")


def test_the_slice_is_that_of_the_largest_reference_area(damaged, monkeypatch):
    """The world's right lies on low indices of these masks; planes are turned so that right and anterior grow."""
    plane = next(one.plane for one in looked(damaged).found if one.score.case == "moved")
    truth = labels((3, 9, 9), edge=9)[::-1, ::-1] > 0
    assert plane is not None
    np.testing.assert_array_equal(plane.reference, truth[..., 9])
    assert plane.predicted.sum() == plane.reference.sum()
    assert (plane.images, plane.spacing, plane.height_mm) == ({}, (1.0, 1.0), 18.0)
    monkeypatch.setattr(module, "PICTURED", 1)
    assert [one.plane is not None for one in looked(damaged).found] == [True, False, False, False]


def test_a_false_alarm(tmp_path):
    write(tmp_path / "ref/a.nii.gz", labels())
    write(tmp_path / "pred/a.nii.gz", labels((5, 5, 5)))
    found = looked(evaluate(tmp_path / "pred", tmp_path / "ref", "brats"))
    assert names(found) == {"a": ["reference empty"]}
    assert found.found[0].plane is not None
    assert found.found[0].plane.predicted.any()


def failure(tmp_path, images=None, scheme="brats", found=None, usual=()):
    """One failing case with the images that are given."""
    truth = labels((3, 9, 9), edge=9)
    files = {}
    for sequence, array in (images or {}).items():
        path = tmp_path / f"{sequence}.nii.gz"
        write_nifti(Volume(array.astype(np.float32), AFFINE), path, "float32")
        files[sequence] = ImageFile(path)
    prediction = found or write(tmp_path / "pred.nii.gz", labels((12, 9, 9)))
    pair = Pair("a", ImageFile(prediction), ImageFile(write(tmp_path / "ref.nii.gz", truth)), files)
    other = Pair("b", None, pair.reference, {**files, **dict.fromkeys(usual, pair.reference)})
    measures = evaluate_measures(scheme)
    scores = [score for one in (pair, other) for score in evaluate_pair(one, measures)]
    return next(
        one for one in find_failures((pair, other), scores, measures).found if one.score.case == "a"
    )  # fmt: skip


def evaluate_measures(scheme):
    from oncontour.data.datasets.labels import assumed
    from oncontour.evaluate.case import Measures

    return Measures(scheme, assumed(scheme), assumed(scheme))


def head(core: float) -> np.ndarray:
    """A noisy head whose tumour core differs by standard deviations."""
    image = np.zeros((30, 28, 26))
    image[1:-1, 1:-1, 1:-1] = np.random.default_rng(3).normal(100, 10, (28, 26, 24))
    truth = labels((3, 9, 9), edge=9)
    image[np.isin(truth, (1, 3))] += 10 * core
    return image


def test_fluid_is_dark_on_t1_and_bright_on_t2(tmp_path):
    images = {Sequence.T1: head(-5), Sequence.T2: head(5), Sequence.FLAIR: head(0)}
    one = failure(tmp_path, images)
    assert "cystic" in [cause.name for cause in one.causes]
    assert any(FLUID_LOOKS in cause.words for cause in one.causes)
    assert one.plane is not None
    assert list(one.plane.images) == [Sequence.FLAIR, Sequence.T2]
    bright = failure(tmp_path, {**images, Sequence.T1: head(0)})
    assert "cystic" not in [cause.name for cause in bright.causes]


def test_labels_of_fluid_go_before_looks(tmp_path):
    """In the paediatric scheme value 3 is the cyst: one voxel of the core, which counts 27."""
    one = failure(tmp_path, {Sequence.T1: head(-5), Sequence.T2: head(5)}, scheme="paediatric")
    assert "cystic" not in [cause.name for cause in one.causes]


def test_sequences_that_others_have_or_the_pipeline_missed(tmp_path):
    one = failure(tmp_path, {Sequence.FLAIR: head(0)}, usual=(Sequence.T1CE,))
    assert [cause.words for cause in one.causes if cause.name == "missing sequence"] == ["It lacks T1CE."]
    result = write(tmp_path / "out/a/segmentation.nii.gz", labels((12, 9, 9)))
    (tmp_path / "out/a/quality.json").write_text(json.dumps({"missing": [{"sequence": "T2", "cost": "some"}]}))
    one = failure(tmp_path, found=result)
    assert [cause.words for cause in one.causes if cause.name == "missing sequence"] == ["It lacks T2."]
    (tmp_path / "out/a/quality.json").write_text('{"missing": [{}]}')
    assert "KeyError" in failure(tmp_path, found=result).note


def test_images_that_cannot_be_read_are_told(tmp_path):
    (tmp_path / "T1.nii.gz").write_bytes(b"nothing")
    truth = ImageFile(write(tmp_path / "ref.nii.gz", labels((3, 9, 9))))
    pair = Pair("a", None, truth, {Sequence.T1: ImageFile(tmp_path / "T1.nii.gz")})
    measures = evaluate_measures("brats")
    (one,) = find_failures([pair], evaluate_pair(pair, measures), measures).found
    assert "The images could not be read" in one.note
    assert one.plane is not None
