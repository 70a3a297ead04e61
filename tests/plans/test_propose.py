"""Plans for every network: fitted to data and memory, with the papers' numbers and a reason for each."""

from __future__ import annotations

import pytest
import torch

from oncontour.augment.compose import Composed
from oncontour.augment.presets import NNUNET, NNUNET_CASCADE
from oncontour.core.errors import InputError
from oncontour.core.sequence import Sequence
from oncontour.inference.predict import MARGIN_MM
from oncontour.networks import NETWORKS
from oncontour.plans.file import load_plan, save_plan
from oncontour.plans.fitting import AROUND_MM
from oncontour.plans.memory import step_memory
from oncontour.plans.plan import places
from oncontour.plans.propose import SETTINGS, Wishes, propose_plan

GB = 10**9

BRATS = ((1.0, 1.0, 1.0), (140, 170, 138))
PHANTOM = ((2.0, 2.0, 2.0), (68, 85, 69))
FINE = ((0.5, 0.5, 0.5), (400, 420, 380))

REASONED = {
    "channels", "spacing_mm", "training.epochs", "training.batch", "training.patch", "training.precision",
}  # fmt: skip
"""What every plan of a paper's network gives a reason for."""


def built(plan):
    """A plan's network, without memory for its weights."""
    with torch.device("meta"):
        return NETWORKS[plan.network.name](**plan.network.arguments).eval()


def test_every_network_has_settings():
    assert list(SETTINGS) == list(NETWORKS)


def test_prepared_cases_have_the_room_that_patches_count_on():
    assert AROUND_MM == MARGIN_MM


@pytest.mark.parametrize("network", SETTINGS)
def test_a_plan_is_whole(network, make_fingerprint, tmp_path):
    plan = propose_plan(make_fingerprint(*PHANTOM), network, 8 * GB)
    assert plan.data == "d"
    assert plan.channels == (Sequence.T1, Sequence.T1CE, Sequence.T2, Sequence.FLAIR)
    assert list(plan.why) == [place for place in places(plan) if place in plan.why]
    assert SETTINGS[network].why.keys() <= plan.why.keys()
    if network != "residual_unet":
        assert plan.why.keys() >= REASONED
    Composed.of((step.name, step.probability, step.arguments) for step in plan.training.augment)
    save_plan(plan, tmp_path / "plan.yaml")
    assert load_plan(tmp_path / "plan.yaml") == plan


@pytest.mark.parametrize("network", SETTINGS)
def test_the_network_takes_its_patch(network, make_fingerprint):
    plan = propose_plan(make_fingerprint(*PHANTOM), network, 8 * GB)
    outputs = 1 if plan.stages else 3
    for own in (plan.of_stage(stage) for stage in plan.stages) if plan.stages else (plan,):
        patch = own.training.patch
        image = torch.zeros(1, len(plan.channels), *patch, device="meta")
        made = built(own)
        assert all(size % of == 0 for size, of in zip(patch, as_three(made.stride), strict=True))
        margin = as_three(getattr(made, "margin", 0))
        left = tuple(size - 2 * lost for size, lost in zip(patch, margin, strict=True))
        assert made(image).shape == (1, outputs, *left)
        if plan.training.loss.reconstruction:
            assert made.forward_with_reconstruction(image).image.shape == image.shape
        if plan.training.loss.deep_supervision:
            assert len(made.forward_deep(image)) == len(plan.training.loss.deep_supervision) + 1


def as_three(value):
    return (value,) * 3 if isinstance(value, int) else tuple(value)


@pytest.mark.parametrize("network", [name for name, settings in SETTINGS.items() if settings.patch != "planned"])
def test_a_step_fits_the_memory(network, make_fingerprint):
    found = make_fingerprint(*FINE)
    for memory in (6 * GB, 24 * GB):
        plan = propose_plan(found, network, memory)
        need = step_memory(network, plan.network.arguments, plan.training.patch, plan.training)
        assert plan.training.batch <= need.batch(memory)
        assert plan.training.batch <= SETTINGS[network].batch


