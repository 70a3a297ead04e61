"""One case through every room, with a stand-in for the network that knows where the tumour is."""

from __future__ import annotations

import json
from pathlib import Path

import nibabel
import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from oncontour.core.errors import SequenceError
from oncontour.core.grid import Grid
from oncontour.core.labels import BRATS
from oncontour.core.sequence import Sequence
from oncontour.core.study import Decision, Image, Study
from oncontour.core.volume import Volume
from oncontour.data.nifti import write_nifti
from oncontour.pipeline.case import segment_case
from oncontour.pipeline.folders import DICOM_FILES, RESULT_FILES
from oncontour.pipeline.options import Options

CENTRE = np.array([25.0, -10.0, 12.0])
RADII = {"WT": 20.0, "TC": 14.0, "ET": 9.0}
OBLIQUE = np.array([[-1.97, 0.25, 0.35, 92.0], [0.3, 1.95, -0.4, -98.0], [-0.2, 0.25, 3.9, -60.0], [0, 0, 0, 1.0]])


def ball(grid: Grid, radius: float) -> np.ndarray:
    """Probability of lying in a ball around the tumour's centre, soft over 2 mm."""
    world = grid.to_world(np.moveaxis(np.indices(grid.shape), 0, -1))
    return 1 / (1 + np.exp((np.linalg.norm(world - CENTRE, axis=-1) - radius) / 0.5))


def head(grid: Grid, seed: int) -> Volume:
    """A skull-stripped brain: an ellipsoid of texture that is the same in the world for every grid, and the tumour."""
    world = grid.to_world(np.moveaxis(np.indices(grid.shape), 0, -1))
    inside = np.linalg.norm(world / [65, 80, 60], axis=-1) < 1
    noise = gaussian_filter(np.random.default_rng(3).normal(size=(56, 56, 56)), 1.5)
    at = np.clip(((world + 110) / 4).astype(int), 0, 55)
    array = 300 + 400 * noise[at[..., 0], at[..., 1], at[..., 2]] + 30 * seed + 150 * ball(grid, RADII["WT"])
    return Volume((np.maximum(array, 1) * inside).astype(np.float32), grid.affine)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """T1CE on an oblique, anisotropic grid, FLAIR on another one of the same world."""
    flair = np.array([[2.0, 0, 0, -80], [0, 2, 0, -90], [0, 0, 2, -75], [0, 0, 0, 1]])
    grids = {Sequence.T1CE: Grid((96, 96, 32), OBLIQUE), Sequence.FLAIR: Grid((80, 90, 75), flair)}
    images = {}
    for n, (sequence, grid) in enumerate(grids.items()):
        path = tmp_path_factory.mktemp("study") / f"{sequence}.nii.gz"
        volume = head(grid, n)
        write_nifti(volume, path)
        images[sequence] = Image(sequence, volume, path.name, (path,), dicom=False)
    decisions = tuple(Decision(image.source, sequence, True, "a test", 1.0) for sequence, image in images.items())
    return Study("one", images, decisions, ("A note.",))


def knowing_network(scale: float):
    """A stand-in for `predict` that gives the balls, times `scale`."""

    def predict(bundle, images, brain, progress=None):
        found = np.stack([ball(brain.grid, radius) for radius in RADII.values()])
        return Volume((found * scale).astype(np.float32), brain.affine)

    return predict


@pytest.fixture(scope="module")
def done(study, tmp_path_factory, stand_in_bundles):
    """The study segmented: (result, folder)."""
    root = tmp_path_factory.mktemp("done")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("oncontour.inference.bundle.load_bundle", stand_in_bundles(root / "bundles"))
        patch.setattr("oncontour.inference.predict.predict", knowing_network(1.0))
        return segment_case(study, root / "out", Options(dicom=True, bias_field=False)), root / "out"


@pytest.mark.slow
def test_the_result_lies_in_the_references_grid(study, done):
    result, folder = done
    assert {path.name for path in folder.iterdir()} == RESULT_FILES - {"error.json", *DICOM_FILES}
    labels, regions = nibabel.load(folder / "segmentation.nii.gz"), nibabel.load(folder / "regions.nii.gz")
    reference = study.images[result.reference].volume
    assert labels.shape == reference.array.shape
    np.testing.assert_allclose(labels.affine, reference.affine, atol=1e-4)
    masks = np.moveaxis(np.asarray(regions.dataobj), -1, 0).astype(bool)
    np.testing.assert_array_equal(BRATS.encode(np.asarray(labels.dataobj)), masks)
    assert [masks[n].any() for n in range(3)] == [True] * 3


@pytest.mark.slow
def test_volumes_are_those_of_the_written_masks_and_of_the_tumour(study, done):
    result, folder = done
    voxel_ml = study.images[result.reference].volume.grid.voxel_volume_mm3 / 1000
    voxels = np.asarray(nibabel.load(folder / "regions.nii.gz").dataobj).sum(axis=(0, 1, 2), dtype=int)
    regions = json.loads((folder / "measurements.json").read_text())["regions"]
    for region, count, (name, radius) in zip(regions, voxels, RADII.items(), strict=True):
        assert region["name"] == name
        assert region["volume_ml"] == pytest.approx(count * voxel_ml, rel=1e-3)
        assert region["volume_ml"] == pytest.approx(4 / 3 * np.pi * radius**3 / 1000, rel=0.10)
        assert np.linalg.norm(np.array(region["centroid_mm"]) - CENTRE) < 1.0
        assert region["hemisphere"] == "right"


@pytest.mark.slow
def test_what_was_done_is_told(done):
    result, folder = done
    quality = json.loads((folder / "quality.json").read_text())
    assert quality["status"] == "done"
    assert [item["sequence"] for item in quality["missing"]] == ["T1", "T2"]
    assert "A note." in quality["notes"]
    assert any("No DICOM was written" in note for note in quality["notes"])
    assert {"segmentation", "postprocessing", "measurement", "writing"} <= {step["name"] for step in quality["steps"]}
    assert len(quality["steps"]) == len(result.steps) > 5
    assert quality["checks"]
    transforms = json.loads((folder / "transforms.json").read_text())
    assert transforms["reference"] == result.reference
    for matrix in transforms["transforms"].values():
        np.testing.assert_allclose(matrix, np.eye(4), atol=0.5)  # Both images lie in one world.
    provenance = json.loads((folder / "provenance.json").read_text())
    assert [record["file"] for record in provenance["inputs"]] == ["T1CE.nii.gz", "FLAIR.nii.gz"]


@pytest.mark.slow
def test_no_tumour_is_a_result(study, bundles, monkeypatch, tmp_path):
    monkeypatch.setattr("oncontour.inference.predict.predict", knowing_network(0.0))
    alone = Study("one", {Sequence.T1CE: study.images[Sequence.T1CE]})
    result = segment_case(alone, tmp_path / "out", Options(bias_field=False))
    assert [measured.volume_ml for measured in result.measurements] == [0, 0, 0]
    assert not np.asarray(nibabel.load(tmp_path / "out" / "segmentation.nii.gz").dataobj).any()
    assert json.loads((tmp_path / "out" / "measurements.json").read_text())["findings"] == "No tumour found."


def test_a_study_that_shows_too_little_is_refused(study, bundles, tmp_path):
    image = study.images[Sequence.FLAIR]
    with pytest.raises(SequenceError, match="T1 alone"):
        segment_case(Study("one", {Sequence.T1: image}), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_options_name_the_file_of_a_mask_and_not_its_folder():
    assert Options(brain_mask=Path("/home/doe/mask.nii.gz")).record()["brain_mask"] == "mask.nii.gz"
