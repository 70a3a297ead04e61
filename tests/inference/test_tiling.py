import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from oncontour.inference.tiling import average, probabilities, region_activation, tile_starts, tile_weight
from oncontour.networks import NETWORKS
from oncontour.plans.plan import InferencePlan


class Smooth(nn.Module):
    """A network whose answer at a voxel depends on its 3x3x3 neighbourhood, and on left and right alike."""

    stride = (4, 2, 1)

    def forward(self, x):
        assert all(size % step == 0 for size, step in zip(x.shape[2:], self.stride, strict=True))
        return nn.functional.avg_pool3d(x, 3, 1, 1, count_include_pad=False)


class Valid(nn.Module):
    """The sum over each voxel's 5x3x3 neighbourhood, without padding."""

    stride = (3, 3, 3)
    margin = (2, 1, 1)

    def forward(self, x):
        kernel = torch.ones(1, 1, 5, 3, 3)
        return nn.functional.conv3d(x, kernel)


class Ramp(nn.Module):
    """Logits that grow along each axis, weighted so that every mirrored view differs."""

    def forward(self, x):
        i, j, k = (torch.linspace(-1, 1, size) for size in x.shape[2:])
        return x + 4 * i[:, None, None] + 2 * j[:, None] + k


def _plan(**changes):
    return InferencePlan(**{"mirror": (), "tile": (64, 64, 64), "overlap": 0.5, **changes})


@pytest.fixture
def image():
    return np.random.default_rng(0).normal(size=(2, 30, 26, 22)).astype(np.float32)


@pytest.mark.parametrize("weighting", ["tent", "gaussian", "constant"])
def test_whole_image_and_tiles_agree_inside(image, weighting):
    whole = probabilities(Smooth(), image, _plan())
    tiled = probabilities(Smooth(), image, _plan(tile=(16, 16, 16), weighting=weighting))
    assert whole.shape == tiled.shape == image.shape
    # Tiles' own faces pad their neighbourhoods; the weights make that small there.
    assert np.abs(whole - tiled).mean() < 0.01


def test_valid_network_reads_the_image_around_its_tile(image):
    source = torch.from_numpy(image[:1])
    expected = nn.functional.conv3d(source[None], torch.ones(1, 1, 5, 3, 3), padding=(2, 1, 1))[0].numpy()
    for tile in ((64, 64, 64), (9, 9, 9), (10, 7, 5)):
        found = average(Valid(), image[:1], _plan(tile=tile, overlap=0.0, weighting="constant"), nn.Identity())
        assert found.numpy() == pytest.approx(expected, abs=1e-4)


def test_tiles_of_a_valid_network_lie_on_its_grid():
    class Grid(Valid):
        """Answers whether a voxel lies on the tile's grid of `stride`; which those are, tiles must not change."""

        def forward(self, x):
            on = torch.zeros_like(x[:, :, 2:-2, 1:-1, 1:-1])
            on[:, :, ::3, ::3, ::3] = 1
            return on

    image = np.zeros((1, 31, 22, 19), np.float32)
    whole = average(Grid(), image, _plan(), nn.Identity())
    tiled = average(Grid(), image, _plan(tile=(10, 8, 9), overlap=0.3), nn.Identity())
    assert torch.equal(whole, tiled)


def test_deepmedic_is_the_same_in_one_tile_and_in_many():
    torch.manual_seed(0)
    network = NETWORKS["deepmedic"](inputs=1, outputs=1, size=0.25).eval()
    image = np.random.default_rng(0).normal(size=(1, 25, 20, 14)).astype(np.float32)
    whole = average(network, image, _plan(overlap=0.0))
    tiled = average(network, image, _plan(tile=(12, 9, 9), overlap=0.0))
    assert torch.allclose(whole, tiled, atol=1e-5)
    assert whole.std() > 0.001


def test_small_image_is_centred_in_a_whole_tile():
    class Where(nn.Module):
        def forward(self, x):
            assert x.shape[2:] == (8, 8, 8)
            return torch.arange(8.0)[:, None, None].expand(x.shape).clone()

    found = average(Where(), np.ones((1, 5, 8, 8), np.float32), _plan(tile=(8, 8, 8), whole_tiles=True), nn.Identity())
    assert found[0, :, 0, 0].tolist() == [1, 2, 3, 4, 5]


