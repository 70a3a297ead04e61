"""Signs of a result's quality, with stand-ins for networks."""

from types import SimpleNamespace

import numpy as np
import pytest

from oncontour.core.labels import BRATS
from oncontour.core.sequence import Sequence
from oncontour.core.volume import Volume
from oncontour.inference import variants
from oncontour.pipeline.signs import region_signs
from oncontour.plans.plan import PostprocessPlan

SHAPE = (24, 24, 24)
INSIDE = np.linalg.norm(np.indices(SHAPE) - 11.5, axis=0) < 9
LESION = np.linalg.norm(np.indices(SHAPE) - np.reshape([8, 12, 12], (3, 1, 1, 1)), axis=0) < 4


def _image(seed):
    noise = np.random.default_rng(seed).normal(0, 0.3, SHAPE)
    return Volume(((noise + 3.0 * LESION) * INSIDE).astype(np.float32), np.eye(4))


def _signs(network, sequences=(Sequence.T1CE, Sequence.FLAIR, Sequence.T2)):
    """Signs of what a stand-in for the network finds in images whose lesion is bright."""
    plan = SimpleNamespace(
        channels=sequences, spacing=(1.0, 1.0, 1.0), normalisation="minmax", postprocess=PostprocessPlan()
    )
    bundle = SimpleNamespace(
        plan=plan, scheme=BRATS, steps=None, previous=None, labels_apart=False,
        label_map=lambda regions, output: BRATS.decode(regions), probabilities=lambda x, mirrored: network(x),
    )  # fmt: skip
    images = {sequence: _image(n) for n, sequence in enumerate(sequences)}
    brain = Volume(INSIDE, np.eye(4))
    prepared = SimpleNamespace(brain=brain, normalised=images)
    stack = variants.network_input(bundle, images, brain)
    output = stack.with_array(network(stack.array))
    return region_signs(bundle, prepared, output, {"WT": 0.2, "TC": 0.2, "ET": 0.2})


def sees(image):
    """Finds what is bright in most channels."""
    shown = [channel for channel in image if channel.any()]
    return np.repeat((np.median(shown, axis=0) > 1.5)[None], 3, 0).astype(np.float32) * np.float32(0.98)


def test_a_steady_result_agrees_with_itself():
    signs, said = _signs(sees)
    assert set(signs) == {"WT", "TC", "ET"}
    assert signs["WT"].agreement > 0.95
    assert signs["WT"].expected == pytest.approx(0.99, abs=0.01)
    assert "mirrored" in said
    assert "without T2" in said


def test_a_result_that_changes_under_mirroring_or_contrast_does_not():
    def one_sided(image):
        return sees(image) * (np.arange(image.shape[1]) < image.shape[1] / 2 - 3)[:, None, None]

    steady, _ = _signs(sees)
    signs, _ = _signs(one_sided)
    assert signs["WT"].agreement < steady["WT"].agreement


def test_uncertain_probabilities_lower_the_expected_dice():
    signs, _ = _signs(lambda image: sees(image) * np.float32(0.6))
    assert signs["WT"].expected == pytest.approx(2 * 0.6 / 1.6, abs=0.02)


def test_nothing_found_has_no_signs():
    signs, _ = _signs(lambda image: np.zeros((3, *image.shape[1:]), np.float32))
    assert signs == {}


def test_two_sequences_are_not_taken_apart():
    _, said = _signs(sees, (Sequence.T1CE, Sequence.FLAIR))
    assert "without" not in said
