import json
from dataclasses import asdict, dataclass, replace
from math import ceil, floor

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from oncontour.augment.presets import PRESETS
from oncontour.core.errors import InputError
from oncontour.plans.plan import Plan
from oncontour.training.prepared import PreparedCase
from oncontour.training.sampling import SampleDraw, draw, draw_sample, take

SIZE = (34, 30, 28)
PATCH = (16, 14, 12)


def make_plan(preset=(), patch=PATCH, channels=("T1", "T1CE", "T2", "FLAIR"), **sampling):
    steps = PRESETS[preset] if isinstance(preset, str) else preset
    return Plan.model_validate(
        {
            "name": "tiny", "scheme": "brats" if channels else "brain", "channels": channels, "spacing_mm": 4.0,
            "normalisation": "zscore", "network": {"name": "residual_unet", "arguments": {}},
            "training": {
                "epochs": 1, "steps_per_epoch": 1, "batch": 2, "patch": patch, "sampling": sampling, "seed": 3,
                "augment": [{"name": n, "probability": p, "arguments": a} for n, p, a in steps],
            },
            "inference": {"mirror": [0], "tile": [64, 64, 64], "overlap": 0.25},
        }
    )  # fmt: skip


def write_case(folder, size=SIZE, seed=0, names=("WT", "TC", "ET")):
    """A prepared case: a box of noise for a brain, nested boxes for a tumour in it."""
    folder.mkdir()
    brain = np.zeros(size, bool)
    brain[1:-1, 1:-1, 1:-1] = True
    regions = np.zeros((len(names), *size), np.uint8)
    for n, region in enumerate(regions):
        middle = tuple(slice(m // 2 - 4 + n, m // 2 + 3 - n) for m in size)
        region[middle] = 1
    images = np.random.default_rng(seed).normal(5, 1, (4, *size)) * brain
    np.save(folder / "images.npy", images.astype(np.float16))
    np.save(folder / "regions.npy", regions)
    masks = dict(zip(names, regions, strict=True)) | {"brain": brain}
    np.savez(folder / "places.npz", **{name: np.argwhere(mask).astype(np.int16) for name, mask in masks.items()})
    (folder / "case.json").write_text(json.dumps({"patient": folder.name}))
    return PreparedCase(folder)


@dataclass(frozen=True)
class Held:
    """A case in memory, to be changed."""

    images: np.ndarray
    regions: np.ndarray
    places: dict


def held(case):
    return Held(np.array(case.images), np.array(case.regions), dict(case.places))


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    return write_case(tmp_path_factory.mktemp("prepared") / "case-0")


def equal(one, other):
    return torch.equal(one.image, other.image) and torch.equal(one.regions, other.regions)


@settings(max_examples=15, deadline=None)
@given(step=st.integers(0, 10**6), index=st.integers(0, 63), preset=st.sampled_from(sorted(PRESETS)))
def test_seed_step_and_index_say_it_all(case, step, index, preset):
    plan = make_plan(preset, sequence_dropout=0.5)
    sample = draw_sample(plan, [case], step, index)
    assert sample.image.shape == (4, *PATCH)
    assert sample.regions.shape == (3, *PATCH)
    assert sample.image.dtype == sample.regions.dtype == torch.float32
    assert equal(sample, draw_sample(plan, [PreparedCase(case.folder)], step, index))
    noted = json.loads(json.dumps(asdict(draw(plan, [case], step, index))))
    assert equal(sample, take(plan, case, SampleDraw(**noted)))


def test_other_steps_indices_and_seeds_give_other_samples(case):
    plan = make_plan("oncontour")
    other = plan.model_copy(update={"training": plan.training.model_copy(update={"seed": 4})})
    samples = [
        draw_sample(p, [case], step, b).image
        for p, step, b in [(plan, 0, 0), (plan, 0, 1), (plan, 1, 0), (other, 0, 0)]
    ]
    assert not any(torch.equal(a, b) for n, a in enumerate(samples) for b in samples[:n])


def test_cases_are_drawn_alike(case):
    drawn = [draw(make_plan(), [case] * 4, 0, b).case for b in range(2000)]
    assert np.bincount(drawn) / 2000 == pytest.approx([0.25] * 4, abs=0.04)


def centres(plan, case, number=600, **arguments):
    starts = [draw(plan, [case], 0, b, **arguments).start for b in range(number)]
    return np.array(starts) + np.array(plan.training.patch) // 2


def test_patches_lie_around_the_regions_asked_for(case):
    whole = centres(make_plan(foreground=1.0, regions={"WT": 1.0}), case)
    inner = centres(make_plan(foreground=1.0, regions={"ET": 1.0}), case)
    assert (case.regions[0][tuple(whole.T)] == 1).all()
    assert (case.regions[2][tuple(inner.T)] == 1).all()
    mixed = centres(make_plan(foreground=1.0, regions={"WT": 1.0, "ET": 3.0}), case)
    share = case.regions[2].sum() / case.regions[0].sum()
    assert case.regions[2][tuple(mixed.T)].mean() == pytest.approx(0.75 + 0.25 * share, abs=0.05)


def test_the_share_of_foreground_is_kept(case):
    drawn = centres(make_plan(foreground=0.4, elsewhere="anywhere"), case, 2000)
    inside = case.regions[0][tuple(drawn.T)].mean()
    room = np.prod([n - p + 1 for n, p in zip(SIZE, PATCH, strict=True)])
    by_chance = case.regions[0].sum() / room
    assert inside == pytest.approx(0.4 + 0.6 * by_chance, abs=0.04)


@settings(max_examples=50, deadline=None)
@given(share=st.floats(0, 1), batch=st.integers(1, 12), step=st.integers(0, 10**6))
def test_every_batch_has_its_share_of_foreground_rounded_up_or_down(case, share, batch, step):
    places = {"WT": np.array([[7, 7, 7]], np.int16), "brain": np.array([[3, 3, 3]], np.int16)}
    plan = make_plan(foreground=share, elsewhere="brain", patch=(1, 1, 1))
    two_places = Held(case.images, case.regions, places)
    around = sum(draw(plan, [two_places], step, b).start == (7, 7, 7) for b in range(batch))
    assert floor(share * batch - 1e-9) <= around <= ceil(share * batch + 1e-9)


def test_elsewhere_is_anywhere_the_patch_fits_or_in_the_brain(case):
    starts = centres(make_plan(foreground=0.0), case, 2000) - np.array(PATCH) // 2
    assert starts.min(0).tolist() == [0, 0, 0]
    assert starts.max(0).tolist() == [n - p for n, p in zip(SIZE, PATCH, strict=True)]
    plan = make_plan(foreground=0.0, elsewhere="brain", patch=(1, 1, 1))
    assert case.images[0][tuple(centres(plan, case).T)].all()


def test_a_margin_lets_every_voxel_into_the_middle(case):
    margin = (5, 5, 5)
    plan = make_plan(foreground=0.0, elsewhere="brain", patch=(11, 11, 11))
    drawn = centres(plan, case, 3000, margin=margin)
    assert drawn.min(0).tolist() == [1, 1, 1]
    assert drawn.max(0).tolist() == [n - 2 for n in SIZE]
    clipped = centres(plan, case, 3000)
    assert clipped.min(0).tolist() == [5, 5, 5]
    anywhere = centres(make_plan(foreground=0.0, patch=(11, 11, 11)), case, 3000, margin=margin)
    assert anywhere.min(0).tolist() == [0, 0, 0]
    assert anywhere.max(0).tolist() == [n - 1 for n in SIZE]


def test_cases_without_a_region_give_other_patches(case):
    empty = replace(held(case), places={**case.places, "ET": np.zeros((0, 3), np.int16)})
    drawn = centres(make_plan(foreground=1.0), empty)
    assert (case.regions[0][tuple(drawn.T)] == 1).all()
    drawn = centres(make_plan(foreground=1.0, regions={"ET": 1.0}), empty)
    assert not (case.regions[0][tuple(drawn.T)] == 1).all()


def test_an_unknown_region_is_named(case):
    with pytest.raises(InputError, match="region 'CC'; expected some of WT, TC, ET"):
        draw(make_plan(regions={"WT": 1.0, "CC": 1.0}), [case], 0, 0)


def test_cases_smaller_than_the_patch_are_centred_in_zeros(case):
    plan = make_plan(patch=(40, 14, 34), foreground=1.0)
    sample = draw_sample(plan, [case], 0, 0)
    assert not sample.image[:, :3].any()
    assert not sample.image[:, -3:].any()
    assert (sample.image[:, 4:-4, 1:-1, 4:-4] != 0).all()
    assert sample.regions.sum((1, 2, 3)).tolist() == case.regions.sum((1, 2, 3)).tolist()


def test_patches_hold_what_the_case_holds(case):
    drawn = draw(make_plan(), [case], 0, 5)
    box = tuple(slice(a, a + n) for a, n in zip(drawn.start, PATCH, strict=True))
    sample = take(make_plan(), case, drawn)
    assert np.array_equal(sample.image.numpy(), case.images[:, *box].astype(np.float32))
    assert np.array_equal(sample.regions.numpy(), case.regions[:, *box])


@settings(max_examples=25, deadline=None)
@given(index=st.integers(0, 10**6))
def test_image_and_regions_move_together_and_no_more_is_read_than_needed(case, index):
    plan = make_plan("paper-002", patch=(10, 12, 8), foreground=1.0, regions={"ET": 1.0})
    drawn = draw(plan, [case], 0, index)
    beyond = 3  # voxels of a patch of 12 that a tenth of scale and of shift can ask for
    low = np.maximum(np.array(drawn.start) - beyond, 0)
    high = np.array(drawn.start) + plan.training.patch + beyond
    seen = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    marked = np.full((4, *SIZE), np.nan, np.float16)
    marked[:, *seen] = 1 + case.regions[0][seen]
    sample = take(plan, replace(held(case), images=marked), drawn)
    assert sample.image.isfinite().all()
    shown = sample.image[0] != 0
    clear = shown & ((sample.image[0] - 1.5).abs() > 0.01)
    assert torch.equal(sample.regions[0][clear] > 0, sample.image[0][clear] > 1.5)


def test_turned_patches_see_beyond_their_corners(case):
    turned = (("spatial", 1.0, {"rotation_probability": 1.0, "scaling_probability": 0.0}),)
    plan = make_plan(turned, patch=(10, 10, 10), foreground=1.0, regions={"ET": 1.0})
    for index in range(10):
        assert (draw_sample(plan, [case], 0, index).image != 0).all()


def test_dropped_sequences_are_zero(case):
    plan = make_plan("oncontour", sequence_dropout={"T1": 0.5, "FLAIR": 0.1})
    absent = np.zeros(4)
    for index in range(300):
        drawn = draw(plan, [case], 0, index)
        channels = [channel for channel, shown in enumerate(drawn.channels) if shown is None]
        absent[channels] += 1
        if index < 20:
            image = take(plan, case, drawn).image
            assert [channel for channel in range(4) if not image[channel].any()] == channels
    assert absent / 300 == pytest.approx([0.5, 0, 0, 0.1], abs=0.09)


def test_a_case_keeps_the_only_sequence_that_it_has(case):
    images = np.array(case.images)
    images[[0, 2, 3]] = 0
    plan = make_plan(sequence_dropout=1.0)
    lone = replace(held(case), images=images)
    assert all(draw(plan, [lone], 0, index).channels[1] == 1 for index in range(100))
    assert any(draw(plan, [lone], 0, index).channels[2] is None for index in range(100))


def test_heads_show_one_random_sequence(tmp_path):
    head = write_case(tmp_path / "head", names=("BRAIN",))
    plan = make_plan("oncontour-head", channels=(), foreground=0.0)
    drawn = [draw(plan, [head], 0, index) for index in range(200)]
    assert {one.channels for one in drawn} == {(0,), (1,), (2,), (3,)}
    assert {step.name for one in drawn for step in one.transforms} == {
        "field_of_view", "surroundings", "power", "mirror", "intensity",
    }  # fmt: skip
    for one in drawn[:10]:
        sample = take(plan, head, one)
        assert sample.image.shape == sample.regions.shape == (1, *PATCH)
        assert sample.image.isfinite().all()


def test_a_batch_of_few_cases(case):
    """Paper 004: patches of a batch are of at most so many subjects; over the steps all are seen alike."""
    many = [case] * 30
    plan = make_plan(cases=4)
    seen = [{draw(plan, many, step, number).case for number in range(30)} for step in range(100)]
    assert {len(step) for step in seen} == {4}
    counts = np.bincount([case for step in seen for case in step], minlength=30)
    assert counts.min() > 0.3 * 100 * 4 / 30
    assert {draw(plan, many[:3], 0, number).case for number in range(60)} == {0, 1, 2}
    free = {draw(make_plan(), many, 0, number).case for number in range(60)}
    assert len(free) > 15
