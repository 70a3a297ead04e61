"""Versions that readers save."""

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pydicom
import pytest

from oncontour.core.box import EVERYWHERE
from oncontour.core.errors import InputError, OutputError
from oncontour.core.labels import BRATS
from oncontour.core.orientation import ALL_ORIENTATIONS
from oncontour.core.sequence import Sequence
from oncontour.core.study import Image
from oncontour.core.volume import Volume
from oncontour.data.nifti import read_channels, read_voxels
from oncontour.dicom.write_series import SyntheticStudy, write_series
from oncontour.pipeline.folders import result_folder
from oncontour.review.corrections.versions import Edit, list_versions, save_version, version_folder
from oncontour.review.results.crop import cut

from .results import AFFINE, BOX, SHAPE, make_result

STATES = np.zeros(SHAPE, np.uint8)
STATES[3:5, 4:7, 2:5] = 0b001
STATES[4, 5, 3] = 0b111
IMAGE = Image(Sequence.T1CE, Volume(np.zeros(SHAPE, np.float32), AFFINE), "t1ce.nii.gz", (), dicom=False)


@pytest.fixture
def result(tmp_path):
    return make_result(tmp_path / "case-1", STATES)


def painted(box=EVERYWHERE, **changes):
    """An edit that makes one voxel, away from the tumour, enhancing."""
    seen = np.array(cut(Volume(STATES, AFFINE), box).array)
    seen[1, 1, 1] = 0b111
    return replace(Edit(seen, box, 0, "Jane Doe", "a satellite"), **changes)


def digests(folder):
    return {one.name: hashlib.sha256(one.read_bytes()).hexdigest() for one in folder.iterdir() if one.is_file()}


def test_a_correction_is_a_new_version_and_the_models_own_stays(result):
    before = digests(result.folder)
    made = save_version(result, painted(box=BOX), lambda: IMAGE)
    assert digests(result.folder) == before
    assert (made.number, made.made_from, made.changed_voxels) == (1, 0, 1)
    assert (made.by, made.note) == ("Jane Doe", "a satellite")
    (kept,) = list_versions(result)
    assert kept == made
    labels, _ = read_voxels(made.folder / "segmentation.nii.gz")
    assert labels.array[2, 3, 1] == 3  # (1, 1, 1) of a box that begins at (1, 2, 0).
    np.testing.assert_array_equal(np.argwhere(labels.array != BRATS.decode(read(result))), [[2, 3, 1]])
    assert not list(made.folder.parent.glob(".*"))


def read(result):
    return read_channels(result.folder / "regions.nii.gz")[0].array.astype(bool)


def test_it_is_measured_again_and_says_what_no_longer_holds(result):
    made = save_version(result, painted(), lambda: IMAGE)
    measured = json.loads((made.folder / "measurements.json").read_text())
    regions = {one["name"]: one for one in measured["regions"]}
    assert regions["WT"]["volume_ml"] == pytest.approx((18 + 1) * 3e-3)
    assert regions["ET"]["volume_ml"] == pytest.approx(2 * 3e-3)
    assert (regions["WT"]["components"], regions["ET"]["components"]) == (2, 2)
    assert regions["ET"]["hemisphere"] == "both"
    assert all(one["certainty"] is None for one in measured["regions"])
    assert "do not hold" in measured["certainty_note"]
    assert "corrected by a reader" in measured["statement"]
    macro = (made.folder / "report-macro.txt").read_text()
    assert "corrected by a reader" in macro
    assert "automatically" not in macro
    assert "Jane" not in macro + json.dumps(measured)


@pytest.mark.parametrize("codes", ALL_ORIENTATIONS)
def test_a_painted_voxel_is_kept_where_it_was_painted(tmp_path, codes):
    native = Volume(STATES, AFFINE).reoriented(codes)
    result = make_result(tmp_path / "case-1", native.array, affine=native.affine)
    box = (slice(0, 7), slice(0, 7), slice(0, 7))
    seen = cut(native, box)
    states = np.array(seen.array)
    place = tuple(np.argwhere(states == 0)[0])
    states[place] = 0b111
    made = save_version(result, Edit(states, box, 0, "J"), lambda: IMAGE)
    labels, _ = read_voxels(made.folder / "segmentation.nii.gz")
    new = np.argwhere((labels.array == 3) & (native.array != 0b111))
    np.testing.assert_allclose(labels.grid.to_world(new[0]), seen.grid.to_world(place), atol=1e-4)
    assert len(new) == 1


