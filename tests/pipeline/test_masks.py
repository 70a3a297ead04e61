"""From probabilities to masks: the random field, the thresholds, the labels that regions do not tell."""

from __future__ import annotations

import json
from types import SimpleNamespace

import highdicom
import nibabel
import numpy as np
import pydicom
import pytest
import torch

from oncontour.core.errors import BundleError
from oncontour.core.grid import Grid
from oncontour.core.labels import PAEDIATRIC, WHOLE
from oncontour.core.sequence import Sequence
from oncontour.core.study import Image, Study
from oncontour.core.volume import Volume
from oncontour.dicom.write_series import SyntheticStudy, write_series
from oncontour.inference.bundle import Bundle, save_bundle, verify_bundle
from oncontour.inference.nnunet.predict import decided
from oncontour.inference.weights import build
from oncontour.pipeline.case import segment_case
from oncontour.pipeline.folders import RESULT_FILES
from oncontour.pipeline.masks import native_masks
from oncontour.pipeline.options import Options
from oncontour.plans.plan import Plan

CONTENT = {
    "name": "tiny", "scheme": "whole", "channels": ["T1CE", "FLAIR"], "spacing_mm": 2.0, "normalisation": "zscore",
    "network": {"name": "residual_unet", "arguments": {"inputs": 2, "outputs": 1, "features": [4, 8], "fine": 4}},
    "training": {"epochs": 1, "steps_per_epoch": 1, "batch": 1, "patch": [16, 16, 16]},
    "inference": {"mirror": [], "tile": [64, 64, 64], "overlap": 0.25},
    "postprocess": {"hole_mm3": 0, "island_share": 0, "minimum_whole_mm3": 0},
}  # fmt: skip
GRID = Grid((24, 20, 16), np.diag([1.0, 1.0, 1.0, 1.0]))


def bundle_of(tmp_path, **changes) -> Bundle:
    content = {**CONTENT, **changes}
    content["postprocess"] = {**CONTENT["postprocess"], **changes.get("postprocess", {})}
    return Bundle(tmp_path, Plan.model_validate(content), {}, "A card.")


def prepared_of(images) -> SimpleNamespace:
    return SimpleNamespace(reference_grid=GRID, reference="T1CE", normalised=images)


@pytest.fixture
def unsure():
    """A tumour that both images show, and what an unsure network says of it: (truth, images, probabilities)."""
    rng = np.random.default_rng(0)
    truth = np.zeros(GRID.shape, bool)
    truth[6:16, 5:15, 4:12] = True
    images = {
        sequence: Volume((2.0 * truth - 1 + rng.normal(0, 0.2, truth.shape)).astype(np.float32), GRID.affine)
        for sequence in (Sequence.T1CE, Sequence.FLAIR)
    }
    said = np.clip(0.35 + 0.3 * truth + rng.normal(0, 0.2, truth.shape), 0.02, 0.98).astype(np.float32)
    return truth, images, Volume(said[None], GRID.affine)


def wrong(masks, truth):
    return np.count_nonzero(masks.regions.array[0] != truth) / truth.size


def test_a_random_field_of_the_plan_mends_what_a_network_is_unsure_of(unsure, tmp_path):
    truth, images, said = unsure
    without = native_masks(said, prepared_of(images), bundle_of(tmp_path))
    with_field = native_masks(said, prepared_of(images), bundle_of(tmp_path, postprocess={"crf": {}}))
    assert wrong(without, truth) > 0.15
    assert wrong(with_field, truth) < 0.01
    none = native_masks(said, prepared_of(images), bundle_of(tmp_path, postprocess={"crf": {"iterations": 0}}))
    np.testing.assert_array_equal(none.regions.array, without.regions.array)


def test_a_random_field_decides_about_the_threshold_of_the_region(unsure, tmp_path):
    """Probabilities all below one half, of a plan that calls 0.3 a tumour, are no less a tumour with a field."""
    truth, images, said = unsure
    low = said.with_array(said.array * 0.6)
    fields = {"crf": {}, "threshold": {"WT": 0.3}}
    assert wrong(native_masks(low, prepared_of(images), bundle_of(tmp_path, postprocess=fields)), truth) < 0.01
    fields["threshold"] = 0.5
    assert wrong(native_masks(low, prepared_of(images), bundle_of(tmp_path, postprocess=fields)), truth) > 0.1


def test_a_random_field_looks_at_the_sequences_that_are_there(unsure, tmp_path):
    truth, images, said = unsure
    crf = {"appearance_intensity": {"T1CE": 0.3, "FLAIR": 0.4}}
    one = {Sequence.FLAIR: images[Sequence.FLAIR]}
    assert wrong(native_masks(said, prepared_of(one), bundle_of(tmp_path, postprocess={"crf": crf})), truth) < 0.01
    crf = {"appearance_intensity": {"T1CE": 0.3}}
    with pytest.raises(BundleError, match="no number for FLAIR"):
        native_masks(said, prepared_of(images), bundle_of(tmp_path, postprocess={"crf": crf}))


def test_fields_of_the_random_field_are_checked(tmp_path):
    with pytest.raises(ValueError, match=r"appearance_mm"):
        bundle_of(tmp_path, postprocess={"crf": {"appearance_mm": 0}})


SOFTMAX = {
    "scheme": "paediatric",
    "network": {"name": "residual_unet", "arguments": {"inputs": 2, "outputs": 5, "features": [4, 8], "fine": 4}},
    "training": {**CONTENT["training"], "loss": {"output": "softmax"}},
}


