"""Planning a U-Net: every number against nnU-Net's own planners."""

from __future__ import annotations

import importlib
import json

import nibabel
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from oncontour.core.errors import InputError
from oncontour.plans.nnunet import Configuration, configurations, repatched
from oncontour.plans.topology import PRESETS, topology

LABELS = {"background": 0, "WT": [1, 2, 3], "TC": [1, 3], "ET": [3]}

PLANNERS = {
    "plain": ("default_experiment_planner", "ExperimentPlanner"),
    "residual_m": ("residual_unets.residual_encoder_unet_planners", "nnUNetPlannerResEncM"),
    "residual_l": ("residual_unets.residual_encoder_unet_planners", "nnUNetPlannerResEncL"),
    "residual_xl": ("residual_unets.residual_encoder_unet_planners", "nnUNetPlannerResEncXL"),
}


def spread(spacing, shape, cases=8):
    """Cases (spacings (n, 3), shapes (n, 3)) scattered about a median; axes RAS."""
    rng = np.random.default_rng(0)
    shapes = np.rint(np.array(shape) * rng.uniform(0.93, 1.07, (cases, 3))).astype(int)
    return np.array(spacing) * rng.uniform(0.98, 1.02, (cases, 3)), shapes


DATA = {
    "brats": (np.ones((12, 3)), np.tile([140, 170, 138], (12, 1)) + np.arange(-6, 6)[:, None]),
    "thick slices": spread((0.4, 0.4, 6.0), (480, 512, 24)),
    "slices of several thicknesses": (
        np.array([[0.9, 0.9, mm] for mm in (1.0, 3.0, 5.0, 5.0, 5.0, 6.5)]),
        np.array([[220, 240, round(150 / mm)] for mm in (1.0, 3.0, 5.0, 5.0, 5.0, 6.5)]),
    ),
    "small phantom": (np.full((40, 3), 2.0), np.tile([68, 85, 69], (40, 1))),
    "tiny phantom": (np.full((9, 3), 4.0), np.tile([34, 43, 35], (9, 1))),
    "sagittal slices": spread((4.0, 0.6, 0.6), (36, 380, 400)),
    "fine and large": spread((0.5, 0.5, 0.5), (400, 420, 380)),
}


def peers_plan(monkeypatch, folder, planner, spacings, shapes, channels, memory_gb) -> dict[str, dict]:
    """What nnU-Net plans for a data set of that fingerprint: its configurations by name, axes brought back to RAS."""
    raw, preprocessed = folder / "raw" / "Dataset001_x", folder / "preprocessed" / "Dataset001_x"
    for path in (raw / "imagesTr", raw / "labelsTr", preprocessed):
        path.mkdir(parents=True)
    image = nibabel.Nifti1Image(np.zeros((2, 2, 2), np.float32), np.eye(4))
    for n in range(len(spacings)):
        (raw / "labelsTr" / f"c{n}.nii.gz").touch()
        for channel in range(channels):
            (raw / "imagesTr" / f"c{n}_{channel:04d}.nii.gz").touch()
    image.to_filename(raw / "imagesTr" / "c0_0000.nii.gz")
    content = {
        "channel_names": {str(n): f"MR{n}" for n in range(channels)},
        "labels": LABELS,
        "regions_class_order": [2, 1, 3],
        "numTraining": len(spacings),
        "file_ending": ".nii.gz",
    }
    (raw / "dataset.json").write_text(json.dumps(content))
    fingerprint = {
        "spacings": spacings[:, ::-1].tolist(),
        "shapes_after_crop": shapes[:, ::-1].tolist(),
        "foreground_intensity_properties_per_channel": {},
        "median_relative_size_after_cropping": 1.0,
    }
    (preprocessed / "dataset_fingerprint.json").write_text(json.dumps(fingerprint))

    module, name = PLANNERS[planner]
    monkeypatch.setenv("nnUNet_raw", str(raw.parent))
    monkeypatch.setenv("nnUNet_preprocessed", str(preprocessed.parent))
    peer = getattr(importlib.import_module(f"nnunetv2.experiment_planning.experiment_planners.{module}"), name)
    with torch.device("meta"):  # nnU-Net builds each network only to count its feature maps
        plans = peer(1, memory_gb).plan_experiment()
    back = plans["transpose_backward"]

    def to_ras(values, slices):
        values = [slices, *values] if len(values) == 2 else list(values)
        return tuple(values[n] for n in back)[::-1]

    found = {}
    for configuration, numbers in plans["configurations"].items():
        numbers = plans["configurations"]["3d_fullres"] if "inherits_from" in numbers else numbers
        arguments = numbers["architecture"]["arch_kwargs"]
        found[configuration] = {
            "spacing": pytest.approx(to_ras(numbers["spacing"], np.nan), rel=1e-6, nan_ok=True),
            "patch": to_ras(numbers["patch_size"], 1),
            "batch": numbers["batch_size"],
            "strides": tuple(to_ras(stride, 1) for stride in arguments["strides"]),
            "kernels": tuple(to_ras(kernel, 1) for kernel in arguments["kernel_sizes"]),
            "features": tuple(arguments["features_per_stage"]),
            "encoder": tuple(arguments.get("n_blocks_per_stage") or arguments["n_conv_per_stage"]),
            "decoder": tuple(arguments["n_conv_per_stage_decoder"]),
            "batch_dice": numbers["batch_dice"],
        }
    return found


