import numpy as np
import pytest
import torch

from oncontour.augment import Composed, Sample
from oncontour.augment.lost_component import LostComponent


@pytest.fixture
def labels():
    """Two labels: one of three parts, of which one fills a fifth of the patch; one of a single part."""
    image = torch.zeros(2, 20, 20, 20)
    image[0, :4] = 1
    image[0, 8:10, 8:10, 8:10] = 1
    image[0, 14, 14, 14] = image[0, 15, 15, 15] = 1  # corner to corner: one part
    image[1, 18:, 18:, 18:] = 1
    return Sample(image, torch.ones(1, 20, 20, 20))


def lost(labels, which, channel=0, share=0.15):
    transform = LostComponent(share=share)
    return transform.apply({"channels": [{"channel": channel, "which": which}]}, labels).image


def test_one_of_the_small_parts_goes(labels):
    first, second = lost(labels, 0.0), lost(labels, 0.99)
    assert (labels.image - first).sum() == 8
    assert (labels.image - second).sum() == 2
    assert torch.equal(first[1], labels.image[1])
    assert lost(labels, 0.5, channel=1)[1].sum() == 0


def test_large_parts_stay(labels):
    assert (labels.image - lost(labels, 0.0, share=0.5)).sum() == 1600
    assert torch.equal(lost(labels, 0.5, share=1e-5), labels.image)


def test_the_rest_of_the_sample_stays(labels):
    drawn = {"channels": [{"channel": 0, "which": 0.4}]}
    changed = LostComponent().apply(drawn, labels)
    assert torch.equal(changed.regions, labels.regions)


def test_the_candidates_are_nnunets(labels):
    theirs = pytest.importorskip("batchgeneratorsv2.transforms.nnunet.remove_connected_components")
    remove = theirs.RemoveRandomConnectedComponentFromOneHotEncodingTransform([0], 0.0, 0.15, 1.0)
    found = {tuple(remove(image=labels.image.clone())["image"].sum((1, 2, 3)).tolist()) for _ in range(40)}
    ours = {tuple(lost(labels, which).sum((1, 2, 3)).tolist()) for which in np.linspace(0, 0.999, 40)}
    assert found == ours
    assert len(ours) == 2


def test_drawn_as_often_as_nnunet_draws():
    composed = Composed.of([("lost_component", 0.2, {})])
    rng = np.random.default_rng(0)
    drawn = [composed.draw(rng, (4, 16, 16, 16)) for _ in range(4000)]
    assert np.mean([bool(one) for one in drawn]) == pytest.approx(0.2, abs=0.02)
    changes = [change for one in drawn for step in one for change in step.params["channels"]]
    assert len(changes) / (4000 * 0.2 * 4) == pytest.approx(0.5, abs=0.03)
