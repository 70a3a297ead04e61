"""The bias field: found, removed, undone, and not sought where it cannot be."""

import numpy as np
import pytest

from oncontour.core.sequence import Sequence
from oncontour.core.volume import Volume
from oncontour.preprocess.bias import correct_bias


def test_a_known_field_is_removed_and_can_be_put_back(head):
    volumes, brain = head
    t1 = volumes[Sequence.T1]
    x = np.linspace(-1, 1, t1.array.shape[0], dtype=np.float32)[:, None, None]
    y = np.linspace(-1, 1, t1.array.shape[1], dtype=np.float32)[None, :, None]
    shaded = t1.with_array(t1.array * np.exp(0.35 * x - 0.25 * y**2).astype(np.float32))
    done = correct_bias(shaded, brain.array)
    mask = brain.array & (t1.array > 20)

    def unevenness(image: Volume) -> float:
        ratio = np.log(image.array[mask] / t1.array[mask])
        return float(ratio.std())

    assert unevenness(shaded) > 0.1
    assert unevenness(done.volume) < 0.3 * unevenness(shaded)
    assert done.volume.array[brain.array].mean() == pytest.approx(shaded.array[brain.array].mean(), rel=0.1)
    np.testing.assert_allclose(done.undone().array, shaded.array, rtol=1e-4, atol=1e-3)


def test_z_scored_data_are_left_alone(head):
    volumes, brain = head
    t1 = volumes[Sequence.T1]
    assert correct_bias(t1.with_array((t1.array - 80) / 20), brain.array) is None
