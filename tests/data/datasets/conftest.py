"""Small data sets in every layout that is read."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from oncontour.core.sequence import Sequence
from oncontour.core.volume import Volume
from oncontour.data.datasets import read_case
from oncontour.data.nifti import write_nifti

SHAPE = (9, 8, 7)

AFFINE = np.array([[-0.96, 0.28, 0, 30.5], [-0.28, -0.96, 0, 40.25], [0, 0, 2.5, -20], [0, 0, 0, 1.0]])
"""Rotated and anisotropic, so that a mistake in an axis or in the place shows."""

T1, T1CE, T2, FLAIR, ADC = Sequence

FOUR = (T1, T1CE, T2, FLAIR)


def image(seed: int) -> Volume:
    """Whole numbers, as scanners give them."""
    array = np.random.default_rng(seed).integers(0, 1500, SHAPE).astype(np.float32)
    return Volume(array, AFFINE)


def mask(values=(1, 2, 3), seed: int = 0) -> Volume:
    """A label map that holds every value."""
    array = np.random.default_rng(seed).choice([0, 0, *values], SHAPE)
    array.ravel()[: len(values)] = values
    return Volume(array.astype(np.uint8), AFFINE)


def put(volume: Volume, path: Path, dtype="float32") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_nifti(volume, path, dtype)
    return path


def assert_read(dataset, name, number, stored_values, meanings, order=FOUR):
    """The case's images are those of the tree's `number`, and its labels mean what they should."""
    images, labels = read_case(dataset.case(name), dataset)
    assert set(images) == set(order)
    for channel, sequence in enumerate(order):
        np.testing.assert_array_equal(images[sequence].array, image(10 * number + channel).array)
        np.testing.assert_allclose(images[sequence].affine, AFFINE, atol=1e-5)
    stored = mask(stored_values, number).array
    expected = np.zeros(SHAPE, np.uint8)
    for value, meaning in zip(stored_values, meanings, strict=True):
        expected[stored == value] = meaning
    np.testing.assert_array_equal(labels.array, expected)
    np.testing.assert_allclose(labels.affine, AFFINE, atol=1e-5)
    assert labels.array.dtype == np.uint8


@pytest.fixture
def brats_tree(tmp_path):
    """Writes folders of cases named as BraTS names them, and returns their root."""

    def make(names, suffixes="_t1 _t1ce _t2 _flair _seg", values=(1, 2, 3), root: Path = tmp_path / "data") -> Path:
        *images, seg = suffixes.split()
        for number, name in enumerate(names):
            stem = Path(name).name
            for channel, suffix in enumerate(images):
                put(image(10 * number + channel), root / name / f"{stem}{suffix}.nii.gz")
            put(mask(values, number), root / name / f"{stem}{seg}.nii.gz", "uint8")
        return root

    return make


@pytest.fixture
def make_nnunet(tmp_path):
    """Writes nnU-Net raw data of two channels, and returns their root."""

    def make(content, values=(1, 2, 3), root: Path = tmp_path / "Dataset001_X", cases=("a_1", "a_2")) -> Path:
        for number, name in enumerate(cases):
            for channel in range(2):
                put(image(10 * number + channel), root / "imagesTr" / f"{name}_{channel:04d}.nii.gz")
            put(mask(values, number), root / "labelsTr" / f"{name}.nii.gz", "uint8")
        (root / "dataset.json").write_text(json.dumps(content))
        return root

    return make


@pytest.fixture
def make_msd(tmp_path):
    """Writes MSD's Task01 with two training cases and one for tests, and returns its root."""

    def make(names=("BRATS_001", "BRATS_002"), root: Path = tmp_path / "Task01_BrainTumour") -> Path:
        for number, name in enumerate((*names, "BRATS_485")):
            stack = np.stack([image(10 * number + channel).array for channel in range(4)])
            part = "imagesTs" if name == "BRATS_485" else "imagesTr"
            put(Volume(stack, AFFINE), root / part / f"{name}.nii.gz")
            if part == "imagesTr":
                put(mask(seed=number), root / "labelsTr" / f"{name}.nii.gz", "uint8")
        content = {
            "modality": {"0": "FLAIR", "1": "T1w", "2": "t1gd", "3": "T2w"},
            "labels": {"0": "background", "1": "edema", "2": "non-enhancing tumor", "3": "enhancing tumour"},
            "training": [
                {"image": f"./imagesTr/{name}.nii.gz", "label": f"./labelsTr/{name}.nii.gz"} for name in names
            ],
            "test": ["./imagesTs/BRATS_485.nii.gz"],
        }
        (root / "dataset.json").write_text(json.dumps(content))
        return root

    return make


@pytest.fixture
def make_bids(tmp_path):
    """Writes BIDS with two visits of one person and one of another, masks in derivatives, and returns its root."""

    def make(root: Path = tmp_path / "bids", table: bool = True) -> Path:
        for number, place in enumerate(("sub-01/ses-01", "sub-01/ses-02", "sub-02/ses-01")):
            stem = place.replace("/", "_")
            for channel, suffix in enumerate(("T1w", "ce-gadolinium_T1w", "T2w", "FLAIR")):
                put(image(10 * number + channel), root / place / "anat" / f"{stem}_{suffix}.nii.gz")
            masks = root / "derivatives" / "manual" / place / "anat"
            put(mask((4, 5, 6), number), masks / f"{stem}_desc-tumour_dseg.nii.gz", "uint8")
        if table:
            lines = "index\tname\n4\tenhancing tumour\n5\tedema\n6\tnecrosis\n"
            (root / "derivatives" / "manual" / "dseg.tsv").write_text(lines)
        (root / "participants.tsv").write_text("participant_id\tage\nsub-01\t40\nsub-02\t50\n")
        return root

    return make
