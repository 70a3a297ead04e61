"""Small data sets, and fingerprints of larger ones."""

from __future__ import annotations

import numpy as np
import pytest

from oncontour.core.labels import SCHEMES
from oncontour.core.sequence import Sequence
from oncontour.core.volume import Volume
from oncontour.data.nifti import write_nifti
from oncontour.plans.fingerprint import CaseFacts, Fingerprint, Intensities

FOUR = tuple(Sequence)[:4]


@pytest.fixture
def brats_folder(tmp_path):
    """Five cases named as BraTS 2021 names them: a block of voxels in an empty image, a cube of tumour in it."""
    root = tmp_path / "data"
    affine = np.diag([-2.0, -2.0, 3.0, 1.0])
    for n in range(5):
        folder = root / f"BraTS2021_{n:05d}"
        folder.mkdir(parents=True)
        rng = np.random.default_rng(n)
        brain = np.zeros((24, 20, 16), bool)
        brain[4:20, 3:17, 2 : 12 + n % 2] = True
        label = np.zeros(brain.shape, np.uint8)
        label[8:14, 6:12, 5:9] = 2
        label[10:12, 8:10, 6:8] = 1 if n == 4 else 4
        for channel, name in enumerate(("t1", "t1ce", "t2", "flair")):
            image = (rng.normal(100 * (channel + 1), 5, brain.shape) * brain).astype(np.float32)
            write_nifti(Volume(image, affine), folder / f"{folder.name}_{name}.nii.gz", "float32")
        write_nifti(Volume(label, affine), folder / f"{folder.name}_seg.nii.gz", "uint8")
    return root


def made_fingerprint(spacing, shape, scheme="brats", cases=20, sequences=FOUR):
    """A fingerprint of cases scattered about a median."""
    rng = np.random.default_rng(0)
    regions = {region.name: 1.0 for region in SCHEMES[scheme].regions}
    facts = tuple(
        CaseFacts(
            name=f"case-{n}",
            shape=shape,
            cropped=tuple(round(size * rng.uniform(0.93, 1.07)) for size in shape),
            spacing=spacing,
            sequences=sequences,
            brain_ml=1300.0,
            regions_ml=regions,
        )
        for n in range(cases)
    )
    one = Intensities(cases=cases, mean=1.0, deviation=1.0, percentiles=(0.0, 0.5, 1.0, 1.5, 2.0))
    return Fingerprint(
        dataset="A set", scheme=scheme, digest="d", cases=facts, intensities=dict.fromkeys(sequences, one)
    )


@pytest.fixture
def make_fingerprint():
    return made_fingerprint
