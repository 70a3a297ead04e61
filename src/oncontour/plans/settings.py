"""How each network was trained by those who proposed it: the defaults of plans, as data.

What a paper leaves open has a number here too, and `why` says whose it is. What depends on the data is `propose`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from oncontour.augment.presets import NNUNET, ONCONTOUR, PAPER_002, PAPER_004, Preset
from oncontour.plans.fields import Size
from oncontour.plans.plan import Normalisation, PostprocessPlan
from oncontour.plans.training import LossPlan, OptimiserPlan, Precision, SamplingPlan, SchedulePlan, StoppingPlan

NO_POSTPROCESSING = PostprocessPlan(hole_mm3=0.0, island_share=0.0, minimum_whole_mm3=0.0)

WHOLE: Size = (320, 320, 320)
"""A tile larger than any head at 1 mm: an image is run whole."""

FLIPS: Preset = (("mirror", 1.0, {}), ("shift_scale", 1.0, {"shift": 0.06, "scale": 0.06}))
"""Flips, and brightness drawn as wide as the uniform 0.1 to either side of Myronenko 2018 and of MONAI's tutorial."""


@dataclass(frozen=True)
class Settings:
    """A network's training as its paper has it; fields that plans have too mean what they mean there.

    Args:
        batch: patches a step, where memory allows.
        steps: an epoch; None: as many as show each training case once.
        multiple: sizes of the patch must be multiples of it.
        patch: standard: the network's own (`networks.standard`), cut to the largest case; fixed: the network's own;
            whole: the largest case; planned: as nnU-Net plans it.
        finest_mm: data of smaller voxels are made as coarse; the five papers work at 1 mm.
        cascade: a network for each region and view.
        shares: of the patch within slices, the stages' of a cascade: the first, those between, the last.
        tile: None: the patch.
        why: a sentence for what is not obvious, by its place in the plan.
    """

    optimiser: OptimiserPlan
    schedule: SchedulePlan
    loss: LossPlan
    epochs: int
    batch: int
    multiple: Size
    augment: Preset
    why: Mapping[str, str]
    steps: int | None = None
    patch: Literal["standard", "fixed", "whole", "planned"] = "standard"
    tile: Size | None = None
    normalisation: Normalisation = "zscore"
    finest_mm: float = 1.0
    cascade: bool = False
    shares: tuple[float, float, float] = (1.0, 1.0, 1.0)
    sampling: SamplingPlan = field(default_factory=SamplingPlan)
    validate_every: int = 1
    validation_cases: int | None = None
    stopping: StoppingPlan | None = None
    gradient_limit: float | None = None
    average_decay: float | None = None
    precision: Precision = "auto"
    inference: Mapping[str, Any] = field(default_factory=dict)
    postprocess: PostprocessPlan = NO_POSTPROCESSING


def forced_foreground(batch: int) -> float:
    """Share of a batch's patches that nnU-Net takes around tumour: of n the last n - round(0.67 n) (version 2.8).

    >>> forced_foreground(2), forced_foreground(4), forced_foreground(5)
    (0.5, 0.25, 0.4)
    """
    return (batch - round(batch * (1 - 0.33))) / batch


_MIXED = "bf16, for half the memory and more speed, on GPUs and processors that have units for it; else fp32."

_NNUNET = Settings(
    optimiser=OptimiserPlan(name="sgd", learning_rate=0.01, weight_decay=3e-5, momentum=0.99, nesterov=True),
    schedule=SchedulePlan(name="polynomial", power=0.9),
    loss=LossPlan(dice=1.0, cross_entropy=1.0, smooth=1e-5),
    epochs=1000,
    steps=250,
    batch=2,
    multiple=(1, 1, 1),
    patch="planned",
    sampling=SamplingPlan(foreground=forced_foreground(2)),
    augment=NNUNET,
    validate_every=25,
    validation_cases=10,
    gradient_limit=12.0,
    inference={
        "mirror": (0, 1, 2), "combinations": True, "overlap": 0.5, "weighting": "gaussian", "average": "logits",
        "whole_tiles": True,
    },
    why={
        "training.epochs": "nnU-Net's; paper 001 also stops 50 epochs after the last gain (training.stopping).",
        "training.optimiser.learning_rate": "nnU-Net's; paper 000 prints 0.0 and means this.",
        "training.loss.smooth": "nnU-Net's: a region that a patch lacks is left to cross-entropy.",
        "training.loss.deep_supervision": "nnU-Net's: half the weight at each coarser resolution, 0 at the coarsest.",
        "training.sampling.foreground": "nnU-Net's: of n patches the last n - round(0.67 n) hold tumour, one of two.",
        "training.validate_every": "Whole cases cost more than the patches that nnU-Net validates on.",
        "training.precision": f"nnU-Net trains in mixed precision. {_MIXED}",
        "inference.mirror": "nnU-Net's: the mean over all eight mirrored views.",
        "postprocess.island_share": "nnU-Net keeps all islands unless removing them gains on its validation.",
    },
)  # fmt: skip