def as_compared(configuration: Configuration) -> dict:
    """The same numbers of ours; a 2-D plan has no spacing through the slices there."""
    spacing = configuration.spacing
    if configuration.name == "2d":
        spacing = tuple(np.nan if n == 1 else mm for n, mm in zip(configuration.patch, spacing, strict=True))
    names = ("patch", "batch", "strides", "kernels", "features", "encoder", "decoder", "batch_dice")
    return {"spacing": spacing, **{name: getattr(configuration, name) for name in names}}


@pytest.mark.peers
@pytest.mark.parametrize("planner", PLANNERS)
@pytest.mark.parametrize("data", DATA)
def test_same_plans_as_nnunet(data, planner, monkeypatch, tmp_path):
    spacings, shapes = DATA[data]
    memory_gb = PRESETS[planner].memory_gb
    theirs = peers_plan(monkeypatch, tmp_path, planner, spacings, shapes, 4, memory_gb)
    ours = configurations(spacings, shapes, len(LABELS), memory_gb, planner)
    assert {name: as_compared(part) for name, part in ours.items()} == theirs


AXIS = st.integers(1, 400)
MM = st.floats(0.2, 8.0)


@given(spacing=st.tuples(MM, MM, MM), patch=st.tuples(AXIS, AXIS, AXIS))
@settings(max_examples=200, deadline=None)
def test_a_topology_divides_its_patch_and_grows_its_kernels(spacing, patch):
    found = topology(spacing, patch)
    assert all(have >= asked for have, asked in zip(found.patch, patch, strict=True))
    assert all(have - asked < of for have, asked, of in zip(found.patch, patch, found.multiple, strict=True))
    assert all(n % of == 0 for n, of in zip(found.patch, found.multiple, strict=True))
    assert all(n // of >= 4 or of == 1 for n, of in zip(found.patch, found.multiple, strict=True))
    assert found.kernels[-1] == (3, 3, 3)
    assert len(found.kernels) == len(found.strides)
    for axis in range(3):
        assert sorted(kernel[axis] for kernel in found.kernels) == [kernel[axis] for kernel in found.kernels]


@given(
    spacing=st.tuples(MM, MM, MM), shape=st.tuples(*[st.integers(16, 300)] * 3), memory_gb=st.sampled_from([4, 8, 24])
)
@settings(max_examples=40, deadline=None)
def test_more_memory_never_shrinks_what_a_batch_holds(spacing, shape, memory_gb):
    cases = 200  # enough that the share of the data set in one batch is no limit
    spacings, shapes = np.tile(spacing, (cases, 1)), np.tile(shape, (cases, 1))
    small, large = (configurations(spacings, shapes, 4, gb)["3d_fullres"] for gb in (memory_gb, 2 * memory_gb))
    assert large.batch * np.prod(large.patch) >= small.batch * np.prod(small.patch) * 0.75  # a batch is whole patches
    assert small.maps <= PRESETS["plain"].maps[3] * memory_gb / 8


def test_too_little_memory_is_an_error_with_its_value():
    with pytest.raises(InputError, match=r"1e-07 GB"):
        configurations(*DATA["brats"], 4, 1e-7)


def test_a_spacing_asked_for_is_the_one_planned():
    planned = configurations(*DATA["brats"], 4, 8.0, spacing=(2.0, 2.0, 2.0))["3d_fullres"]
    assert planned.spacing == (2.0, 2.0, 2.0)
    assert planned.shape == (70, 84, 68)


def test_another_patch_keeps_to_the_same_rules():
    part = configurations(*DATA["brats"], 4, 8.0)["3d_fullres"]
    assert repatched(part, part.patch, 12, 4, "plain", 8.0) == part
    small = repatched(part, (60, 64, 62), 12, 4, "plain", 8.0)
    assert small.patch == (64, 64, 64)
    assert small.batch > part.batch


def test_single_slices_have_a_flat_plan_alone():
    planned = configurations(np.tile([1.0, 1.0, 5.0], (5, 1)), np.tile([200, 200, 1], (5, 1)), 2, 8.0)
    assert list(planned) == ["2d"]
    assert planned["2d"].patch[2] == 1
