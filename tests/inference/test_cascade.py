import numpy as np
import pytest
import torch
from torch import nn

from oncontour.core.labels import SCHEMES
from oncontour.inference.bundle import load_bundle, save_bundle, verify_bundle
from oncontour.inference.cascade import VIEW_AXES, around, cascade_probabilities, label_channels, part_name
from oncontour.networks import NETWORKS

STAGES = [
    {"region": "WT", "views": ["axial", "coronal", "sagittal"]},
    {"region": "TC", "within": "WT", "margin": 2},
    {"region": "ET", "within": "TC", "margin": 1},
]


class Bright(nn.Module):
    """Sees a region where the image exceeds a level; keeps the shapes that it was shown."""

    def __init__(self, level):
        super().__init__()
        self.level, self.shapes = level, []

    def forward(self, x):
        self.shapes.append(tuple(x.shape[2:]))
        return 20 * (x[:, :1] - self.level)


class Slope(nn.Module):
    """A logit that grows along the second axis of what it is shown."""

    def forward(self, x):
        return torch.linspace(-1, 1, x.shape[3])[:, None].expand(x[:, :1].shape).clone()


@pytest.fixture
def image():
    image = np.zeros((1, 20, 22, 24), np.float32)
    image[0, 4:14, 5:15, 6:16] = 1
    image[0, 6:10, 7:11, 8:12] = 2
    image[0, 7:9, 8:10, 9:11] = 3
    return image


def test_each_stage_sees_the_box_around_the_one_before(image, make_plan):
    networks = {f"WT_{view}": Bright(0.5) for view in VIEW_AXES} | {"TC": Bright(1.5), "ET": Bright(2.5)}
    plan = make_plan(stages=STAGES, channels=["T1CE"])
    shares = []
    found = cascade_probabilities([networks], image, plan, SCHEMES["brats"], torch.sigmoid, shares.append)
    assert [int((mask > 0.5).sum()) for mask in found] == [1000, 64, 8]
    assert set(networks["WT_axial"].shapes) == {(20, 22, 24)}
    assert set(networks["WT_coronal"].shapes) == {(20, 24, 22)}
    assert set(networks["WT_sagittal"].shapes) == {(22, 24, 20)}
    assert set(networks["TC"].shapes) == {(14, 14, 14)}
    assert set(networks["ET"].shapes) == {(6, 6, 6)}
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_a_stage_may_have_tiles_of_its_own(image, make_plan):
    networks = {f"WT_{view}": Bright(0.5) for view in VIEW_AXES} | {"TC": Bright(1.5), "ET": Bright(2.5)}
    stages = [STAGES[0], {**STAGES[1], "tile": [8, 8, 14]}, STAGES[2]]
    plan = make_plan(stages=stages, channels=["T1CE"])
    found = cascade_probabilities([networks], image, plan, SCHEMES["brats"], torch.sigmoid)
    assert [int((mask > 0.5).sum()) for mask in found] == [1000, 64, 8]
    assert set(networks["WT_axial"].shapes) == {(20, 22, 24)}
    assert set(networks["TC"].shapes) == {(8, 8, 14)}
    assert set(networks["ET"].shapes) == {(6, 6, 6)}


def test_no_outer_region_leaves_the_inner_ones_empty(make_plan):
    networks = {f"WT_{view}": Bright(0.5) for view in VIEW_AXES} | {"TC": Bright(-1), "ET": Bright(-1)}
    plan = make_plan(stages=STAGES, channels=["T1CE"])
    found = cascade_probabilities([networks], np.zeros((1, 8, 8, 8), np.float32), plan, SCHEMES["brats"], torch.sigmoid)
    assert not found[1:].any()
    assert not networks["TC"].shapes


def test_views_are_turned_back_and_mirrored_along_the_same_axis(make_plan):
    image = np.zeros((1, 5, 7, 9), np.float32)
    stages = [{"region": name, "views": [view]} for name, view in zip(("WT", "TC", "ET"), VIEW_AXES, strict=True)]
    networks = {f"{stage['region']}_{stage['views'][0]}": Slope() for stage in stages}
    plan = make_plan(stages=stages, inference={"mirror": [], "tile": [64] * 3, "overlap": 0.25})
    axial, coronal, sagittal = cascade_probabilities([networks], image, plan, SCHEMES["brats"], torch.sigmoid)
    for found, axis in ((axial, 1), (coronal, 2), (sagittal, 2)):  # the second axis that each view's network sees
        ramp = 1 / (1 + np.exp(-np.linspace(-1, 1, image.shape[axis + 1])))
        assert np.moveaxis(found, axis, 0) == pytest.approx(
            np.broadcast_to(ramp[:, None, None], np.moveaxis(found, axis, 0).shape), abs=1e-6
        )
    mirrored = make_plan(stages=stages, inference={"mirror": [1], "tile": [64] * 3, "overlap": 0.25})
    axial, coronal, _ = cascade_probabilities([networks], image, mirrored, SCHEMES["brats"], torch.sigmoid)
    assert axial == pytest.approx(np.full(axial.shape, 0.5), abs=1e-6)
    assert np.ptp(coronal) > 0.4


def test_bundle_of_a_cascade(tmp_path, make_plan):
    network = {"name": "residual_unet", "arguments": {"inputs": 2, "outputs": 1, "features": [4], "fine": 4}}
    plan = make_plan(stages=STAGES, network=network)
    views = [(0, f"WT_{view}") for view in VIEW_AXES] + [(1, "TC"), (1, "ET")]
    networks = {
        f"fold_{fold}.{name}": NETWORKS["residual_unet"](**network["arguments"]) for fold in (0, 1) for _, name in views
    }
    golden = np.random.default_rng(0).normal(size=(2, 16, 16, 16)).astype(np.float32)
    bundle = save_bundle(tmp_path / "cascade", plan, networks, golden, "# c\n\nText.\n", {})
    assert {path.name for path in bundle.folder.glob("*.safetensors")} == {f"{n}.safetensors" for n in networks}
    assert verify_bundle(load_bundle(bundle.folder)) < 1e-3


def test_box_stays_inside_the_image():
    mask = np.zeros((6, 8, 10), bool)
    mask[1, 4, 9] = True
    assert around(mask, 2) == (slice(0, 4), slice(2, 7), slice(7, 10))
    assert around(np.zeros((2, 2, 2), bool), 5) is None


def test_labels_become_channels_in_the_order_of_their_values():
    channels = label_channels(np.array([[[0, 1, 2, 3]]]), SCHEMES["brats"])
    assert channels[:, 0, 0].argmax(0).tolist() == [0, 0, 1, 2]
    assert channels.sum() == 3


def test_every_view_has_its_normal_last():
    normals = {"sagittal": 0, "coronal": 1, "axial": 2}
    assert {view: axes[-1] for view, axes in VIEW_AXES.items()} == normals


def test_part_names(make_plan):
    stages = make_plan(stages=STAGES).stages
    assert part_name(stages[0], "coronal") == "WT_coronal"
    assert part_name(stages[1], None) == "TC"