def test_logits_or_probabilities_are_averaged(image):
    networks = [nn.Identity(), nn.Hardtanh(0, 0.5)]
    found = probabilities(networks, image, _plan(average="logits"))
    source = torch.from_numpy(image)
    assert found == pytest.approx(torch.sigmoid((source + source.clamp(0, 0.5)) / 2).numpy(), abs=1e-6)


def test_mirroring_averages_views():
    image = np.zeros((1, 9, 5, 3), np.float32)
    shown = np.stack(np.meshgrid(*(np.linspace(-1, 1, n) for n in (9, 5, 3)), indexing="ij"))
    plain = (shown * np.array([4, 2, 1])[:, None, None, None]).sum(0)
    alone = average(Ramp(), image, _plan(mirror=(0, 1)), nn.Identity()).numpy()[0]
    every = average(Ramp(), image, _plan(mirror=(0, 1), combinations=True), nn.Identity()).numpy()[0]
    assert alone == pytest.approx((plain + plain[::-1] + plain[:, ::-1]) / 3, abs=1e-5)
    assert every == pytest.approx(np.broadcast_to(shown[2], every.shape), abs=1e-5)


def test_folds_are_averaged(image):
    found = probabilities([nn.Identity(), nn.Hardtanh(0, 0.5)], image, _plan())
    expected = (torch.sigmoid(torch.from_numpy(image)) + torch.sigmoid(torch.from_numpy(image).clamp(0, 0.5))) / 2
    assert found == pytest.approx(expected.numpy(), abs=1e-6)


def test_softmax_sums_the_classes_of_a_region():
    logits = torch.randn(1, 4, 3, 2, 2, generator=torch.manual_seed(0))
    found = region_activation([[1, 2, 3], [1, 3], [3]])(logits)
    chances = torch.softmax(logits, 1)
    assert torch.allclose(found[:, 0], 1 - chances[:, 0], atol=1e-6)
    assert torch.allclose(found[:, 1] - found[:, 2], chances[:, 1], atol=1e-6)


def test_progress_reaches_one():
    seen = []
    image = np.zeros((1, 20, 20, 20), np.float32)
    probabilities([Smooth(), Smooth()], image, _plan(tile=(8, 8, 8), overlap=0.25), seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


@given(size=st.integers(1, 300), tile=st.integers(1, 160), overlap=st.sampled_from([0.0, 0.25, 0.5, 0.75]))
def test_tiles_cover_an_axis_and_overlap(size, tile, overlap):
    starts = tile_starts(size, tile, overlap)
    assert starts[0] == 0
    assert starts[-1] == max(size - tile, 0)
    assert all(0 < after - before <= max(tile * (1 - overlap), 1) + 1 for before, after in zip(starts, starts[1:]))  # noqa: B905, RUF007


@pytest.mark.peers
@given(size=st.integers(1, 400), tile=st.integers(1, 200))
def test_tiles_are_those_of_nnunet(size, tile):
    from nnunetv2.inference.sliding_window_prediction import compute_steps_for_sliding_window as steps

    if size >= tile > 1:
        assert tile_starts(size, tile, 0.5) == steps((size,), (tile,), 0.5)[0]


@pytest.mark.peers
@pytest.mark.parametrize("shape", [(16, 12, 20), (7, 9, 1), (32, 32, 32)])
@pytest.mark.parametrize("dtype", [torch.float16, torch.float32])
def test_gaussian_is_that_of_nnunet(shape, dtype):
    from nnunetv2.inference.sliding_window_prediction import compute_gaussian

    theirs = compute_gaussian(shape, 1 / 8, 10, dtype, torch.device("cpu"))
    ours = tile_weight(shape, "gaussian", dtype)
    assert torch.allclose(ours, theirs, rtol=1e-3 if dtype is torch.float16 else 1e-4, atol=0)
    assert ours.min() > 0


def test_sums_in_half_precision_stay_close_but_in_the_corners(image):
    plan = _plan(tile=(16, 16, 16), weighting="gaussian")
    half = average(Smooth(), image, plan, sums=torch.float16)
    assert half.dtype is torch.float16
    difference = (half.float() - average(Smooth(), image, plan)).abs()
    assert difference[:, 4:-4, 4:-4, 4:-4].max() < 5e-3
