"""Each check of the doctor finds what it is for, names the case, and is silent on a sound data set."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from oncontour.core.sequence import Sequence
from oncontour.core.volume import Volume
from oncontour.data.datasets import read_dataset
from oncontour.data.doctor import examine
from oncontour.data.folds import Folds
from oncontour.data.nifti import write_nifti

SHAPE = (20, 24, 18)
AFFINE = np.diag([-2.0, -2.0, 2.0, 1.0])
SUFFIXES = {Sequence.T1CE: "t1c", Sequence.FLAIR: "t2f"}


def head() -> np.ndarray:
    """An ellipsoid in the middle of the image."""
    grid = np.stack(np.meshgrid(*(np.linspace(-1, 1, n) for n in SHAPE), indexing="ij"))
    return (grid**2).sum(axis=0) < 0.7


def labels() -> np.ndarray:
    """A tumour of three labels on one side."""
    array = np.zeros(SHAPE, np.uint8)
    array[3:9, 8:14, 6:12] = 2
    array[4:8, 9:13, 7:11] = 1
    array[5:7, 10:12, 8:10] = 3
    return array * head()


def brain(seed: int, bright: bool) -> np.ndarray:
    """A brain of noise; on FLAIR the tumour is bright."""
    array = np.random.default_rng(seed).normal(100, 10, SHAPE) + 60 * bright * (labels() > 0)
    return (array * head()).astype(np.float32)


def put(array, path: Path, affine=AFFINE, dtype="float32") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_nifti(Volume(array, affine), path, dtype)


@pytest.fixture
def data(tmp_path):
    """Four sound cases of three patients; returns the root, and a function from case and kind to a file's path."""
    root = tmp_path / "data"

    def path(number: int, what: str) -> Path:
        name = f"BraTS-GLI-{number // 2:05d}-{number % 2:03d}"
        return root / name / f"{name}-{what}.nii.gz"

    for number in (0, 1, 2, 4):
        put(brain(10 * number, bright=False), path(number, "t1c"))
        put(brain(10 * number + 1, bright=True), path(number, "t2f"))
        put(labels(), path(number, "seg"), dtype="uint8")
    return root, path


def problems(root: Path, **arguments):
    return examine(read_dataset(root), **arguments).problems


def only(root: Path, **arguments):
    (problem,) = problems(root, **arguments)
    return problem


def test_a_sound_data_set_has_no_problem(data):
    root, _ = data
    found = examine(read_dataset(root))
    assert found.problems == ()
    assert not found.wrong
    assert found.voxels.median == SHAPE
    assert found.spacing_mm.largest == (2, 2, 2)
    assert found.orientations == {"LPS": 4}
    counts = np.bincount(labels().ravel())
    for label, value in zip(found.labels, (1, 2, 3), strict=True):
        assert label.cases == 4
        assert label.median_ml == pytest.approx(counts[value] * 0.008, abs=1e-3)
        assert label.share == pytest.approx(counts[value] / counts[1:].sum(), abs=1e-4)
    written = json.dumps(found.as_json())
    assert json.loads(written)["patients"] == 3


def test_several_processes_find_the_same(data):
    root, path = data
    put(np.zeros(SHAPE, np.float32), path(1, "t1c"))
    seen = []
    found = examine(read_dataset(root), workers=2, progress=lambda done, total: seen.append((done, total)))
    assert found.problems == examine(read_dataset(root)).problems
    assert seen == [(1, 4), (2, 4), (3, 4), (4, 4)]


@pytest.mark.parametrize(
    ("shift", "severity", "found"),
    [(0.3, "doubtful", "FLAIR and mask with corners 0.300 mm apart"),
     (0.7, "wrong", "FLAIR and mask with corners 0.70 mm apart"), (0.005, None, "")],
)  # fmt: skip
def test_an_image_beside_its_mask(data, shift, severity, found):
    root, path = data
    moved = AFFINE.copy()
    moved[0, 3] += shift
    put(brain(11, bright=True), path(1, "t2f"), moved)
    expected = [] if severity is None else [(severity, "geometry", ("BraTS-GLI-00000-001",), found)]
    assert [(one.severity, one.check, one.cases, one.found) for one in problems(root)] == expected