@pytest.mark.parametrize(
    ("network", "numbers"),
    [
        ("nnunet", {
            "optimiser.name": "sgd", "optimiser.learning_rate": 0.01, "optimiser.momentum": 0.99,
            "optimiser.weight_decay": 3e-5, "schedule.name": "polynomial", "schedule.power": 0.9, "epochs": 1000,
            "steps_per_epoch": 250, "batch": 2, "patch": [128, 128, 128], "loss.dice": 1, "loss.cross_entropy": 1,
            "loss.deep_supervision": [1, 0.5, 0.25, 0.125], "sampling.foreground": 1 / 2, "gradient_limit": 12,
        }),
        ("deepmedic", {
            "optimiser.name": "sgd", "optimiser.learning_rate": 0.001, "batch": 60, "patch": [57, 57, 57],
            "schedule.name": "plateau", "schedule.factor": 0.2, "sampling.foreground": 0.5,
            "sampling.elsewhere": "brain", "sampling.cases": 10, "loss.dice": 0.5, "loss.cross_entropy": 0.5,
        }),
        ("unet_report", {
            "optimiser.name": "adam", "optimiser.learning_rate": 0.001, "schedule.name": "plateau", "loss.dice": 0.5,
        }),
        ("segresnet", {
            "optimiser.name": "adam", "optimiser.learning_rate": 1e-4, "schedule.name": "cosine", "epochs": 100,
            "steps_per_epoch": 464, "loss.dice": 1, "loss.cross_entropy": 1,
        }),
        ("ar_ca", {
            "optimiser.learning_rate": 0.001, "optimiser.weight_decay": 0.01, "epochs": 300, "validate_every": 3,
            "loss.reconstruction": 0.1, "loss.divergence": 0.1, "patch": [144, 144, 24], "batch": 5,
        }),
        ("ca_cnn", {"epochs": 300, "loss.reconstruction": 0, "patch": [144, 144, 24]}),
    ],
)  # fmt: skip
def test_the_numbers_are_the_papers(network, numbers, make_fingerprint):
    found = places(propose_plan(make_fingerprint(*BRATS, cases=580), network, 24 * GB))
    if network == "nnunet":
        found = places(propose_plan(make_fingerprint(*BRATS, cases=580), network, 8 * GB))
    assert {place: found[f"training.{place}"] for place in numbers} == numbers


def test_an_epoch_shows_each_case_once_whatever_the_batch(make_fingerprint):
    found = make_fingerprint(*BRATS)  # 20 cases, 16 of them in the training part of a fold
    steps = {gb: propose_plan(found, "unet_report", gb * GB).training for gb in (8, 24)}
    assert [(part.batch, part.steps_per_epoch) for part in steps.values()] == [(1, 16), (2, 8)]


def test_papers_normalise_and_augment_as_they_say(make_fingerprint):
    plans = {name: propose_plan(make_fingerprint(*PHANTOM), name, 8 * GB) for name in ("deepmedic", "nnunet", "ca_cnn")}
    assert [plan.normalisation for plan in plans.values()] == ["percentile95", "zscore", "zscore"]
    names = {name: [step.name for step in plan.training.augment] for name, plan in plans.items()}
    assert names == {
        "deepmedic": ["spatial", "mirror", "shift_scale"],
        "nnunet": [name for name, _, _ in NNUNET],
        "ca_cnn": ["mirror", "spatial"],
    }


def test_a_cascade_goes_from_region_to_region_in_three_views(make_fingerprint):
    plan = propose_plan(make_fingerprint(*BRATS), "ar_ca", 8 * GB)
    assert [(stage.region, stage.within) for stage in plan.stages] == [("WT", None), ("TC", "WT"), ("ET", "TC")]
    assert {stage.views for stage in plan.stages} == {("axial", "coronal", "sagittal")}
    assert {stage.margin for stage in plan.stages} == {5}
    networks = [plan.of_stage(stage).network for stage in plan.stages]
    assert [network.arguments.get("downsamplings", 2) for network in networks] == [2, 2, 1]


