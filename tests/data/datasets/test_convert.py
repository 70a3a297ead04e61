"""Conversions lose nothing, go on where they stopped, and are what other programs expect."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from itertools import permutations
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oncontour.core.errors import GeometryError, ImageContentError, InputError, OutputError
from oncontour.core.labels import SCHEMES
from oncontour.core.sequence import Sequence
from oncontour.core.volume import Volume
from oncontour.data.datasets import convert as module
from oncontour.data.datasets import read_case, read_dataset
from oncontour.data.datasets.convert import TARGETS, convert_dataset

from .conftest import AFFINE, SHAPE, image, put

T1, T1CE, T2, FLAIR, ADC = Sequence


def voxels(dataset):
    """Everything that a conversion must keep."""
    content = {}
    for case in dataset.cases:
        images, labels = read_case(case, dataset)
        arrays = {str(one): (volume.array, volume.affine) for one, volume in images.items()}
        if labels is not None:
            arrays["mask"] = (labels.array, labels.affine)
        content[case.name] = (case.patient, dict(case.columns), arrays)
    return content


def assert_same(first, second):
    assert first.keys() == second.keys()
    for name, (patient, columns, arrays) in first.items():
        assert (patient, columns) == second[name][:2]
        assert arrays.keys() == second[name][2].keys()
        for what, (array, affine) in arrays.items():
            np.testing.assert_array_equal(array, second[name][2][what][0])
            # NIfTI keeps affines as float32.
            np.testing.assert_allclose(affine, second[name][2][what][1], atol=1e-5)


@pytest.fixture
def source(brats_tree):
    """Five cases of four patients: two visits, one test case, one without mask, and columns."""
    names = [f"BraTS-GLI-{n:05d}-000" for n in range(4)] + ["BraTS-GLI-00000-001"]
    root = brats_tree(names, "-t1n -t1c -t2w -t2f -seg")
    (root / names[3] / f"{names[3]}-seg.nii.gz").unlink()
    fractions = image(0).array * np.float32(0.37) - np.float32(20)
    put(Volume(fractions, AFFINE), root / names[1] / f"{names[1]}-t2w.nii.gz")
    rows = "\n".join(f"{name},site {n},{'test' if n == 2 else ''}" for n, name in enumerate(names))
    (root / "cases.csv").write_text(f"case,site,split\n{rows}\n")
    return read_dataset(root)


@pytest.mark.parametrize(("first", "second"), list(permutations(TARGETS, 2)))
def test_nothing_is_lost_from_any_layout_to_any_other(source, tmp_path, first, second):
    expected = voxels(source)
    one = convert_dataset(source, tmp_path / "one", first)
    assert not one.failed
    middle = read_dataset(tmp_path / "one")
    assert_same(expected, voxels(middle))
    two = convert_dataset(middle, tmp_path / "two", second)
    assert not two.failed
    last = read_dataset(tmp_path / "two")
    assert_same(expected, voxels(last))
    assert (last.scheme, len(last.labelled)) == ("brats", 3)
    assert not list(tmp_path.rglob("*.part"))


_NAMES = st.lists(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,10}[A-Za-z0-9]", fullmatch=True), min_size=1, max_size=4)


@settings(max_examples=25, deadline=None)
@given(
    names=_NAMES.filter(lambda names: len({name.lower() for name in names}) == len(names)),
    people=st.lists(st.sampled_from(["p-1", "p_1", "Müller", "x y"]), min_size=4, max_size=4),
    to=st.sampled_from(sorted(TARGETS)),
    scheme=st.sampled_from(["brats", "paediatric", "postoperative", "sequence-masks", "whole"]),
    integers=st.booleans(),
    lacking=st.sampled_from([None, T1, FLAIR]),
)
def test_any_names_patients_and_schemes_come_back(tmp_path_factory, names, people, to, scheme, integers, lacking):
    root = tmp_path_factory.mktemp("source")
    rows = ["case,patient,t1,flair,mask,note"]
    values = [label.value for label in SCHEMES[scheme].labels]
    for n, name in enumerate(names):
        rng = np.random.default_rng(n)
        folder = root / "files" / str(n)
        for one in ("t1", "flair"):
            array = rng.integers(-40000, 40000, SHAPE) if integers else rng.normal(0, 1e-3, SHAPE)
            put(Volume(array.astype(np.float32), AFFINE), folder / f"{one}.nii.gz")
        labels = rng.choice([0, *values], SHAPE)
        labels.ravel()[: len(values)] = values
        put(Volume(labels.astype(np.uint8), AFFINE), folder / "m.nii.gz", "uint8")
        paths = ["" if lacking == one.upper() and n == 0 else f"files/{n}/{one}.nii.gz" for one in ("t1", "flair")]
        rows.append(f'{name},{people[n]},{",".join(paths)},files/{n}/m.nii.gz,"a, b"')
    (root / "cases.csv").write_text("\n".join(rows))
    source = read_dataset(root, scheme)
    out = root / ".." / f"{root.name}-out"
    assert not convert_dataset(source, out, to).failed
    again = read_dataset(out)
    assert again.scheme == scheme
    assert_same(voxels(source), voxels(again))


def test_whole_numbers_are_stored_as_such(source, tmp_path):
    import nibabel

    convert_dataset(source, tmp_path / "out", "brats")
    folder = tmp_path / "out" / "BraTS-GLI-00001-000"
    kinds = {path.name[20:23]: nibabel.load(path).get_data_dtype() for path in folder.iterdir()}
    assert kinds == {"t1n": np.int16, "t1c": np.int16, "t2w": np.float32, "t2f": np.int16, "seg": np.uint8}


def test_labels_are_mapped_to_the_scheme(source, tmp_path):
    whole = read_dataset(source.root, "whole")
    convert_dataset(whole, tmp_path / "out", "nnunet")
    content = json.loads((tmp_path / "out" / "dataset.json").read_text())
    assert content["labels"] == {"background": 0, "WT": 1}
    written = read_dataset(tmp_path / "out")
    assert written.scheme == "whole"
    name = "BraTS-GLI-00000-000"
    before, after = (read_case(data.case(name), data)[1].array for data in (source, written))
    np.testing.assert_array_equal(before > 0, after == 1)


def test_only_the_sequences_asked_for_are_written(source, tmp_path):
    convert_dataset(source, tmp_path / "out", "nnunet", sequences=(FLAIR, T1CE))
    content = json.loads((tmp_path / "out" / "dataset.json").read_text())
    assert content["channel_names"] == {"0": "T1CE", "1": "FLAIR"}
    assert read_dataset(tmp_path / "out").sequences == (T1CE, FLAIR)
    with pytest.raises(InputError, match="no case with ADC; expected some of T1, T1CE, T2, FLAIR"):
        convert_dataset(source, tmp_path / "other", "nnunet", sequences=(ADC,))


def test_it_goes_on_where_it_stopped(source, tmp_path, monkeypatch):
    out = tmp_path / "out"

    class PowerCutError(BaseException):
        pass

    written = []

    def fails_at_the_tenth(volume, path, dtype):
        if len(written) == 10:
            raise PowerCutError
        written.append(path)
        return real(volume, path, dtype)

    real = module.write_nifti
    monkeypatch.setattr(module, "write_nifti", fails_at_the_tenth)
    with pytest.raises(PowerCutError):
        convert_dataset(source, out, "nnunet")
    times = {path: path.stat().st_mtime_ns for path in written}
    monkeypatch.setattr(module, "write_nifti", real)
    seen = []
    second = convert_dataset(source, out, "nnunet", progress=lambda done, total: seen.append((done, total)))
    assert (len(second.kept), len(second.done)) == (2, 3)
    assert seen == [(2, 5), (3, 5), (4, 5), (5, 5)]
    assert {path: path.stat().st_mtime_ns for path in written} == times
    assert_same(voxels(source), voxels(read_dataset(out)))
    assert convert_dataset(source, out, "nnunet").done == ()


def test_several_processes_write_the_same(source, tmp_path):
    convert_dataset(source, tmp_path / "one", "bids")
    convert_dataset(source, tmp_path / "two", "bids", workers=2)
    for path in (tmp_path / "one").rglob("*"):
        if path.is_file():
            assert path.read_bytes() == (tmp_path / "two" / path.relative_to(tmp_path / "one")).read_bytes()


def test_a_bad_case_stops_no_other(source, tmp_path):
    names = [case.name for case in source.cases]
    put(Volume(np.full(SHAPE, np.nan, np.float32), AFFINE), source.case(names[0]).images[T1].path)
    source.case(names[1]).mask.path.write_bytes(b"no mask")
    shifted = AFFINE.copy()
    shifted[0, 3] += 1
    put(Volume(image(0).array, shifted), source.case(names[2]).images[T2].path)
    done = convert_dataset(source, tmp_path / "out", "nnunet")
    assert [type(error) for error in done.failed] == [ImageContentError, InputError, GeometryError]
    assert done.done == tuple(names[3:])
    assert [case.name for case in read_dataset(tmp_path / "out").cases] == names[3:]
    assert names[2] in convert_dataset(source, tmp_path / "bids", "bids").done


@pytest.mark.parametrize("change", ["data", "layout", "scheme", "folder"])
def test_a_folder_that_holds_something_else_is_refused(source, tmp_path, change):
    out = tmp_path / "out"
    if change == "folder":
        out.mkdir()
        (out / "thesis.txt").write_text("mine")
    else:
        convert_dataset(source, out, "brats")
    other = replace(source, cases=source.cases[1:]) if change == "data" else source
    other = read_dataset(source.root, "whole") if change == "scheme" else other
    with pytest.raises(OutputError, match="not empty" if change == "folder" else "another conversion"):
        convert_dataset(other, out, "msd" if change == "layout" else "brats")


def test_the_source_is_never_written_into(source):
    with pytest.raises(OutputError, match="a folder within the source"):
        convert_dataset(source, source.root / "out", "csv")
    with pytest.raises(InputError, match="--to: found 'dicom'"):
        convert_dataset(source, source.root.parent / "out", "dicom")


def test_bids_names_hold_letters_and_digits_alone(source, tmp_path):
    convert_dataset(source, tmp_path / "out", "bids")
    names = sorted(path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*_FLAIR.nii.gz"))
    assert names[:2] == [
        f"sub-BraTSGLI00000/ses-{n}/anat/sub-BraTSGLI00000_ses-{n}_FLAIR.nii.gz" for n in ("000", "001")
    ]
    assert (tmp_path / "out" / "derivatives" / "masks" / "dseg.tsv").read_text().splitlines()[3].split("\t")[2] == "ET"


def test_msd_lists_its_files(source, tmp_path):
    convert_dataset(source, tmp_path / "out", "msd")
    content = json.loads((tmp_path / "out" / "dataset.json").read_text())
    assert (content["numTraining"], content["numTest"]) == (3, 2)
    listed = [entry[key] for entry in content["training"] for key in ("image", "label")] + content["test"]
    assert all((tmp_path / "out" / path).is_file() for path in listed)
    assert list(content["modality"].values()) == ["FLAIR", "T1w", "t1gd", "T2w"]


def check_with_nnunet(folder: Path, monkeypatch) -> None:
    """nnU-Net's own check, which prints what it finds and raises where something is wrong; in threads, not processes,
    each of which would load torch anew."""
    for name in ("nnUNet_raw", "nnUNet_preprocessed", "nnUNet_results"):
        monkeypatch.setitem(os.environ, name, str(folder.parent))
    from multiprocessing import dummy

    from nnunetv2.experiment_planning import verify_dataset_integrity as check
    from nnunetv2.utilities import utils

    monkeypatch.setattr(check, "multiprocessing", SimpleNamespace(get_context=lambda _: dummy))
    monkeypatch.setattr(utils, "Pool", lambda processes: dummy.Pool(1))
    check.verify_dataset_integrity(str(folder), 1)


@pytest.mark.peers
@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["brats", "whole"])
def test_nnunet_finds_nothing_wrong_with_its_raw_data(source, tmp_path, monkeypatch, capfd, scheme):
    folder = tmp_path / "Dataset501_Ours"
    convert_dataset(read_dataset(source.root, scheme), folder, "nnunet")
    check_with_nnunet(folder, monkeypatch)
    printed = capfd.readouterr().out
    assert "verify_dataset_integrity Done" in printed
    assert "Warning" not in printed
    assert "Error" not in printed


@pytest.mark.peers
@pytest.mark.slow
@pytest.mark.shared
def test_nnunet_finds_nothing_wrong_with_real_scans(shared, tmp_path, monkeypatch, capfd):
    folder = tmp_path / "Dataset502_Real"
    dataset = read_dataset(shared / "brats2015-t1ce-flair")
    one = replace(dataset, cases=dataset.cases[:1])
    assert not convert_dataset(one, folder, "nnunet").failed
    check_with_nnunet(folder, monkeypatch)
    printed = capfd.readouterr().out
    assert "verify_dataset_integrity Done" in printed
    assert "Warning" not in printed
    assert "Error" not in printed
    assert_same(voxels(one), voxels(read_dataset(folder)))
