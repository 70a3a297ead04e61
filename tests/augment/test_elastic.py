import numpy as np
import torch
from scipy import ndimage

from oncontour.augment.elastic import FARTHEST, Elastic
from oncontour.augment.interface import Sample
from oncontour.data.phantom.fields import smooth_field

SIZE = (24, 20, 28)


def test_places_move_by_the_drawn_field_for_image_and_region_alike():
    elastic = Elastic(deviation=(1.5, 1.5))
    params = elastic.draw(np.random.default_rng(0), (1, *SIZE))
    image = np.random.default_rng(1).normal(5, 1, SIZE).astype(np.float32)
    bumpy = ndimage.gaussian_filter(np.random.default_rng(2).normal(0, 1, SIZE), 2) > 0
    got = elastic.apply(params, Sample(torch.from_numpy(image)[None], torch.from_numpy(bumpy)[None].float()))
    rng = np.random.default_rng(params["seed"])
    fields = [np.clip(smooth_field(rng, SIZE, params["waves"]), -FARTHEST, FARTHEST) * 1.5 for _ in range(3)]
    places = np.stack([axis + field for axis, field in zip(np.indices(SIZE), fields, strict=True)])
    inside = got.image[0].numpy() != 0
    expected = ndimage.map_coordinates(image, places, order=1, mode="grid-constant")
    assert inside.mean() > 0.8
    assert np.allclose(got.image[0].numpy()[inside], expected[inside], atol=2e-3)
    share = ndimage.map_coordinates(bumpy.astype(np.float32), places, order=1, mode="grid-constant")
    clear = np.abs(share - 0.5) > 1e-3
    assert np.array_equal(got.regions[0].numpy()[clear] > 0, share[clear] > 0.5)


def test_what_it_needs_holds_every_place():
    elastic = Elastic(deviation=(2.0, 2.0))
    params = elastic.draw(np.random.default_rng(3), (1, *SIZE))
    needed = elastic.reach(params, SIZE)
    image = torch.ones(1, *needed)
    assert torch.allclose(elastic.apply(params, Sample(image, image)).image, torch.ones(1, *SIZE), atol=1e-5)