@pytest.mark.parametrize("network", ["ca_cnn", "ar_ca"])
def test_stages_have_smaller_patches_the_further_in_they_look(network, make_fingerprint):
    """Wang 2017: 144, 96 and 64 within slices; in the same proportion where data or memory allow less."""
    plan = propose_plan(make_fingerprint(*BRATS), network, 24 * GB)
    assert plan.training.patch == (144, 144, 24)
    assert [stage.patch for stage in plan.stages] == [None, (96, 96, 24), (64, 64, 24)]
    assert [plan.of_stage(stage).training.patch[0] for stage in plan.stages] == [144, 96, 64]
    small = propose_plan(make_fingerprint(*PHANTOM), network, 24 * GB)
    whole, core, enhancing = (small.of_stage(stage).training.patch[0] for stage in small.stages)
    assert whole < 144
    assert 0 <= core - whole * 96 / 144 < 8
    assert 0 <= enhancing - whole * 64 / 144 < 8
    for stage in plan.stages if network == "ar_ca" else ():
        own = plan.of_stage(stage)
        assert tuple(own.network.arguments["patch"]) == own.training.patch


@pytest.mark.parametrize("network", ["ca_cnn", "ar_ca"])
def test_every_stage_fits_the_memory(network, make_fingerprint):
    plan = propose_plan(make_fingerprint(*BRATS), network, 3 * GB)
    for stage in plan.stages:
        own = plan.of_stage(stage)
        need = step_memory(network, own.network.arguments, own.training.patch, own.training)
        assert plan.training.batch <= need.batch(3 * GB)


def test_regions_that_overlap_are_not_nested(make_fingerprint):
    plan = propose_plan(make_fingerprint(*PHANTOM, scheme="sequence-masks"), "ca_cnn", 8 * GB)
    assert [stage.within for stage in plan.stages] == [None, None, None]


def test_labels_that_regions_do_not_tell_apart_need_classes(make_fingerprint):
    plan = propose_plan(make_fingerprint(*PHANTOM, scheme="paediatric"), "segresnet", 8 * GB)
    assert plan.training.loss.output == "softmax"
    assert plan.network.arguments["outputs"] == 5
    assert "training.loss.output" in plan.why


def test_cubic_voxels_are_no_finer_than_the_data(make_fingerprint):
    thick = make_fingerprint((0.4, 0.4, 6.0), (480, 512, 24))
    assert propose_plan(thick, "segresnet", 8 * GB).spacing_mm == 1.0
    assert propose_plan(make_fingerprint(*PHANTOM), "segresnet", 8 * GB).spacing_mm == 2.0
    assert propose_plan(thick, "nnunet", 8 * GB).spacing_mm == pytest.approx((0.4, 0.4, 6.0))


def test_rare_sequences_are_no_channels(make_fingerprint):
    found = make_fingerprint(*PHANTOM)
    few = [
        case.model_copy(update={"sequences": (Sequence.T1CE, Sequence.FLAIR) if n % 3 else tuple(Sequence)[:4]})
        for n, case in enumerate(found.cases)
    ]
    plan = propose_plan(found.model_copy(update={"cases": tuple(few)}), "residual_unet", 8 * GB)
    assert plan.channels == (Sequence.T1CE, Sequence.FLAIR)
    assert plan.network.arguments["inputs"] == 2
    assert "T2 35%" in plan.why["channels"]


