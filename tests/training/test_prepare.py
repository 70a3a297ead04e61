import gzip
import json
from types import SimpleNamespace

import numpy as np
import pytest

from oncontour.core.errors import InputError
from oncontour.core.volume import Volume
from oncontour.data.datasets import read_case, read_dataset
from oncontour.data.nifti import read_voxels, write_nifti
from oncontour.plans.plan import Plan
from oncontour.preprocess.resample import resample
from oncontour.training.prepare import prepare_dataset
from oncontour.training.prepared import PLACES


def first_seg(data):
    return next(data.glob("*00000-000/*seg.nii.gz"))


def test_a_stripped_case_is_its_brain_normalised(brats, tiny_plan, tmp_path):
    data = read_dataset(brats(1))
    prepared = prepare_dataset(data, tiny_plan, tmp_path / "out")
    (case,) = prepared.cases
    images, regions = np.asarray(case.images, np.float32), np.asarray(case.regions, bool)
    assert case.images.dtype == np.float16
    assert case.regions.dtype == np.uint8
    assert images.shape[1:] == regions.shape[1:] == case.shape
    assert max(case.shape) < 36  # cropped: 29 voxels of brain and one of margin on each side
    inside = (images != 0).any(0)
    assert 13000 < inside.sum() < 15000
    for image in images:
        assert abs(image[inside].mean()) < 0.01
        assert abs(image[inside].std() - 1) < 0.01
    assert case.patient == data.cases[0].patient
    assert case.facts["channels"] == ["T1", "T1CE", "T2", "FLAIR"]
    assert case.facts["voxels"]["WT"] == regions[0].sum() > regions[1].sum() > regions[2].sum() > 0


def test_the_prepared_grid_lies_where_the_case_does(brats, tiny_plan, tmp_path):
    data = read_dataset(brats(1))
    (case,) = prepare_dataset(data, tiny_plan, tmp_path / "out").cases
    _, labels = read_case(data.cases[0], data)
    back = resample(Volume(np.asarray(case.regions[0], bool), case.grid.affine), case.source).array
    assert np.array_equal(back, labels.array > 0)
    assert case.source.same_as(labels.grid)


def test_places_lie_in_their_regions(brats, tiny_plan, tmp_path):
    (case,) = prepare_dataset(read_dataset(brats(1)), tiny_plan, tmp_path / "out").cases
    for n, name in enumerate(("WT", "TC", "ET")):
        i, j, k = case.places[name].T
        assert case.regions[n][i, j, k].all()
        assert len(i) == case.facts["voxels"][name]
    assert len(case.places["brain"]) == PLACES
    assert len(np.unique(case.places["brain"], axis=0)) == PLACES


def test_softmax_learns_every_label_once(brats, tiny, tmp_path):
    tiny["training"]["loss"] = {"output": "softmax"}
    tiny["spacing_mm"] = 5.0
    (case,) = prepare_dataset(read_dataset(brats(1)), Plan.model_validate(tiny), tmp_path / "out").cases
    assert case.facts["regions"] == ["NCR", "ED", "ET"]
    assert case.regions.sum(0).max() == 1
    i, j, k = case.places["TC"].T
    assert (case.regions[0] | case.regions[2])[i, j, k].all()


def test_spacing_may_differ_by_axis_and_regions_stay_nested(brats, tiny, tmp_path):
    tiny["spacing_mm"] = [4.0, 3.0, 6.0]
    (case,) = prepare_dataset(read_dataset(brats(1)), Plan.model_validate(tiny), tmp_path / "out").cases
    assert case.facts["spacing_mm"] == [4.0, 3.0, 6.0]
    assert (case.regions[0] >= case.regions[1]).all()
    assert (case.regions[1] >= case.regions[2]).all()
    labels = read_voxels(first_seg(tmp_path / "data"))[0].array
    assert case.facts["voxels"]["WT"] * 4 * 3 * 6 == pytest.approx((labels > 0).sum() * 4**3, rel=0.05)


def test_an_absent_sequence_is_zeros(brats, tiny_plan, tmp_path):
    folder = brats(1)
    next(folder.glob("*/*t2w.nii.gz")).unlink()
    (case,) = prepare_dataset(read_dataset(folder), tiny_plan, tmp_path / "out").cases
    assert not case.images[2].any()
    assert case.images[3].any()


def test_finished_cases_are_kept_and_only_missing_ones_made(brats, tiny_plan, tmp_path):
    data, out = read_dataset(brats(2)), tmp_path / "out"
    first, second = prepare_dataset(data, tiny_plan, out).cases
    stamp = first.folder.stat().st_ctime_ns
    for path in second.folder.iterdir():
        path.unlink()
    second.folder.rmdir()
    again = prepare_dataset(data, tiny_plan, out)
    assert [case.name for case in again.cases] == [first.name, second.name]
    assert first.folder.stat().st_ctime_ns == stamp
    assert not list(out.glob("*.part"))