def test_labels_in_the_same_regions_are_told_apart_by_the_likeliest(tmp_path):
    bundle = bundle_of(tmp_path, **SOFTMAX)
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 5, GRID.shape)  # ET 1, NET 2, CC 3, ED 4
    chances = np.full((5, *GRID.shape), 0.1, np.float32)
    np.put_along_axis(chances, labels[None], 0.6, axis=0)
    output = Volume(np.stack([chances[list(own)].sum(0) for own in bundle.classes]), GRID.affine)
    masks = native_masks(output, prepared_of({}), bundle)
    np.testing.assert_array_equal(masks.label_map.array, labels)
    names = [region.name for region in masks.scheme.regions]
    assert names == ["WT", "TC", "ET", "NET", "CC", "ED", "NETCCED"]
    for region, mask in zip(masks.scheme.regions, masks.regions.array, strict=True):
        np.testing.assert_array_equal(mask, np.isin(labels, PAEDIATRIC.values(PAEDIATRIC.region(region.name))))


def test_a_cleaned_region_has_the_likeliest_of_its_labels(tmp_path):
    """A filled hole is background to the network, and a cyst if that is the likeliest label of the core."""
    bundle = bundle_of(tmp_path, **SOFTMAX, postprocess={"hole_mm3": 3.0})
    chances = np.zeros((5, *GRID.shape), np.float32)
    chances[0] = 1
    chances[:, 5:10, 5:10, 5:10] = np.array([0, 0, 0.2, 0.8, 0])[:, None, None, None]
    chances[:, 7, 7, 7] = 0.6, 0, 0.1, 0.3, 0
    output = Volume(np.stack([chances[list(own)].sum(0) for own in bundle.classes]), GRID.affine)
    masks = native_masks(output, prepared_of({}), bundle)
    assert masks.label_map.array[7, 7, 7] == 3
    assert np.count_nonzero(masks.label_map.array == 3) == 125


def test_regions_that_tell_all_labels_leave_the_scheme_as_it_is(tmp_path):
    bundle = bundle_of(tmp_path, **{**SOFTMAX, "scheme": "brats"})
    assert not bundle.labels_apart
    assert len(bundle.classes) == 3


def test_what_nnunet_decides_holds_for_labels_too():
    chances = np.array([0.45, 0.35, 0.2], np.float32)
    assert (decided(chances, np.array([True, False, False])) > 0.5).tolist() == [True, False, False]


@pytest.fixture
def cystic(tmp_path):
    """A bundle whose network calls every voxel a cyst, and a DICOM study of a stripped brain."""
    plan = Plan.model_validate({**CONTENT, **SOFTMAX})
    network = build(plan.network, tmp_path)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.zero_()
        last = [layer for layer in network.modules() if isinstance(layer, torch.nn.Conv3d) and layer.bias is not None]
        last[-1].bias.copy_(torch.tensor([0.0, 0.0, 1.0, 5.0, 0.0]))
    golden = np.random.default_rng(0).normal(size=(2, 16, 16, 16)).astype(np.float32)
    bundle = save_bundle(tmp_path / "bundle", plan, network, golden, "# Cysts\n\nA card.\n", {})
    affine = np.diag([2.5, 2.5, 2.5, 1.0])
    affine[:3, 3] = -70
    where = np.moveaxis(np.indices((56, 56, 56)), 0, -1) @ affine[:3, :3] + affine[:3, 3]
    depth = 1 - np.linalg.norm(where / (58, 64, 55), axis=-1)
    texture = np.random.default_rng(1).normal(0, 20, depth.shape)
    array = np.round((depth > 0) * (400 + 200 * depth + texture)).astype(np.float32)
    shown = SyntheticStudy("t", 1)
    volume = Volume(array, affine)
    files = write_series(volume, tmp_path / "dicom", sequence=Sequence.T1CE, number=4, study=shown, plane=None)
    image = Image(Sequence.T1CE, volume, "series 4", files, dicom=True)
    return bundle, Study("one", {Sequence.T1CE: image})


@pytest.mark.slow
def test_a_softmax_bundle_gives_its_labels_in_every_file(cystic, tmp_path):
    bundle, study = cystic
    assert verify_bundle(bundle) < 0.01
    out = tmp_path / "out"
    options = Options(bundle=str(bundle.folder), bias_field=False, skull_stripped=True, dicom=True)
    result = segment_case(study, out, options)
    assert {path.name for path in out.iterdir()} == RESULT_FILES - {"error.json"}
    assert [path.name for path in (out / "overlay").iterdir()] == ["T1CE"]
    labels = np.asarray(nibabel.load(out / "segmentation.nii.gz").dataobj)
    assert set(np.unique(labels)) == {0, 3}
    volumes = {measured.name: measured.volume_ml for measured in result.measurements}
    assert volumes["CC"] == pytest.approx(volumes["WT"]) == pytest.approx(np.count_nonzero(labels) * 2.5**3 / 1000)
    assert volumes["NET"] == volumes["ED"] == volumes["ET"] == 0
    written = json.loads((out / "measurements.json").read_text())["regions"]
    assert [region["name"] for region in written] == list(volumes)
    segments = pydicom.dcmread(out / "seg.dcm").SegmentSequence
    titles = [segment.SegmentLabel for segment in segments]
    assert titles == [measured.title for measured in result.measurements]
    assert {"non-enhancing tumour", "cystic component", "peritumoural oedema"} < set(titles)
    assert "CC" in (out / "report.html").read_text()
    groups = highdicom.sr.srread(out / "sr.dcm").content.get_volumetric_roi_measurement_groups()
    assert [group.tracking_identifier for group in groups] == list(volumes)


def test_whole_is_told_by_its_one_region():
    assert WHOLE.regions_tell_labels