class TestNnunet:
    def test_a_flat_plan_looks_at_slices(self, make_fingerprint):
        found = make_fingerprint((0.5, 0.5, 5.0), (400, 420, 28))
        plan = propose_plan(found, "nnunet", 8 * GB, Wishes(configuration="2d"))
        assert plan.training.patch[2] == 1
        assert (plan.network.arguments["dimensions"], plan.network.arguments["axis"]) == (2, 2)
        assert plan.inference.mirror == (0, 1)
        assert plan.training.loss.batch_dice
        spatial = next(step for step in plan.training.augment if step.name == "spatial")
        assert spatial.arguments["rotation"] == [0.0, 0.0, 180.0]
        image = torch.zeros(1, 4, *plan.training.patch, device="meta")
        assert built(plan)(image).shape == (1, 3, *plan.training.patch)

    def test_a_cascade_names_the_plan_before_it(self, make_fingerprint):
        found = make_fingerprint(*FINE)
        low = propose_plan(found, "nnunet", 8 * GB, Wishes(configuration="3d_lowres"))
        high = propose_plan(found, "nnunet", 8 * GB, Wishes(configuration="3d_cascade_fullres"))
        assert high.previous == low.name == "A-set-nnunet-3d_lowres"
        assert high.network.arguments["inputs"] == 4 + 3  # sequences, and the labels that the first one found
        assert high.training.loss.batch_dice
        assert not low.training.loss.batch_dice
        assert [step.name for step in high.training.augment_previous] == [name for name, _, _ in NNUNET_CASCADE]
        assert not low.training.augment_previous

    def test_a_cascade_where_none_is_needed_is_refused(self, make_fingerprint):
        with pytest.raises(InputError, match="2d, 3d_fullres"):
            propose_plan(make_fingerprint(*PHANTOM), "nnunet", 8 * GB, Wishes(configuration="3d_lowres"))

    def test_more_memory_takes_a_larger_preset(self, make_fingerprint):
        small, large = (propose_plan(make_fingerprint(*FINE), "nnunet_resenc", gb * GB) for gb in (8, 24))
        assert small.network.arguments["n_blocks_per_stage"][:4] == [1, 3, 4, 6]
        assert torch.tensor(large.training.patch).prod() > 2 * torch.tensor(small.training.patch).prod()

    def test_another_patch_changes_the_network_with_it(self, make_fingerprint):
        plan = propose_plan(make_fingerprint(*BRATS), "nnunet", 8 * GB, Wishes(patch=(30, 33, 32)))
        assert plan.training.patch == (32, 40, 32)
        assert plan.network.arguments["strides"] == [[1, 1, 1], [2, 2, 2], [2, 2, 2], [2, 2, 2]]
        assert built(plan)(torch.zeros(1, 4, 32, 40, 32, device="meta")).shape == (1, 3, 32, 40, 32)


def test_thin_patches_turn_in_their_plane(make_fingerprint):
    plan = propose_plan(make_fingerprint((0.4, 0.4, 6.0), (480, 512, 24)), "nnunet", 8 * GB)
    changed = {step.name: step.arguments for step in plan.training.augment}
    assert changed["spatial"]["rotation"] == [0.0, 0.0, 180.0]
    assert changed["low_resolution"]["axes"] == [0, 1]


def test_what_is_asked_for_is_planned(make_fingerprint):
    wishes = Wishes(spacing=(3.0, 3.0, 3.0), patch=(33, 33, 40), epochs=3, steps_per_epoch=7, seed=5, precision="fp32")
    plan = propose_plan(make_fingerprint(*PHANTOM), "segresnet", 8 * GB, wishes)
    training = plan.training
    assert plan.spacing_mm == 3.0
    assert training.patch == (40, 40, 40)  # rounded up to what the network divides by
    assert (training.epochs, training.steps_per_epoch, training.seed, training.precision) == (3, 7, 5, "fp32")
    asked = {place for place, why in plan.why.items() if why == "As asked for."}
    assert asked == {
        "spacing_mm", "training.patch", "training.epochs", "training.steps_per_epoch", "training.seed",
        "training.precision",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("network", "memory", "wishes", "message"),
    [
        ("unet", 8 * GB, Wishes(), "residual_unet"),
        ("deepmedic", 10**6, Wishes(), r"0\.001 GB"),
        ("segresnet", 10**6, Wishes(), "larger --memory"),
        ("segresnet", 8 * GB, Wishes(configuration="2d"), "segresnet"),
        ("segresnet", 8 * GB, Wishes(precision="int8"), "int8"),
    ],
)
def test_what_cannot_be_is_named(network, memory, wishes, message, make_fingerprint):
    with pytest.raises(InputError, match=message):
        propose_plan(make_fingerprint(*PHANTOM), network, memory, wishes)
