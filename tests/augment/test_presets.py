import numpy as np
import pytest
import torch

from oncontour.augment import PRESETS, Composed, Sample
from oncontour.augment.morphology import OPERATIONS
from oncontour.augment.presets import nnunet_for

PATCH = (4, 16, 16, 16)


@pytest.mark.parametrize("name", sorted(PRESETS))
def test_presets_run(make_sample, name):
    composed, sample = Composed.of(PRESETS[name]), make_sample(PATCH[1:])
    for seed in range(20):
        changed = composed.apply(composed.draw(np.random.default_rng(seed), PATCH), sample)
        assert isinstance(changed, Sample)
        assert changed.image.isfinite().all()


def drawn_by(name, draws, only):
    composed, rng = Composed.of(PRESETS[name]), np.random.default_rng(0)
    return [one.params for _ in range(draws) for one in composed.draw(rng, PATCH) if one.name == only]


def test_paper_002_scales_by_a_tenth_without_turning():
    for params in drawn_by("paper-002", 200, "spatial"):
        matrix = np.array(params["matrix"])
        assert matrix == pytest.approx(np.eye(3) * matrix[0, 0])
        assert 0.9 <= matrix[0, 0] <= 1.1
        assert max(map(abs, params["shift"])) <= 1.6


def test_paper_004_turns_in_the_plane():
    for params in drawn_by("paper-004", 200, "spatial"):
        matrix = np.array(params["matrix"])
        assert matrix[2, :2].tolist() == [0, 0]
        assert abs(np.degrees(np.arctan2(matrix[1, 0], matrix[0, 0]))) <= 15


def test_nnunet_turns_and_scales_each_a_fifth_of_the_time():
    drawn = [np.array(params["matrix"]) for params in drawn_by("nnunet", 3000, "spatial") if params["matrix"]]
    assert len(drawn) / 3000 == pytest.approx(1 - 0.8**2, abs=0.03)
    factors = np.array([np.cbrt(np.linalg.det(matrix)) for matrix in drawn])
    scaled = factors[abs(factors - 1) > 1e-6]
    assert len(scaled) / 3000 == pytest.approx(0.2, abs=0.03)
    assert 0.7 <= scaled.min() < scaled.max() <= 1.4
    assert scaled.mean() == pytest.approx(1.05, abs=0.03)


@pytest.mark.parametrize(
    ("patch", "rotation"),
    [((16, 160, 128), (180.0, 0.0, 0.0)), ((1, 256, 192), (180.0, 0.0, 0.0)), ((320, 1, 128), (0.0, 15.0, 0.0))],
)
def test_flat_patches_are_augmented_within_their_slices(patch, rotation):
    preset = nnunet_for(patch)
    thin = patch.index(min(patch))
    (_, _, spatial), *others = Composed.of(preset).steps
    assert spatial.rotation == rotation
    rng = np.random.default_rng(0)
    for _ in range(50):
        matrix = spatial.draw(rng, (1, *patch))["matrix"] or np.eye(3)
        assert np.array(matrix)[thin] == pytest.approx(np.eye(3)[thin], abs=1e-12)  # no interpolation across slices
    assert [step.axes for name, _, step in others if name == "low_resolution"] == [spatial.scaled_axes]
    small = tuple(min(n, 12) for n in patch)
    sample = Sample(torch.randn(2, *small), torch.ones(1, *small))
    for seed in range(20):
        composed = Composed.of(preset)
        drawn = composed.draw(np.random.default_rng(seed), (2, *small))
        assert composed.apply(drawn, sample).image.shape == (2, *small)


@pytest.fixture(scope="module")
def trainer_transforms():
    """What nnU-Net v2's own trainer composes for a cubic patch whose channels are normalised over a mask."""
    from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer

    angle = np.deg2rad(30)
    return nnUNetTrainer.get_training_transforms(
        (64, 64, 64), (-angle, angle), None, (0, 1, 2), False, use_mask_for_norm=[True] * 4
    ).transforms


@pytest.mark.peers
@pytest.mark.slow
def test_nnunet_preset_is_the_trainers(trainer_transforms):
    names = {
        "GaussianNoiseTransform": ("noise", "deviation", "noise_variance"),
        "GaussianBlurTransform": ("blur", "sigma", "blur_sigma"),
        "MultiplicativeBrightnessTransform": ("brightness", "factor", "multiplier_range"),
        "ContrastTransform": ("contrast", "factor", "contrast_range"),
        "SimulateLowResolutionTransform": ("low_resolution", "scale", "scale"),
        "GammaTransform": ("gamma", "gamma", "gamma"),
    }
    spatial, *others = trainer_transforms
    (first, probability, own), *steps = Composed.of(PRESETS["nnunet"]).steps
    assert (first, probability) == ("spatial", 1.0)
    assert np.radians(own.rotation) == pytest.approx(spatial.rotation[1])
    assert own.rotation_probability == spatial.p_rotation
    assert own.scaling == spatial.scaling
    assert own.scaling_probability == spatial.p_scaling
    assert own.isotropic
    assert spatial.p_synchronize_scaling_across_axes == 1
    assert spatial.p_elastic_deform == 0
    for (name, probability, transform), peer in zip(steps[:-1], others, strict=False):
        inner = peer.transform
        expected, field, their_field = names[type(inner).__name__]
        theirs = getattr(inner, their_field)
        assert (name, probability) == (expected, peer.apply_probability)
        assert getattr(transform, field) == tuple(getattr(theirs, "contrast_range", theirs))
        assert transform.channel_probability == inner.p_per_channel
        if name == "gamma":
            assert float(transform.invert) == inner.p_invert_image
            assert inner.p_retain_stats == 1
        if name == "noise":
            assert transform.same == inner.synchronize_channels
    name, _, mirror = steps[-1]
    assert type(others[len(steps) - 1]).__name__ == "MirrorTransform"
    assert name == "mirror"
    assert mirror.axes == tuple(others[len(steps) - 1].allowed_axes)
    assert mirror.axis_probability == 0.5


@pytest.mark.slow
def test_the_cascades_preset_is_the_trainers():
    trainer = pytest.importorskip("nnunetv2.training.nnUNetTrainer.nnUNetTrainer").nnUNetTrainer
    composed = trainer.get_training_transforms(
        (64, 64, 64), (-0.5, 0.5), None, (0, 1, 2), False, is_cascaded=True, foreground_labels=[1, 2, 3]
    )
    theirs = {type(step.transform).__name__: step for step in composed.transforms if hasattr(step, "apply_probability")}
    (first, often, morphology), (second, seldom, lost) = Composed.of(PRESETS["nnunet-cascade"]).steps
    assert (first, second) == ("morphology", "lost_component")
    operator = theirs["ApplyRandomBinaryOperatorTransform"]
    assert (often, morphology.radius) == (operator.apply_probability, operator.transform.strel_size)
    assert morphology.channel_probability == operator.transform.p_per_label
    assert len(OPERATIONS) == len(operator.transform.any_of_these)
    remove = theirs["RemoveRandomConnectedComponentFromOneHotEncodingTransform"]
    assert (seldom, lost.share) == (remove.apply_probability, remove.transform.dont_do_if_covers_more_than_x_percent)
    assert lost.channel_probability == remove.transform.p_per_label
    assert remove.transform.fill_with_other_class_p == 0