@pytest.mark.parametrize("scheme", ["sequence-masks", "paediatric", "postoperative", "whole"])
def test_what_overlaps_and_what_has_a_name_of_its_own_is_kept(tmp_path, scheme):
    composites = scheme in ("paediatric", "postoperative")
    state = {"sequence-masks": 0b101, "paediatric": 0b1101011, "postoperative": 0b1011, "whole": 1}[scheme]
    states = np.zeros(SHAPE, np.uint8)
    states[2, 2, 2] = {"paediatric": 0b0000111}.get(scheme, state)
    result = make_result(tmp_path / "case-1", states, scheme, composites=composites)
    states = states.copy()
    states[4, 4, 4] = {"paediatric": 0b1010011}.get(scheme, state)  # A cyst: WT TC CC NETCCED.
    made = save_version(result, Edit(states, EVERYWHERE, 0, "J"), lambda: IMAGE)
    regions, _ = read_channels(made.folder / "regions.nii.gz")
    assert [int(mask[4, 4, 4]) for mask in regions.array] == [
        int(states[4, 4, 4]) >> n & 1 for n in range(len(regions.array))
    ]
    if composites:
        labels, _ = read_voxels(made.folder / "segmentation.nii.gz")
        assert labels.array[4, 4, 4] == {"paediatric": 3, "postoperative": 4}[scheme]


def test_two_who_save_at_once_keep_both(result):
    def save(number):
        return save_version(result, painted(by=f"Reader {number}"), lambda: IMAGE).number

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(save, range(4))) == [1, 2, 3, 4]
    assert {one.by for one in list_versions(result)} == {f"Reader {n}" for n in range(4)}
    assert {one.made_from for one in list_versions(result)} == {0}


def test_a_version_is_made_from_another(result):
    save_version(result, painted(), lambda: IMAGE)
    states = painted().states.copy()
    states[6, 6, 6] = 0b001
    made = save_version(result, Edit(states, EVERYWHERE, 1, "Jim"), lambda: IMAGE)
    assert (made.number, made.made_from, made.changed_voxels) == (2, 1, 1)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"by": " \n"}, "your name: found 0 characters"),
        ({"by": "J" * 65}, "your name: found 65 characters"),
        ({"note": "n" * 501}, "note: found 501 characters"),
        ({"made_from": 3}, "found no version 3"),
        ({"states": STATES}, "found no voxel changed"),
        ({"states": np.full(SHAPE, 2, np.uint8)}, "found voxels in states"),
    ],
)
def test_what_cannot_be_kept_leaves_nothing(result, changes, said):
    with pytest.raises(InputError, match=said):
        save_version(result, painted(**changes), lambda: IMAGE)
    assert list_versions(result) == []


def test_a_seg_that_cannot_be_written_does_not_lose_the_correction(result):
    def lost():
        raise InputError("case-1", "no images", "a study", "Give it.")

    made = save_version(result, painted(), lost)
    assert made.notes == ("No DICOM SEG was written: case-1: found no images; expected a study. Give it.",)
    assert list_versions(result) == [made]


def test_a_dicom_study_gets_a_seg_by_its_reader(tmp_path):
    volume = Volume(np.random.default_rng(0).random(SHAPE).astype(np.float32), AFFINE)
    study = SyntheticStudy("t", 1)
    files = write_series(volume, tmp_path / "dicom", sequence=Sequence.T1CE, number=4, study=study, plane=None)
    image = Image(Sequence.T1CE, volume, "series 4", files, dicom=True)
    result = make_result(tmp_path / "case-1", STATES)
    for number, reader in ((1, "Jürgen Müller"), (2, "山田")):
        made = save_version(result, painted(by=reader), lambda: image)
        assert made.notes == ()
        seg = pydicom.dcmread(made.folder / "seg.dcm")
        assert str(seg.ContentCreatorName) == {1: "Jurgen Muller", 2: "Reader"}[number]
        assert {one.SegmentAlgorithmType for one in seg.SegmentSequence} == {"SEMIAUTOMATIC"}
        assert seg.SeriesNumber == 9104 + number
        assert seg.SeriesDescription == "Tumour segmentation, corrected (research use only)"
    assert made.by == "山田"


def test_a_new_segmentation_does_not_write_over_what_readers_made(result):
    save_version(result, painted(), lambda: IMAGE)
    with pytest.raises(OutputError, match=r"found what readers added \(review/\)"), result_folder(result.folder):
        pass
    assert len(list_versions(result)) == 1


def test_a_damaged_record_is_named(result):
    made = save_version(result, painted(), lambda: IMAGE)
    (made.folder / "version.json").write_text("{}")
    with pytest.raises(InputError, match=r"version.json: found a record that cannot be used"):
        list_versions(result)


@pytest.mark.parametrize("number", [-1, 1, 10**9])
def test_only_versions_that_are_there_have_a_folder(result, number):
    with pytest.raises(InputError, match="found no version"):
        version_folder(result, number)
    assert version_folder(result, 0) == result.folder