def test_an_image_of_another_size(data):
    root, path = data
    put(brain(11, bright=True)[1:], path(1, "t2f"))
    assert only(root).found == "FLAIR of 19 x 24 x 18 voxels, mask of 20 x 24 x 18"


@pytest.mark.parametrize(
    ("array", "check", "found"),
    [
        (labels() * 3, "labels", "labels [0, 3, 6, 9]"),
        (labels() * 0.5, "labels", "voxels that hold no label"),
        (np.zeros(SHAPE, np.uint8), "empty mask", "no labelled voxel"),
        (labels()[::-1], "left and right", "FLAIR darker in the mask than in its mirror image"),
        (np.roll(labels(), 6, axis=1), "mask outside the brain", "% of the labelled voxels"),
    ],
    ids=["unknown", "halves", "empty", "flipped", "outside"],
)
def test_a_mask_that_is_wrong(data, array, check, found):
    root, path = data
    put(np.ascontiguousarray(array).astype(np.float32), path(2, "seg"))
    (problem,) = [one for one in problems(root) if one.check == check]
    assert found in problem.found
    assert problem.cases == ("BraTS-GLI-00001-000",)
    assert problem.severity == ("wrong" if check == "labels" else "doubtful")


def test_a_flipped_image_is_doubted_as_a_flipped_mask_is(data):
    root, path = data
    put(np.ascontiguousarray(brain(21, bright=True)[::-1]), path(2, "t2f"))
    assert [one.check for one in problems(root)] == ["left and right"]


def test_voxels_that_are_no_image(data):
    root, path = data
    array = brain(3, bright=True)
    array[0, 0, 0] = np.nan
    put(array, path(0, "t2f"))
    put(np.full(SHAPE, 7, np.float32), path(1, "t1c"))
    assert [(one.check, one.found) for one in problems(root)] == [
        ("NaN", "FLAIR: 1 voxels NaN or infinite (0.012 %)"),
        ("constant image", "T1CE: the one value 7 in every voxel"),
    ]


def test_a_damaged_file_hides_no_other(data):
    root, path = data
    path(0, "t1c").write_bytes(b"nothing")
    put(np.full(SHAPE, 7, np.float32), path(0, "t2f"))
    path(4, "seg").write_bytes(path(4, "seg").read_bytes()[:-20])
    assert [(one.check, one.cases[0]) for one in problems(root)] == [
        ("files", "BraTS-GLI-00000-000"), ("constant image", "BraTS-GLI-00000-000"), ("files", "BraTS-GLI-00002-000"),
    ]  # fmt: skip


def test_a_case_that_was_left_out(data):
    root, path = data
    put(brain(9, bright=False), path(2, "t1c").with_name("another_t1ce.nii.gz"))
    problem = only(root)
    assert (problem.severity, problem.check) == ("wrong", "files")
    assert "data/BraTS-GLI-00001-000: 2 files for T1CE" in problem.found


def test_copies_are_found_even_when_stored_otherwise(data):
    root, path = data
    copy = Volume(brain(1, bright=True), AFFINE).reoriented("RAS")
    put(copy.array, path(4, "t2f"), copy.affine)
    put(copy.array, path(4, "t1c"), copy.affine)
    found = [(one.check, one.cases, one.found) for one in problems(root) if one.check == "duplicates"]
    assert found == [
        ("duplicates", ("BraTS-GLI-00000-000", "BraTS-GLI-00002-000"), "the same voxels in FLAIR"),
    ]  # fmt: skip
    put(brain(77, bright=True), path(0, "t2f"))
    found = [(one.cases, one.found) for one in problems(root) if one.check == "duplicates"]
    assert found == [(("BraTS-GLI-00002-000",), "T1CE and FLAIR with the same voxels")]


