"""The part of a plan that says how a network learns: optimiser, schedule, loss, sampling, augmentation, stopping."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from oncontour.core.sequence import Sequence
from oncontour.plans.fields import Count, Frozen, Positive, Seed, Share, Size

Precision = Literal["auto", "fp32", "bf16", "fp16"]
Half = Literal["encoder", "decoder"]


class OptimiserPlan(Frozen):
    """How a gradient becomes a step.

    Args:
        momentum: of SGD.
        nesterov: of SGD.
    """

    name: Literal["sgd", "adam", "adamw"] = "adamw"
    learning_rate: Positive = 0.001
    weight_decay: float = Field(default=0.0, ge=0)
    momentum: Share = 0.99
    nesterov: bool = True


class SchedulePlan(Frozen):
    """How the learning rate falls.

    Args:
        name: polynomial, (1 - progress) ** power (nnU-Net, after every step); cosine, to 0 (after every step); plateau,
            times `factor` when the validation loss has not fallen for `patience` validations (paper 004: a fifth);
            constant.
    """

    name: Literal["polynomial", "cosine", "plateau", "constant"] = "polynomial"
    power: Positive = 0.9
    factor: Share = 0.2
    patience: Count = 5


class LossPlan(Frozen):
    """What is made small: a weighted sum of terms over sigmoid regions, or over softmax classes.

    Args:
        output: sigmoid: one logit a region, regions may overlap; softmax: background and one logit a label.
        dice: weight of the soft Dice loss (with its factor 2, semantics: paper 004).
        cross_entropy: weight of cross-entropy.
        focal: weight of focal loss.
        gamma: exponent of focal loss.
        foreground_weight: omega of weighted cross-entropy and of focal loss: how much a voxel of the region counts
            against 1 - omega for one outside it; None: the same.
        smooth: voxels added to both sides of Dice's fraction: with some, a region that is absent has a gradient, too
            (nnU-Net: 1e-5, which has next to none).
        batch_dice: Dice of all samples together (nnU-Net's 2d and cascades) rather than sample by sample.
        deep_supervision: weights of the outputs at full, half, quarter ... resolution, normalised to sum to 1; empty:
            the full resolution alone.
        reconstruction, divergence: weights of the variational autoencoder's mean squared error and KL divergence
            (Myronenko 2018: 0.1 each).
    """

    output: Literal["sigmoid", "softmax"] = "sigmoid"
    dice: float = Field(default=1.0, ge=0)
    cross_entropy: float = Field(default=1.0, ge=0)
    focal: float = Field(default=0.0, ge=0)
    gamma: float = Field(default=2.0, ge=0)
    foreground_weight: Share | None = None
    smooth: float = Field(default=1.0, gt=0)
    batch_dice: bool = False
    deep_supervision: tuple[float, ...] = ()
    reconstruction: float = Field(default=0.0, ge=0)
    divergence: float = Field(default=0.0, ge=0)


class SamplingPlan(Frozen):
    """Where patches are taken.

    Args:
        foreground: share of patches around a voxel of a region; of each batch as nearly as its size allows.
        regions: how often each region is that one, by name, relative to the others; empty: all regions alike.
        elsewhere: where the centres of the other patches lie: anywhere the patch fits, or in the brain.
        cases: at most so many different ones a batch, drawn anew for each (paper 004: 10); None: a case for each patch.
        sequence_dropout: share of patches that lack sequences, drawn from the clinically common subsets
            (`augment.absent`); or a probability a sequence, each on its own.
    """

    foreground: Share = 1 / 3
    regions: dict[str, float] = Field(default_factory=dict)
    elsewhere: Literal["anywhere", "brain"] = "anywhere"
    cases: Count | None = None
    sequence_dropout: Share | dict[Sequence, Share] = 0.0


class TransformPlan(Frozen):
    """One augmentation: a name from `oncontour.augment.TRANSFORMS`, how often, and its numbers."""

    name: str
    probability: Share = 1.0
    arguments: dict[str, Any] = Field(default_factory=dict)


class StoppingPlan(Frozen):
    """Stop when the validation score has not risen by more than `delta` for `patience` epochs."""

    patience: Count = 50
    delta: float = Field(default=0.0, ge=0)


class StartPlan(Frozen):
    """Which of another model's sequences and regions stand for those that it does not know (`oncontour train --from`).

    What both models know by the same name is matched by it and need not stand here, if both tell labels, or regions.

    Args:
        channels: by sequence of this plan, the other's whose filters it takes (paper 003: ADC those of T2); without one
            it takes the mean over the other's sequences.
        targets: by region of this plan (by label, of a softmax), the other's whose output it begins as; without one it
            begins at random. Only what is given here crosses from regions to labels: several may begin as one region,
            such as cysts and solid tumour as the core, and training tells them apart.
    """

    channels: dict[Sequence, Sequence] = Field(default_factory=dict)
    targets: dict[str, str] = Field(default_factory=dict)


class PhasePlan(Frozen):
    """A part of a training, with an optimiser of its own; what is None is as the training has it.

    Args:
        name: of its folder.
        freeze: halves of the network that stay as they are, the running statistics of their norms too.
    """

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")
    freeze: tuple[Half, ...] = ()
    epochs: Count | None = None
    steps_per_epoch: Count | None = None
    optimiser: OptimiserPlan | None = None
    schedule: SchedulePlan | None = None
    stopping: StoppingPlan | None = None


class TrainingPlan(Frozen):
    """How the weights are found.

    Args:
        epochs: at most.
        steps_per_epoch: optimiser steps an epoch.
        batch: patches a step, over all processes together.
        patch: voxels along each axis.
        augment: transforms in their order; each draws from the sample's own generator.
        augment_previous: likewise, of the `previous` model's labels once they are inputs, 0 or 1 (nnU-Net's cascade).
        validate_every: epochs between validations on whole cases of the fold's validation part.
        validation_cases: at most this many cases a validation; None: all.
        stopping: None: train all epochs.
        gradient_limit: norm at which gradients are clipped; None: never.
        average_decay: of the moving average of the weights, which is what is validated and exported; None: none.
        precision: of convolutions and matrix products; sums and losses are fp32. auto: bf16 where the machine that
            trains has units for it, else fp32.
        seed: of everything random.
        start: what another model's weights become here, where the training begins with some.
        freeze: halves of the network that are not trained.
        phases: one after the other, each from the weights that the one before it shipped; empty: one, as stands here.
    """

    epochs: Count
    steps_per_epoch: Count
    batch: Count
    patch: Size
    optimiser: OptimiserPlan = OptimiserPlan()
    schedule: SchedulePlan = SchedulePlan()
    loss: LossPlan = LossPlan()
    sampling: SamplingPlan = SamplingPlan()
    augment: tuple[TransformPlan, ...] = ()
    augment_previous: tuple[TransformPlan, ...] = ()
    validate_every: Count = 1
    validation_cases: Count | None = None
    stopping: StoppingPlan | None = None
    gradient_limit: Positive | None = 12.0
    average_decay: Share | None = None
    precision: Precision = "fp32"
    seed: Seed = 0
    start: StartPlan = StartPlan()
    freeze: tuple[Half, ...] = ()
    phases: tuple[PhasePlan, ...] = ()

    @property
    def steps(self) -> int:
        """Optimiser steps of a training that is not stopped early."""
        return self.epochs * self.steps_per_epoch
