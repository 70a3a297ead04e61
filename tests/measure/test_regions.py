import dataclasses
from pathlib import Path

import nibabel
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from oncontour.core.errors import GeometryError
from oncontour.core.labels import BRATS
from oncontour.core.orientation import ALL_ORIENTATIONS, reorient_array
from oncontour.core.volume import Volume
from oncontour.measure import bidimensional, measure_regions, volume_ml

OBLIQUE = np.array([[0.9, 0.05, 0.1, -30], [-0.05, 1.1, 0.2, -17], [0.0, -0.1, 2.5, 11], [0, 0, 0, 1.0]])


def lumps(shape=(22, 20, 12), seed=0):
    smooth = ndimage.gaussian_filter(np.random.default_rng(seed).random(shape), 1.5)
    return np.stack([smooth > np.quantile(smooth, level) for level in (0.6, 0.8, 0.95)])


def test_a_box_of_known_size_and_place():
    regions = np.zeros((3, 40, 40, 20), dtype=bool)
    regions[0, 10:20, 5:25, 4:8] = True
    regions[1, 10:15, 5:25, 4:8] = True
    affine = np.diag([1.0, 1.0, 2.5, 1.0])
    affine[:3, 3] = (-20, -10, 30)
    whole, core, enhancing = measure_regions(Volume(regions, affine), BRATS)
    assert whole.volume_ml == pytest.approx(10 * 20 * 4 * 2.5 / 1000)
    assert (whole.share, core.share) == (1.0, 0.5)
    assert whole.components == 1
    assert whole.centroid_mm == pytest.approx((-20 + 14.5, -10 + 14.5, 30 + 5.5 * 2.5))
    assert whole.box_mm[0] == pytest.approx((-10.5, -5.5, 30 + 3.5 * 2.5))
    assert whole.box_mm[1] == pytest.approx((-0.5, 14.5, 30 + 7.5 * 2.5))
    assert whole.longest_mm == pytest.approx(np.sqrt(9**2 + 19**2 + 7.5**2))
    assert whole.hemisphere is None
    assert (enhancing.volume_ml, enhancing.share, enhancing.components, enhancing.longest_mm) == (0.0, 0.0, 0, 0.0)
    assert enhancing.centroid_mm is None
    assert enhancing.box_mm is None


def test_no_tumour_has_no_share():
    measured = measure_regions(Volume(np.zeros((3, 4, 4, 4), dtype=bool), np.eye(4)), BRATS)
    assert [item.share for item in measured] == [None] * 3
    assert [item.name for item in measured] == ["WT", "TC", "ET"]


@pytest.mark.parametrize("codes", ALL_ORIENTATIONS)
def test_the_same_in_all_48_orientations(codes):
    regions, affine = lumps(), OBLIQUE
    brain = np.zeros(regions.shape[1:], dtype=bool)
    brain[1:-1, 1:-1, 1:-1] = True
    expected = measure_regions(Volume(regions, affine), BRATS, Volume(brain, affine))
    turned = Volume(*reorient_array(regions, affine, codes))
    found = measure_regions(turned, BRATS, Volume(brain, affine).reoriented(codes))
    for a, b in zip(found, expected, strict=True):
        assert a.volume_ml == pytest.approx(b.volume_ml)
        assert (a.share, a.components, a.hemisphere) == (pytest.approx(b.share), b.components, b.hemisphere)
        assert a.centroid_mm == pytest.approx(b.centroid_mm)
        assert np.allclose(a.box_mm, b.box_mm)
        assert a.longest_mm == pytest.approx(b.longest_mm)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-0.6, 0.6), min_size=3, max_size=3), st.tuples(*[st.floats(0.3, 6.0)] * 3))
def test_shear_does_not_change_a_volume(shear, spacing):
    affine = np.diag([*spacing, 1.0])
    affine[0, 1], affine[0, 2], affine[1, 2] = np.array(shear) * (spacing[1], spacing[2], spacing[2])
    mask = lumps()[0]
    assert volume_ml(mask, affine) == pytest.approx(mask.sum() * np.prod(spacing) / 1000)


@pytest.mark.parametrize(("place", "side"), [(slice(2, 9), "left"), (slice(22, 29), "right"), (slice(9, 22), "both")])
@pytest.mark.parametrize("tilt", [0.0, 0.15])
def test_sides_follow_the_brain_even_when_the_head_is_tilted(place, side, tilt):
    inside = (
        np.linalg.norm(
            (np.indices((31, 41, 31)) - [[[[15]]], [[[20]]], [[[15]]]]) / np.array([15, 20, 15]).reshape(3, 1, 1, 1),
            axis=0,
        )
        <= 1
    )
    regions = np.zeros((3, 31, 41, 31), dtype=bool)
    regions[:, place, 17:24, 12:19] = True
    affine = np.eye(4)
    affine[0, 2] = tilt  # the head leans: x of its midline depends on z
    affine[:3, 3] = (40, -3, 7)  # the midline is not at x = 0
    measured = measure_regions(Volume(regions, affine), BRATS, Volume(inside, affine))
    assert {item.hemisphere for item in measured} == {side}


def test_regions_that_are_not_nested_share_the_union():
    regions = np.zeros((3, 4, 4, 4), dtype=bool)
    regions[0, 0] = regions[1, 1] = True
    measured = measure_regions(Volume(regions, np.eye(4)), dataclasses.replace(BRATS, nested=False))
    assert [item.share for item in measured] == [0.5, 0.5, 0.0]


def test_wrong_number_of_regions_is_refused():
    with pytest.raises(GeometryError, match="one channel for each region"):
        measure_regions(Volume(np.zeros((2, 4, 4, 4), dtype=bool), np.eye(4)), BRATS)


@pytest.mark.shared
def test_an_expert_mask_has_the_documented_volumes():
    """Labels 1, 2, 3 of glioma-00000: 11738, 12836 and 32731 voxels of 1 mm3."""
    file = Path(__file__).parents[3] / "shared/data/glioma-00000/BraTS-GLI-00000-000-seg.nii.gz"
    if not file.exists():
        pytest.skip("the real scans of ../shared/data are not here")
    image = nibabel.load(file)
    labels = np.asarray(image.dataobj).astype(np.uint8)
    whole, core, enhancing = measure_regions(Volume(BRATS.encode(labels), image.affine), BRATS)
    assert whole.volume_ml == pytest.approx((11738 + 12836 + 32731) / 1000)
    assert core.volume_ml == pytest.approx((11738 + 32731) / 1000)
    assert enhancing.volume_ml == pytest.approx(32731 / 1000)
    product = bidimensional(labels == 3, image.affine)
    assert 0 < product.perpendicular_mm <= product.longest_mm <= enhancing.longest_mm