def test_leakage_between_training_and_test_and_between_folds(data):
    root, _ = data
    first, second, third, fourth = (case.name for case in read_dataset(root).cases)
    (root / "cases.csv").write_text(f"case,split\n{first},train\n{second},test\n")
    assert only(root).found == "one patient's cases in test and train"
    (root / "cases.csv").unlink()
    folds = Folds(((first, third), (second, fourth)), (), 0, None, "data", "")
    problem = only(root, folds=folds)
    assert (problem.check, problem.cases) == ("leakage", (first, second))
    whole = Folds(((first, second), (third, fourth)), (), 0, None, "data", "")
    assert problems(root, folds=whole) == ()


def test_visits_of_one_patient_given_to_two(data):
    root, _ = data
    first, second, *_ = (case.name for case in read_dataset(root).cases)
    (root / "cases.csv").write_text(f"case,patient\n{first},a\n{second},b\n")
    problem = only(root)
    assert (problem.severity, problem.check, problem.cases) == ("doubtful", "patients", (first, second))
    assert "a" not in problem.cases


def test_missing_sequences_and_masks(data):
    root, path = data
    path(0, "t2f").unlink()
    path(4, "seg").unlink()
    assert [(one.severity, one.check, one.found) for one in problems(root)] == [
        ("doubtful", "mask", "1 of 4 cases without a mask"),
        ("doubtful", "sequences", "FLAIR: missing in 1 of 4 cases"),
    ]
    for number in (0, 1, 2):
        path(number, "seg").unlink()
    assert problems(root)[0].found == "no case with a mask"


def test_a_case_that_is_stored_otherwise_than_the_others(tmp_path):
    for number in range(12):
        name = f"case_{number:02d}"
        volumes = {"t1c": Volume(brain(number, bright=False), AFFINE), "seg": Volume(labels(), AFFINE)}
        for what, volume in volumes.items():
            stored = volume.reoriented("RAS") if number == 7 else volume
            affine = stored.affine.copy()
            if number == 3:
                affine[:3, 2] *= 2.5
            put(stored.array, tmp_path / name / f"{name}-{what}.nii.gz", affine)
    found = [(one.check, one.cases, one.found) for one in problems(tmp_path)]
    assert found == [
        ("left and right", ("case_07",), "stored as RAS, 11 of 12 cases as LPS"),
        ("spacing", ("case_03",), "voxels of 2 x 2 x 5 mm"),
    ]


def test_an_image_of_zeros_in_a_layout_of_fixed_channels_is_a_missing_sequence(tmp_path):
    for name in ("a", "b"):
        for channel in range(2):
            array = (
                np.zeros(SHAPE, np.float32)
                if (name, channel) == ("a", 0)
                else brain(channel + 10 * ord(name), bright=True)
            )
            put(array, tmp_path / "imagesTr" / f"{name}_{channel:04d}.nii.gz")
        put(labels(), tmp_path / "labelsTr" / f"{name}.nii.gz", dtype="uint8")
    content = {"channel_names": {"0": "T1ce", "1": "FLAIR"}, "labels": {"background": 0, "NCR": 1, "ED": 2, "ET": 3}}
    (tmp_path / "dataset.json").write_text(json.dumps(content))
    problem = only(tmp_path)
    assert (problem.check, problem.cases, problem.found) == ("sequences", ("a",), "T1CE: missing in 1 of 2 cases")


@pytest.mark.shared
@pytest.mark.slow
def test_real_scans_have_no_problem_until_one_is_flipped(tmp_path):
    shared = Path(__file__).parents[4] / "shared" / "data"
    if not shared.is_dir():
        pytest.skip("the real scans of ../shared/data are not here")
    source = shared / "brats2018-t1-flair" / "case_2"
    assert problems(source) == ()
    from oncontour.data.nifti import read_nifti

    for name in ("T1", "FLAIR", "GT_W"):
        volume = read_nifti(source / f"{name}.nii.gz")
        array = volume.array[::-1] if name == "GT_W" else volume.array
        put(np.ascontiguousarray(array), tmp_path / "case_2" / f"{name}.nii.gz", volume.affine)
    assert only(tmp_path).check == "left and right"