_REPORT = Settings(
    optimiser=OptimiserPlan(name="adam", learning_rate=0.001),
    schedule=SchedulePlan(name="plateau", factor=0.2, patience=5),
    loss=LossPlan(dice=0.5, cross_entropy=0.5),
    epochs=300,
    batch=2,
    multiple=(1, 1, 1),
    patch="whole",
    tile=WHOLE,
    normalisation="percentile95",
    sampling=SamplingPlan(foreground=0.0),
    augment=PAPER_004,
    stopping=StoppingPlan(patience=20),
    inference={"mirror": (), "overlap": 0.0, "weighting": "constant"},
    why={
        "normalisation": "Paper 004's final choice; z-score and min-max made no difference (P = .4).",
        "training.epochs": "An upper bound of ours: paper 004 stops when validation gets worse.",
        "training.batch": "Paper 004's.",
        "training.patch": "Paper 004 trains on whole images (143 x 196 x 144): here the largest case.",
        "training.optimiser.learning_rate": "The best of paper 004's grid for its U-Net: Adam, 1e-3.",
        "training.schedule.factor": "Paper 004 divides the rate by 5 on a plateau; after how long is ours (patience).",
        "training.loss.dice": "Paper 004's best: half Dice, half cross-entropy (alpha 0.5 of 0.1 to 0.9).",
        "training.stopping": "Paper 004 stops when validation gets worse; how long to wait is ours.",
        "training.precision": f"A whole image takes 8 GB in fp32. {_MIXED}",
        "inference.tile": "Larger than any head: images are run whole, as they were trained.",
        "postprocess.island_share": "Paper 004 postprocesses nothing.",
    },
)

_DEEPMEDIC = replace(
    _REPORT,
    optimiser=OptimiserPlan(name="sgd", learning_rate=0.001, momentum=0.99, nesterov=True),
    epochs=35,
    steps=333,
    batch=60,
    multiple=(3, 3, 3),
    patch="fixed",
    tile=(96, 96, 96),
    sampling=SamplingPlan(foreground=0.5, elsewhere="brain", cases=10),
    precision="fp32",
    why={
        **_REPORT.why,
        "training.epochs": "Paper 000's; paper 004 gives none.",
        "training.steps_per_epoch": "20,000 patches an epoch, as DeepMedic's own program draws them.",
        "training.batch": "Paper 004's: 60 patches.",
        "training.patch": "What is read for paper 004's 25^3 and its surroundings at a third; 9^3 are scored.",
        "training.optimiser.learning_rate": "The best of paper 004's grid for DeepMedic: SGD, 1e-3.",
        "training.sampling.foreground": "Paper 004: patches on tumour and on healthy tissue alike gained most.",
        "training.sampling.elsewhere": "Paper 004 draws centres uniformly in the brain.",
        "training.sampling.cases": "Paper 004: the 60 patches of a batch are of at most 10 subjects.",
        "training.precision": "A network this small gains little from less.",
        "inference.tile": "Valid convolutions: any tile gives the same, without overlap; large ones share work.",
        "postprocess.crf": "Paper 004 postprocesses nothing; paper 000 names DeepMedic's random field: `crf: {}`.",
    },
)  # fmt: skip

_SEGRESNET = Settings(
    optimiser=OptimiserPlan(name="adam", learning_rate=0.0001),
    schedule=SchedulePlan(name="cosine"),
    loss=LossPlan(dice=1.0, cross_entropy=1.0),
    epochs=100,
    batch=1,
    multiple=(8, 8, 8),
    augment=FLIPS,
    inference={"mirror": (), "overlap": 0.5, "weighting": "constant", "average": "logits", "whole_tiles": True},
    why={
        "training.epochs": "Paper 003's; its best was the 92nd (fine-tuning: 50).",
        "training.steps_per_epoch": "Each training case once, as MONAI's BraTS tutorial counts an epoch.",
        "training.batch": "Paper 003 gives none; MONAI's tutorial takes 1.",
        "training.patch": "Paper 003 gives none; MONAI's tutorial: 224 x 224 x 144, cut to the data and the memory.",
        "training.augment": "Paper 003 gives none: flips and brightness as MONAI's tutorial has them.",
        "training.precision": f"MONAI's tutorial trains in mixed precision. {_MIXED}",
        "inference.overlap": "MONAI's tutorial: half a tile, all voxels weighted alike.",
    },
)