def test_processes_give_the_same_as_one(brats, tiny_plan, tmp_path):
    data = read_dataset(brats(3))
    one = prepare_dataset(data, tiny_plan, tmp_path / "one")
    two = prepare_dataset(data, tiny_plan, tmp_path / "two", workers=2)
    for a, b in zip(one.cases, two.cases, strict=True):
        assert a.name == b.name
        assert np.array_equal(a.images, b.images)
        assert np.array_equal(a.places["WT"], b.places["WT"])


def test_bad_cases_are_named_and_the_others_are_done(brats, tiny_plan, tmp_path):
    folder, out = brats(4), tmp_path / "out"
    cut = next(folder.glob("*00001-000/*t1c.nii.gz"))
    cut.write_bytes(cut.read_bytes()[:5000])
    seg = next(folder.glob("*00002-000/*seg.nii.gz"))
    labels = read_voxels(seg)[0]
    write_nifti(labels.with_array(np.where(labels.array == 2, 9, labels.array)), seg, "uint8")
    data = read_dataset(folder)
    with pytest.raises(InputError, match=r"2 of 4 cases.*00001-000.*(truncated|gzip).*00002-000.*9.*--skip-bad"):
        prepare_dataset(data, tiny_plan, out)
    kept = prepare_dataset(data, tiny_plan, out, skip_bad=True)
    assert [case.name[-9:] for case in kept.cases] == ["00000-000", "00003-000"]
    assert [name[-9:] for name in kept.failed] == ["00001-000", "00002-000"]
    assert set(json.loads((out / "failed.json").read_text())) == set(kept.failed)


def test_changed_data_are_noticed(brats, tiny_plan, tmp_path):
    folder, out = brats(1), tmp_path / "out"
    prepare_dataset(read_dataset(folder), tiny_plan, out)
    path = first_seg(folder)
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()), 9, mtime=0))
    with pytest.raises(InputError, match="other files than when it was prepared"):
        prepare_dataset(read_dataset(folder), tiny_plan, out)


def test_cases_in_which_nothing_is_marked_are_told_and_alone_refused(brats, tiny_plan, tmp_path):
    folder = brats(2)
    path = first_seg(folder)
    labels = read_voxels(path)[0]
    write_nifti(labels.with_array(labels.array * 0), path, "uint8")
    prepared = prepare_dataset(read_dataset(folder), tiny_plan, tmp_path / "out")
    assert [name[-9:] for name in prepared.empty] == ["00000-000"]
    other = next(folder.glob("*00001-000/*seg.nii.gz"))
    write_nifti(labels.with_array(labels.array * 0), other, "uint8")
    with pytest.raises(InputError, match="2 cases, nothing marked"):
        prepare_dataset(read_dataset(folder), tiny_plan, tmp_path / "none")


def test_a_plan_of_other_channels_needs_another_folder(brats, tiny_plan, tmp_path):
    data, out = read_dataset(brats(1)), tmp_path / "out"
    prepare_dataset(data, tiny_plan, out)
    fewer = tiny_plan.model_copy(update={"channels": tiny_plan.channels[:2]})
    with pytest.raises(InputError, match="channels"):
        prepare_dataset(data, fewer, out)


def test_an_unstripped_case_is_given_the_extracted_brain(brats, tiny_plan, tmp_path, monkeypatch):
    folder = brats(1)
    for path in folder.glob("*/*-t*.nii.gz"):
        image = read_voxels(path)[0]
        air = np.random.default_rng(1).uniform(0, 5, image.array.shape)
        write_nifti(image.with_array((image.array + air).astype(np.float32)), path)
    asked = []

    def extract(volume):
        asked.append(volume.array.shape)
        return volume.with_array(volume.array > 20)

    monkeypatch.setattr("oncontour.training.prepare._extractor", lambda: extract)
    (case,) = prepare_dataset(read_dataset(folder), tiny_plan, tmp_path / "out").cases
    assert asked == [(44, 48, 40)]
    assert 13000 < (case.images[0] != 0).sum() < 15000


def test_bias_is_taken_out_of_every_image_where_the_plan_says_so(brats, tiny, tmp_path, monkeypatch):
    data, asked = read_dataset(brats(1)), []

    def corrected(volume, mask):
        asked.append(int(mask.sum()))
        return SimpleNamespace(volume=volume.with_array(volume.array[::-1]))

    (plain,) = prepare_dataset(data, Plan.model_validate(tiny), tmp_path / "plain").cases
    monkeypatch.setattr("oncontour.training.prepare.correct_bias", corrected)
    (case,) = prepare_dataset(data, Plan.model_validate(tiny | {"bias_field": True}), tmp_path / "even").cases
    assert len(asked) == 4
    assert 13000 < min(asked) == max(asked) < 15000
    assert np.abs(np.asarray(case.images, np.float32) - plain.images).max() > 1
    monkeypatch.setattr("oncontour.training.prepare.correct_bias", lambda volume, mask: None)
    (same,) = prepare_dataset(data, Plan.model_validate(tiny | {"bias_field": True}), tmp_path / "scored").cases
    assert np.array_equal(same.images, plain.images)
