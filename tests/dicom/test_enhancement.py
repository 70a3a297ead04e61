"""The last resort must tell a head with bright vessels from one without, whatever the coil's shading and scalp fat."""

import numpy as np
import pytest

from oncontour.core.orientation import reorient_array
from oncontour.core.volume import Volume
from oncontour.dicom.enhancement import ENHANCING_RATIO, enhancing_ratio


def make_head(vessels: bool, shading: float = 0.5, brightness: float = 260) -> Volume:
    """An ellipsoid of brain (100) in scalp fat (300), shaded by a coil, with or without vessels inside."""
    rng = np.random.default_rng(4)
    i, j, k = np.meshgrid(*[np.arange(66) * 3.0 - 99] * 3, indexing="ij")
    radius = np.sqrt((i / 75) ** 2 + (j / 90) ** 2 + (k / 80) ** 2)
    image = np.where(radius < 0.92, 100.0, np.where(radius < 1, 300.0, 0.0))
    if vessels:
        image[(np.hypot(i - 9, k - 36) < 3.2) & (abs(j) < 40)] = brightness
    image *= 1 + shading * j / 100
    image += rng.normal(0, 3, image.shape)
    return Volume(image.astype(np.float32), np.diag([3.0, 3.0, 3.0, 1.0]))


@pytest.mark.parametrize("shading", [0.0, 0.5])
def test_vessels_tell(shading):
    assert enhancing_ratio(make_head(True, shading)) > ENHANCING_RATIO
    assert enhancing_ratio(make_head(False, shading)) < ENHANCING_RATIO


@pytest.mark.parametrize("codes", ["LPS", "PIR", "SAL"])
def test_orientation_does_not_matter(codes):
    head = make_head(True)
    turned = Volume(*reorient_array(head.array, head.affine, codes))
    assert enhancing_ratio(turned) == pytest.approx(enhancing_ratio(head), rel=0.05)


def test_too_little_head_says_nothing():
    assert enhancing_ratio(Volume(np.ones((4, 4, 4), np.float32), np.eye(4))) is None
    assert enhancing_ratio(Volume(np.zeros((40, 40, 40), np.float32), np.eye(4))) is None


@pytest.mark.shared
@pytest.mark.parametrize(
    ("file", "after"),
    [
        ("lgg-fg6692-native/*T1_AX_POST_GAD*", True),
        ("lgg-fg6692-native/T1_AX_Other*", False),
        ("templates/brats_mni152_t1_1mm_unstripped.nii.gz", False),
        ("lgg-fg6692-registered/*_t1_bet.nii.gz", False),
        ("lgg-fg6692-registered/*_t1c_bet.nii.gz", True),
        ("metastasis-aurora/t1.nii.gz", False),
        ("metastasis-aurora/t1c.nii.gz", True),
        ("glioma-00000/*t1n.nii.gz", False),
        ("glioma-00000/*t1c.nii.gz", True),
        ("brats2015-t1ce-flair/pat0003/T1c*", True),
        ("brats2018-t1-flair/case_3/T1.nii.gz", False),
    ],
)
def test_real_heads(shared_data, file, after):
    import nibabel

    (path,) = shared_data.glob(file)
    image = nibabel.load(path)
    array = np.squeeze(np.asarray(image.dataobj, dtype=np.float32))
    ratio = enhancing_ratio(Volume(array - array.min(), image.affine))
    assert (ratio > ENHANCING_RATIO) == after, ratio