_AR = replace(
    _SEGRESNET,
    optimiser=OptimiserPlan(name="adam", learning_rate=0.0001, weight_decay=1e-5),
    schedule=SchedulePlan(name="polynomial", power=0.9),
    loss=LossPlan(dice=1.0, cross_entropy=0.0, reconstruction=0.1, divergence=0.1),
    epochs=300,
    multiple=(16, 16, 16),
    why={
        "training.epochs": "Myronenko 2018, section 3: 300, at a rate of 1e-4 (1 - progress)^0.9.",
        "training.steps_per_epoch": "Each training case once.",
        "training.batch": "Myronenko 2018: 1.",
        "training.patch": "Myronenko 2018: 160 x 192 x 128, cut to the data and the memory.",
        "training.loss.reconstruction": "Myronenko 2018: 0.1 of squared error and of divergence, beside soft Dice.",
        "training.augment": "Myronenko 2018: flips, and brightness by 0.1 to either side.",
        "training.precision": _MIXED,
        "inference.overlap": "MONAI's default weighting, half a tile shared.",
    },
)

_CA_CNN = Settings(
    optimiser=OptimiserPlan(name="adamw", learning_rate=0.001, weight_decay=0.01),
    schedule=SchedulePlan(name="constant"),
    loss=LossPlan(dice=1.0, cross_entropy=0.0, batch_dice=True),
    epochs=300,
    batch=5,
    multiple=(4, 4, 1),
    tile=(256, 256, 32),
    cascade=True,
    shares=(1.0, 96 / 144, 64 / 144),
    sampling=SamplingPlan(foreground=0.5),
    augment=PAPER_002,
    validate_every=3,
    stopping=StoppingPlan(patience=60),
    inference={"mirror": (), "overlap": 0.25, "weighting": "tent"},
    postprocess=PostprocessPlan(hole_mm3=3.0, island_share=0.1, minimum_whole_mm3=0.0),
    why={
        "training.epochs": "Paper 002's, for each network of the cascade.",
        "training.steps_per_epoch": "Each training case once: 19,000 steps for paper 002's 318; Wang 2017 took 20,000.",
        "training.batch": "Wang 2017: 5; paper 002 tuned it and gives none.",
        "training.patch": "Along the axes of a view, slices last; Wang 2017: 144 x 144 for the whole tumour.",
        "training.optimiser.weight_decay": "Paper 002's decay rate of 0.01, read as decoupled weight decay.",
        "training.loss.dice": "Wang 2017: Dice alone, over the batch; paper 002 names no loss.",
        "training.sampling.foreground": "Not given: half, since most patches of a head hold none of the region.",
        "training.validate_every": "Paper 002's.",
        "training.stopping": "Paper 002 stops early; how long it waits it does not say.",
        "training.precision": _MIXED,
        "inference.tile": "Whole slices.",
        "postprocess.island_share": "Paper 002's; holes below 3 mm3 are filled, too.",
        "stages": "Paper 002: each region in the box of the one around it, three views averaged; patches by Wang "
        "2017: 144, 96 and 64 within slices.",
    },
)

_AR_CA = replace(
    _CA_CNN,
    loss=LossPlan(dice=1.0, cross_entropy=0.0, batch_dice=True, reconstruction=0.1, divergence=0.1),
    multiple=(8, 8, 2),
    why={**_CA_CNN.why, "training.loss.reconstruction": "Myronenko 2018, whom paper 002 follows: 0.1 of each."},
)

_RESIDUAL_UNET = Settings(
    optimiser=OptimiserPlan(name="adamw", learning_rate=0.002, weight_decay=0.0001),
    schedule=SchedulePlan(name="polynomial", power=0.9),
    loss=LossPlan(dice=1.0, cross_entropy=1.0),
    epochs=100,
    steps=100,
    batch=2,
    multiple=(16, 16, 16),
    tile=(112, 128, 112),
    finest_mm=2.0,
    sampling=SamplingPlan(foreground=0.6, sequence_dropout=0.5),
    augment=ONCONTOUR,
    validate_every=10,
    validation_cases=10,
    gradient_limit=12.0,
    average_decay=0.997,
    precision="fp32",
    inference={"mirror": (0, 1), "overlap": 0.25},
    postprocess=PostprocessPlan(),
    why={
        "training.epochs": "Ours: 10,000 steps in all.",
        "training.sampling.foreground": "Six patches in ten hold tumour, the others teach what is not one.",
        "training.sampling.sequence_dropout": "A study often lacks a sequence: half of the patches lack some.",
        "training.average_decay": "Averaged weights are steadier than the last ones.",
    },
)

SETTINGS: Mapping[str, Settings] = {
    "residual_unet": _RESIDUAL_UNET,
    "nnunet": _NNUNET,
    "nnunet_resenc": _NNUNET,
    "segresnet": _SEGRESNET,
    "ar": _AR,
    "deepmedic": _DEEPMEDIC,
    "unet_report": _REPORT,
    "ca_cnn": _CA_CNN,
    "ar_ca": _AR_CA,
}
"""By the names of `oncontour.networks.NETWORKS`."""
