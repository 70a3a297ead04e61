import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oncontour.inference.nnunet.resample import resample, resample_labels, resampled_shape, slice_axis

pytestmark = pytest.mark.peers

sizes = st.tuples(*[st.integers(1, 9)] * 3)
spacings = st.tuples(*[st.sampled_from([0.5, 0.7, 1.0, 2.0, 3.5, 6.0])] * 3)


@pytest.fixture(scope="module")
def peer():
    from nnunetv2.preprocessing.resampling import default_resampling

    return default_resampling


@given(before=spacings, after=spacings, separate=st.sampled_from([None, True, False]))
def test_slices_are_resampled_apart_where_nnunet_does(peer, before, after, separate):
    apart, axis = peer.determine_do_sep_z_and_axis(separate, before, after)
    assert slice_axis(before, after, separate) == (axis if apart else None)


@settings(max_examples=60, deadline=None)
@given(shape=sizes, before=spacings, after=spacings, order=st.sampled_from([0, 1, 3]), seed=st.integers(0, 99))
def test_images_are_those_of_nnunet(peer, shape, before, after, order, seed):
    image = np.random.default_rng(seed).normal(size=(2, *shape)).astype(np.float32)
    wanted = tuple(max(n, 1) for n in resampled_shape(shape, before, after))
    assert np.array_equal(peer.compute_new_shape(shape, before, after), resampled_shape(shape, before, after))
    theirs = peer.resample_data_or_seg_to_shape(
        image.copy(), wanted, before, after, is_seg=False, order=order, order_z=0, force_separate_z=None
    )
    ours = resample(image, wanted, slice_axis(before, after), order)
    assert ours.dtype == np.float32
    assert ours == pytest.approx(theirs, abs=1e-5)


@settings(max_examples=60, deadline=None)
@given(shape=sizes, before=spacings, after=spacings, seed=st.integers(0, 99))
def test_labels_are_those_of_nnunet(peer, shape, before, after, seed):
    labels = np.random.default_rng(seed).integers(0, 4, size=shape).astype(np.uint8)
    wanted = tuple(max(n, 1) for n in resampled_shape(shape, before, after))
    theirs = peer.resample_data_or_seg_to_shape(
        labels[None].copy(), wanted, before, after, is_seg=True, order=1, order_z=0, force_separate_z=None
    )[0]
    ours = resample_labels(labels, wanted, slice_axis(before, after), 1)
    assert np.array_equal(ours, theirs)
