import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from oncontour.augment.interface import Sample
from oncontour.augment.mirror import Mirror

SIZE = (5, 6, 7)


@settings(deadline=None)
@given(seed=st.integers(0, 2**32 - 1), voxel=st.tuples(*(st.integers(0, n - 1) for n in SIZE)))
def test_a_marked_voxel_lands_opposite(seed, voxel):
    marked = torch.zeros(1, *SIZE)
    marked[0][voxel] = 1
    mirror = Mirror()
    params = mirror.draw(np.random.default_rng(seed), (1, *SIZE))
    image, regions = mirror.apply(params, Sample(marked, marked))
    expected = [
        n - 1 - at if axis in params["axes"] else at for axis, (at, n) in enumerate(zip(voxel, SIZE, strict=True))
    ]
    assert image[0].nonzero().tolist() == regions[0].nonzero().tolist() == [expected]


def test_every_combination_of_the_allowed_axes_is_drawn():
    rng, mirror = np.random.default_rng(0), Mirror(axes=(0, 2))
    drawn = {tuple(mirror.draw(rng, (1, 4, 4, 4))["axes"]) for _ in range(64)}
    assert drawn == {(), (0,), (2,), (0, 2)}
