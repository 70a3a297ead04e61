"""Normalisation: what each method promises, and the way back."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from oncontour.core.errors import ImageContentError
from oncontour.core.volume import Volume
from oncontour.preprocess.normalise import normalise

METHODS = ("zscore", "minmax", "percentile95", "percentile99")
images = arrays(np.float32, (4, 5, 6), elements=st.floats(-500, 3000, width=32)).filter(lambda a: a[:, :, :4].std() > 1)


@settings(deadline=None)
@given(images, st.sampled_from(METHODS))
def test_undone_gives_the_brain_back_and_outside_is_zero(array, method):
    mask = np.zeros(array.shape, dtype=bool)
    mask[:, :, :4] = True
    assume(np.percentile(array[mask], 95) > max(1.0, array[mask].min()))
    done = normalise(Volume(array, np.eye(4)), mask, method)
    assert (done.volume.array[~mask] == 0).all()
    np.testing.assert_allclose(done.undone().array[mask], array[mask], atol=0.01)


def test_each_method_keeps_its_promise():
    array = np.random.default_rng(0).gamma(4.0, 100.0, (20, 20, 20)).astype(np.float32)
    mask = array > 50
    z, m, p, q = (normalise(Volume(array, np.eye(4)), mask, method).volume.array[mask] for method in METHODS)
    assert z.mean() == pytest.approx(0, abs=1e-4)
    assert z.std() == pytest.approx(1, abs=1e-4)
    assert (m.min(), m.max()) == pytest.approx((0, 1))
    assert np.percentile(p, 95) == pytest.approx(1, abs=1e-4)
    assert (p < 1).mean() == pytest.approx(0.95, abs=0.001)
    assert (q < 1).mean() == pytest.approx(0.99, abs=0.001)


@pytest.mark.parametrize("method", METHODS)
def test_a_constant_brain_is_refused_with_its_value(method):
    with pytest.raises(ImageContentError, match="42"):
        normalise(Volume(np.full((4, 4, 4), 42.0), np.eye(4)), np.ones((4, 4, 4), bool), method)


def test_an_empty_mask_is_refused():
    with pytest.raises(ImageContentError, match="no voxel"):
        normalise(Volume(np.ones((4, 4, 4)), np.eye(4)), np.zeros((4, 4, 4), bool))
