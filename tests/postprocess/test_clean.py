import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from oncontour.core.errors import GeometryError, ImageContentError, InputError
from oncontour.core.labels import BRATS
from oncontour.postprocess import Rules, clean_regions
from oncontour.postprocess.holes import fill_holes
from oncontour.postprocess.islands import drop_islands
from oncontour.postprocess.nesting import is_nested

KEEP_SMALL = Rules(minimum_whole_mm3=0.0)


@st.composite
def probabilities(draw):
    """Lumpy random probabilities, so that holes, islands and enclosed specks all occur."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    shape = (3, *(draw(st.integers(1, 14)) for _ in range(3)))
    smooth = ndimage.gaussian_filter(rng.random(shape), (0, *[draw(st.sampled_from([0.0, 0.5, 1.0]))] * 3))
    low, high = smooth.min(), smooth.max()
    spread = (smooth - low) / max(high - low, 1e-9)
    return np.clip(spread + draw(st.sampled_from([-0.1, 0.0, 0.15])), 0, 1).astype(np.float32)


def direct(values, voxel_mm3, rules):
    """The same rules without boxes."""
    regions = []
    for n, channel in enumerate(values):
        mask = channel > rules.threshold
        if n:
            mask &= regions[-1]
        regions.append(drop_islands(fill_holes(mask, voxel_mm3, rules.hole_mm3), rules.island_share))
    return np.stack(regions)


@settings(max_examples=150, deadline=None)
@given(probabilities(), st.sampled_from([0.4, 1.0, 2.5]))
def test_result_is_nested_stable_and_the_same_without_boxes(values, voxel_mm3):
    regions = clean_regions(values, BRATS, voxel_mm3, KEEP_SMALL)
    assert is_nested(regions)
    assert np.array_equal(regions, direct(values, voxel_mm3, KEEP_SMALL))
    assert np.array_equal(clean_regions(regions.astype(np.float32), BRATS, voxel_mm3, KEEP_SMALL), regions)


@settings(max_examples=60, deadline=None)
@given(probabilities())
def test_every_region_keeps_the_rules(values):
    for mask in clean_regions(values, BRATS, 1.0, KEEP_SMALL):
        labels, count = ndimage.label(mask, np.ones((3, 3, 3)))
        sizes = np.bincount(labels.ravel())[1:]
        assert count == 0 or sizes.min() > 0.1 * sizes.max()
        holes, count = ndimage.label(ndimage.binary_fill_holes(mask) & ~mask)
        assert count == 0 or np.bincount(holes.ravel())[1:].min() >= 3


def ball(volume_voxels):
    """A solid of exactly that many voxels."""
    shape = (24, 24, 24)
    distance = np.linalg.norm(np.indices(shape) - 11.3, axis=0)
    mask = np.zeros(shape, dtype=bool)
    mask.flat[np.argsort(distance, axis=None)[:volume_voxels]] = True
    return mask


@pytest.mark.parametrize(("voxels", "voxel_mm3", "found"), [(99, 1.0, 0), (100, 1.0, 100), (50, 2.0, 50), (49, 2.0, 0)])
def test_a_whole_tumour_below_the_minimum_is_none(voxels, voxel_mm3, found):
    values = np.repeat(ball(voxels)[None], 3, axis=0).astype(np.float32)
    assert clean_regions(values, BRATS, voxel_mm3).sum(axis=(1, 2, 3)).tolist() == [found] * 3


def test_enhancement_outside_the_whole_tumour_disappears():
    values = np.repeat(ball(500)[None], 3, axis=0).astype(np.float32)
    values[2, :3, :3, :3] = 1.0
    regions = clean_regions(values, BRATS, 1.0)
    assert not regions[:, :3, :3, :3].any()
    assert regions[2].sum() == 500


def test_regions_that_are_not_nested_stay_apart():
    values = np.zeros((3, 24, 24, 24), dtype=np.float32)
    values[0, :8] = values[1, 8:16] = values[2, 16:] = 1.0
    regions = clean_regions(values, dataclasses.replace(BRATS, nested=False), 1.0)
    assert np.array_equal(regions, values > 0.5)


def test_a_voxel_at_the_threshold_stays_out():
    values = np.full((3, 8, 8, 8), 0.5, dtype=np.float16)
    assert not clean_regions(values, BRATS, 1.0).any()


@pytest.mark.parametrize("wrong", [np.nan, -0.1, 1.1])
def test_values_that_are_no_probabilities_are_refused(wrong):
    values = np.zeros((3, 4, 4, 4), dtype=np.float32)
    values[1, 2, 2, 2] = wrong
    with pytest.raises(ImageContentError, match="0 to 1"):
        clean_regions(values, BRATS, 1.0)


def test_wrong_number_of_channels_and_wrong_voxel_are_refused():
    with pytest.raises(GeometryError, match="one channel for each region"):
        clean_regions(np.zeros((2, 4, 4, 4), dtype=np.float32), BRATS, 1.0)
    with pytest.raises(GeometryError, match="positive volume"):
        clean_regions(np.zeros((3, 4, 4, 4), dtype=np.float32), BRATS, 0.0)


def test_each_region_has_its_own_threshold():
    values = np.full((3, 8, 8, 8), 0.7, dtype=np.float32)
    regions = clean_regions(values, BRATS, 1.0, Rules(threshold={"WT": 0.6, "TC": 0.8, "ET": 0.1}))
    assert regions[0].all()
    assert not regions[1:].any()  # enhancing tumour has no core to lie in


def test_a_region_without_a_threshold_is_named():
    with pytest.raises(InputError, match="one for TC"):
        clean_regions(np.zeros((3, 8, 8, 8), np.float32) + 0.9, BRATS, 1.0, Rules(threshold={"WT": 0.5, "ET": 0.5}))


def test_a_component_that_nothing_is_sure_of_is_no_finding():
    values = np.zeros((3, 12, 12, 12), np.float32)
    values[0, 1:5, 1:5, 1:5] = 0.5
    values[0, 7:11, 7:11, 7:11] = 0.5
    values[0, 8, 8, 8] = 0.9
    values[1] = values[0] * 0.9
    rules = dataclasses.replace(KEEP_SMALL, threshold=0.4)
    assert clean_regions(values, BRATS, 1.0, rules)[0].sum() == 128
    regions = clean_regions(values, BRATS, 1.0, dataclasses.replace(rules, sure=0.8))
    assert regions[0].sum() == regions[0, 7:11, 7:11, 7:11].sum() == 64
    assert regions[1].sum() == 64
    assert not clean_regions(values, BRATS, 1.0, dataclasses.replace(rules, sure=0.95)).any()
    with pytest.raises(InputError, match=r"rules: sure.*1\.5"):
        Rules(sure=1.5)
