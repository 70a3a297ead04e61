"""A BIDS data set in, derivatives out; the work on a case is replaced, the validator is BIDS' own."""

from __future__ import annotations

import json
import shutil
import subprocess

import nibabel as nib
import numpy as np
import pytest

from oncontour.core.errors import InputError, NotAStudyError, OutputError
from oncontour.core.sequence import Sequence
from oncontour.core.volume import Volume
from oncontour.data.files import write_json
from oncontour.data.nifti import write_nifti
from oncontour.pipeline.bids import find_sessions, segment_bids
from oncontour.pipeline.folders import result_folder
from oncontour.pipeline.outcome import CaseResult

VALIDATOR = "bids-validator-deno"


@pytest.fixture
def seen(monkeypatch, bundles):
    """Replaces the work on a case: its mask says which; returns the studies it was called with."""
    studies = []

    def fake(study, folder, options, *, models, clock, record):
        if "bad" in study.name:
            raise NotAStudyError(study.name, "nothing", "a study", "Send one.")
        studies.append(study)
        with result_folder(folder) as part:
            mask = np.full((4, 5, 6), len(studies), np.uint8)
            write_nifti(Volume(mask, np.diag([1.0, 2, 3, 1])), part / "segmentation.nii.gz", "uint8")
            write_json(part / "measurements.json", {"regions": [{"name": "WT", "volume_ml": 12.34}]})
            write_json(part / "provenance.json", record)
            series = [{"series": one.series, "sequence": one.sequence, "used": one.used} for one in study.decisions]
            write_json(part / "quality.json", {"reference": "T1CE", "series": series})
        return CaseResult(study.name, folder, Sequence.T1CE, (), (), (), (), 1.0, study.decisions, ())

    monkeypatch.setattr("oncontour.pipeline.segment.segment_case", fake)
    return studies


@pytest.fixture
def root(tmp_path):
    """Two participants, one with two sessions; an ADC map and other things that are no images of ours."""
    root = tmp_path / "raw"
    root.mkdir()
    for session in ("sub-01/ses-a", "sub-01/ses-b", "sub-02/ses-a"):
        name = session.replace("/", "_")
        for n, suffix in enumerate(("ce-gadolinium_T1w", "FLAIR")):
            path = root / session / "anat" / f"{name}_{suffix}.nii.gz"
            path.parent.mkdir(parents=True, exist_ok=True)
            write_nifti(Volume(np.random.default_rng(n).normal(100, 10, (4, 5, 6)).astype(np.float32), np.eye(4)), path)
    (root / "derivatives" / "other" / "sub-03" / "anat").mkdir(parents=True)
    (root / "README.md").write_text("Images of noise, to try a program on. " * 8)
    write_json(root / "dataset_description.json", {"Name": "Noise", "BIDSVersion": "1.9.0", "DatasetType": "raw"})
    return root


def masks(out):
    return sorted(path.name for path in out.glob("sub-*/**/*.nii.gz"))


def test_each_session_gets_a_mask_with_the_names_of_its_labels(root, tmp_path, seen):
    out = tmp_path / "out"
    outcomes = segment_bids(root, out)
    assert [outcome.status for outcome in outcomes] == ["done"] * 3
    names = [f"sub-{name}_space-orig_desc-tumour_dseg" for name in ("01_ses-a", "01_ses-b", "02_ses-a")]
    assert masks(out) == [f"{name}.nii.gz" for name in names]
    mask = out / "sub-01" / "ses-b" / "anat" / names[1]
    image = nib.load(f"{mask}.nii.gz")
    assert (image.get_fdata() == 2).all()
    np.testing.assert_array_equal(image.affine, np.diag([1.0, 2, 3, 1]))
    assert (mask.parent / f"{mask.name}.tsv").read_text().splitlines()[:2] == [
        "index\tname\tabbreviation", "1\tnecrotic and non-enhancing tumour core\tNCR",
    ]  # fmt: skip
    sidecar = json.loads((mask.parent / f"{mask.name}.json").read_text())
    assert sidecar["SpatialReference"] == "bids:raw:sub-01/ses-b/anat/sub-01_ses-b_ce-gadolinium_T1w.nii.gz"
    assert len(sidecar["Sources"]) == 2
    result = json.loads((out / "result.json").read_text())
    assert (result["status"], [case["case"] for case in result["cases"]]) == (
        "done", ["sub-01_ses-a", "sub-01_ses-b", "sub-02_ses-a"],
    )  # fmt: skip
    generated = json.loads((out / "dataset_description.json").read_text())["GeneratedBy"]
    assert generated[0]["Name"] == "oncontour"
    assert list(tmp_path.rglob("*.part")) == []


