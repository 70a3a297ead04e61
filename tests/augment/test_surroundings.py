import numpy as np
import torch

from oncontour.augment.interface import Sample
from oncontour.augment.surroundings import Surroundings


def test_surroundings_change_and_brain_and_air_do_not():
    image = torch.from_numpy(np.random.default_rng(0).uniform(0.2, 1.0, (1, 20, 20, 20)).astype(np.float32))
    image[:, :3] = 0.0
    brain = torch.zeros_like(image)
    brain[:, 8:14, 8:14, 8:14] = 1
    shares, rng = [], np.random.default_rng(1)
    for _ in range(10):
        params = Surroundings().draw(rng, tuple(image.shape))
        assert 1 <= len(params["patches"]) <= 3
        changed = Surroundings().apply(params, Sample(image, brain)).image
        assert torch.equal(changed[brain > 0], image[brain > 0])
        assert not changed[:, :3].any()
        shares.append(float((changed != image)[:, 3:].float().mean()))
    assert np.mean(shares) > 0.1
