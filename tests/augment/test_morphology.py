import numpy as np
import pytest
import torch
from scipy.ndimage import binary_closing, binary_dilation, binary_erosion, binary_opening

from oncontour.augment import Composed, Sample
from oncontour.augment.morphology import OPERATIONS, Morphology, operated

SCIPY = {"dilation": binary_dilation, "erosion": binary_erosion, "closing": binary_closing, "opening": binary_opening}


def ball(radius):
    axes = np.ogrid[(slice(-radius, radius + 1),) * 3]
    return sum(axis**2 for axis in axes) <= radius**2


@pytest.fixture
def mask():
    """Lumps away from the array's faces."""
    mask = np.zeros((40, 36, 32), bool)
    rng = np.random.default_rng(0)
    for _ in range(5):
        i, j, k = rng.integers(12, 20, 3)
        mask[i : i + rng.integers(1, 8), j : j + rng.integers(1, 8), k : k + rng.integers(1, 8)] = True
    return mask


@pytest.mark.parametrize("radius", [1, 2, 4])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_operations_are_those_of_a_ball(mask, operation, radius):
    assert np.array_equal(operated(mask, operation, radius), SCIPY[operation](mask, ball(radius)))


@pytest.mark.parametrize("operation", OPERATIONS)
def test_as_nnunet_does_it_at_the_faces_too(operation):
    """Its convolution pads with zeros, and an erosion is the dilation of what is outside."""
    theirs = pytest.importorskip("batchgeneratorsv2.transforms.nnunet.random_binary_operator")
    mask = np.random.default_rng(1).random((20, 18, 16)) < 0.03
    mask[:6, :7, :8] = True
    done = getattr(theirs, f"binary_{operation}_torch")(torch.from_numpy(mask), torch.from_numpy(ball(3)))
    assert np.array_equal(operated(mask, operation, 3), done.numpy())


def test_an_array_full_of_it_or_free_of_it_stays():
    for mask in (np.ones((5, 6, 7), bool), np.zeros((5, 6, 7), bool)):
        for operation in OPERATIONS:
            assert np.array_equal(operated(mask, operation, 2.5), mask)


def test_where_one_label_grows_the_others_give_way():
    image = torch.zeros(2, 12, 12, 12)
    image[0, :6], image[1, 6:] = 1, 1
    grown = {"channels": [{"channel": 0, "operation": "dilation", "radius": 2.0}]}
    found = Morphology().apply(grown, Sample(image, torch.zeros(1, 12, 12, 12))).image
    assert found[0, :8].all()
    assert not found[0, 8:].any()
    assert torch.equal(found[1], 1 - found[0])


def test_drawn_as_often_as_nnunet_draws():
    """40 % of the patches, half of the labels, each operation alike, radii from 1 to 8."""
    composed = Composed.of([("morphology", 0.4, {})])
    rng = np.random.default_rng(0)
    drawn = [composed.draw(rng, (3, 16, 16, 16)) for _ in range(3000)]
    assert np.mean([bool(one) for one in drawn]) == pytest.approx(0.4, abs=0.03)
    changes = [change for one in drawn for step in one for change in step.params["channels"]]
    assert len(changes) / (3000 * 0.4 * 3) == pytest.approx(0.5, abs=0.03)
    counts = np.unique([change["operation"] for change in changes], return_counts=True)[1] / len(changes)
    assert counts == pytest.approx([0.25] * 4, abs=0.04)
    radii = [change["radius"] for change in changes]
    assert 1 <= min(radii) < 1.1 < 7.9 < max(radii) <= 8
    firsts = [
        step.params["channels"][0]["channel"] for one in drawn for step in one if len(step.params["channels"]) == 3
    ]
    assert set(firsts) == {0, 1, 2}