@pytest.mark.parametrize(
    ("participants", "sessions", "names"),
    [
        (["01"], [], ["sub-01_ses-a", "sub-01_ses-b"]),
        (["sub-02", "01"], ["a"], ["sub-01_ses-a", "sub-02_ses-a"]),
        ([], ["ses-b"], ["sub-01_ses-b"]),
    ],
)
def test_participants_and_sessions_are_chosen(root, participants, sessions, names):
    assert [case.name for case in find_sessions(root, participants, sessions)] == names


@pytest.mark.parametrize(
    ("participants", "sessions", "found"),
    [(["07"], [], "no sub-07"), ([], ["z"], "no ses-z"), (["02"], ["b"], "no ses-b")],
)
def test_labels_that_are_not_there(root, participants, sessions, found):
    with pytest.raises(InputError, match=found):
        find_sessions(root, participants, sessions)


def test_what_is_no_bids_data_set(tmp_path):
    with pytest.raises(InputError, match=r"no dataset_description\.json"):
        find_sessions(tmp_path)
    write_json(tmp_path / "dataset_description.json", {})
    with pytest.raises(InputError, match="no session with images"):
        find_sessions(tmp_path)


def test_a_session_that_fails_stops_no_other_and_leaves_no_mask(root, tmp_path, seen):
    out = tmp_path / "out"
    (root / "sub-01").rename(root / "sub-bad")
    for path in sorted((root / "sub-bad").rglob("sub-01*")):
        path.rename(path.with_name(path.name.replace("sub-01", "sub-bad")))
    old = out / "sub-bad" / "ses-a" / "anat" / "sub-bad_ses-a_space-orig_desc-tumour_dseg.nii.gz"
    old.parent.mkdir(parents=True)
    old.write_bytes(b"of an earlier run")
    outcomes = segment_bids(root, out)
    assert [outcome.status for outcome in outcomes] == ["done", "failed", "failed"]
    assert masks(out) == ["sub-02_ses-a_space-orig_desc-tumour_dseg.nii.gz"]
    result = json.loads((out / "result.json").read_text())
    assert (result["status"], result["cases"][1]["error"]["kind"]) == ("failed", "NotAStudyError")


def test_a_mask_that_cannot_be_written_is_a_case_that_failed(root, tmp_path, seen, monkeypatch):
    def full(path, scheme):
        raise OutputError(path, "no space left on the disk", "room", "Make room.")

    monkeypatch.setattr("oncontour.pipeline.bids.write_label_table", full)
    outcomes = segment_bids(root, tmp_path / "out", participants=["02"])
    assert [(one.status, one.error.found) for one in outcomes] == [("failed", "no space left on the disk")]


def test_bids_own_validator_finds_no_error(root, tmp_path, seen):
    if not shutil.which(VALIDATOR):
        pytest.skip(f"{VALIDATOR} (pip install) is missing: the derivatives are not validated")
    segment_bids(root, tmp_path / "out")
    for folder in (root, tmp_path / "out"):
        done = subprocess.run([VALIDATOR, "--json", folder], capture_output=True, text=True, timeout=300)
        issues = json.loads(done.stdout)["issues"]["issues"]
        assert [issue for issue in issues if issue["severity"] == "error"] == []
        assert done.returncode == 0
