"""The plan of a model: what goes in, the network, how it is trained, how it is run. Saved as YAML, edited by hand.

A plan is data: no expressions, no class names to look up by walking. Every number of a training and of a model stands
here, with a sentence of `why` beside each that is not obvious.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from oncontour.core.errors import BundleError
from oncontour.core.sequence import Sequence
from oncontour.data.files import write_whole

Normalisation = Literal["zscore", "minmax", "percentile95", "percentile99"]
Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=0)]
Size = tuple[Count, Count, Count]
View = Literal["axial", "coronal", "sagittal"]
Precision = Literal["auto", "fp32", "bf16", "fp16"]

ON_ONE_LINE = 100
"""Characters of a list or mapping that a saved plan keeps on one line."""


class Frozen(BaseModel):
    """A part of a plan: no unknown keys, no change after loading."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class NetworkPlan(Frozen):
    """A name from `oncontour.networks.NETWORKS` and its arguments."""

    name: str
    arguments: dict[str, Any]


class SyntheticPlan(Frozen):
    """The phantom cases to train on, where no data set is given.

    Args:
        cases: how many.
        seed: of the first; case n has seed + n.
        skull: whole heads (for brain extraction) or brains alone.
        mni_share: share of cases grown in the MNI152 brain; the others take a label map of the folder of anatomies.
        healthy: share of cases without a tumour.
        loose_mask: share of cases stripped by an imperfect brain mask, as extraction draws it (`augment.brain_mask`);
            the others by the brain itself, as in research data.
    """

    cases: Count
    seed: Seed
    skull: bool
    mni_share: Share
    healthy: Share = 0.0
    loose_mask: Share = 0.0


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
    batch_dice: bool = False
    deep_supervision: tuple[float, ...] = ()
    reconstruction: float = Field(default=0.0, ge=0)
    divergence: float = Field(default=0.0, ge=0)


class SamplingPlan(Frozen):
    """Where patches are taken.

    Args:
        foreground: share of patches around a voxel of a region.
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

    @property
    def steps(self) -> int:
        """Optimiser steps of a training that is not stopped early."""
        return self.epochs * self.steps_per_epoch


class StagePlan(Frozen):
    """One stage of a cascade.

    Args:
        region: that this stage's network finds.
        within: an earlier stage's region, to whose box the image is cropped; None: the whole image.
        margin: voxels kept around that box.
        views: each view has a network of its own, which sees slices of that orientation; their probabilities are
            averaged. Empty: one network, in the image's own axes.
        network: None: the plan's.
        patch: of training, along the axes of a view; None: the plan's.
        tile: of inference, likewise.
    """

    region: str
    within: str | None = None
    margin: int = Field(default=5, ge=0)
    views: tuple[View, ...] = ()
    network: NetworkPlan | None = None
    patch: Size | None = None
    tile: Size | None = None


class InferencePlan(Frozen):
    """How the network is run.

    Args:
        mirror: axes of the array (0 = left-right) to mirror.
        combinations: False: each axis alone, averaged with the plain view; True: every combination of them (nnU-Net).
        tile: largest tile in voxels along each axis, as written (a network's `margin` is read beside it); a smaller
            image is run whole.
        whole_tiles: an image smaller than a tile is centred in one of zeros (nnU-Net, MONAI) rather than run as it is.
        overlap: share of a tile that its neighbour covers too.
        weighting: how much of a tile's rim counts against its centre; constant: as much.
        average: what is averaged over tiles, mirrored views and folds (nnU-Net 2, MONAI: logits).
    """

    mirror: tuple[int, ...]
    tile: Size
    overlap: Share
    combinations: bool = False
    weighting: Literal["tent", "gaussian", "constant"] = "tent"
    average: Literal["probabilities", "logits"] = "probabilities"
    whole_tiles: bool = False


class CrfPlan(Frozen):
    """A fully connected conditional random field (`oncontour.postprocess.crf`; papers 000 and 004: DeepMedic).

    Distances are standard deviations of Gaussians. Weights, distances and iterations are the defaults of the program
    that came with DeepMedic; what intensities are alike depends on the normalisation.

    Args:
        iterations: of mean field; 0: none.
        smoothness_weight, smoothness_mm: of neighbours that are near, and how near.
        appearance_weight, appearance_mm: of neighbours that are near and look alike, and how near.
        appearance_intensity: how alike, in normalised intensities; one number, or one a sequence.
    """

    iterations: int = Field(default=5, ge=0)
    smoothness_weight: float = Field(default=3.0, ge=0)
    smoothness_mm: Positive = 3.0
    appearance_weight: float = Field(default=5.0, ge=0)
    appearance_mm: Positive = 5.0
    appearance_intensity: Positive | dict[Sequence, Positive] = 0.3


class PostprocessPlan(Frozen):
    """From probabilities to masks (paper 002, S2.18).

    Args:
        crf: first of all; None: none.
        threshold: of the probability; one for all regions, or by region.
        sure: of a whole tumour's component, some voxel must be more probable than this; 0: none need be.
        hole_mm3: holes smaller than this are filled.
        island_share: islands smaller than this share of the largest are removed, region by region.
        minimum_whole_mm3: a whole tumour smaller than this is no finding.
    """

    crf: CrfPlan | None = None
    threshold: float | dict[str, float] = 0.5
    sure: float = 0.0
    hole_mm3: float = 3.0
    island_share: float = 0.1
    minimum_whole_mm3: float = 100.0


class Plan(Frozen):
    """Everything that defines a model but its weights.

    Args:
        name: of the bundle.
        scheme: label scheme (`oncontour.core.labels.SCHEMES`), or "brain" for the brain mask alone.
        channels: sequences in the order of the network's inputs; empty: one image of any sequence.
        spacing_mm: of the grid the network works in, axes RAS; one number where it is isotropic.
        normalisation: of each image over the brain, or over the head where there is no mask yet.
        bias_field: whether training data are corrected (N4); off by default (paper 004, S4.10: it lost Dice).
        data: digest of the list of files (names and sizes) that the plan was made for; None: any.
        synthetic: the phantom cases to train on; None: a data set is given.
        stages: of a cascade, in order; empty: one network finds all regions.
        previous: name of the plan whose prediction is this one's further input (nnU-Net's 3d_cascade_fullres).
        why: a sentence for each choice that is not obvious, by the place of the field (`training.batch`).
    """

    name: str
    scheme: str
    channels: tuple[Sequence, ...]
    spacing_mm: Positive | tuple[Positive, Positive, Positive]
    normalisation: Normalisation
    network: NetworkPlan
    training: TrainingPlan
    inference: InferencePlan
    postprocess: PostprocessPlan = PostprocessPlan()
    bias_field: bool = False
    data: str | None = None
    synthetic: SyntheticPlan | None = None
    stages: tuple[StagePlan, ...] = ()
    previous: str | None = None
    why: dict[str, str] = Field(default_factory=dict)

    @property
    def spacing(self) -> tuple[float, float, float]:
        """mm along each axis."""
        mm = self.spacing_mm
        return mm if isinstance(mm, tuple) else (mm, mm, mm)

    def of_stage(self, stage: StagePlan) -> Plan:
        """The plan with what one of its stages has of its own: network, patch, tile."""
        training, inference = self.training, self.inference
        if stage.patch:
            training = training.model_copy(update={"patch": stage.patch})
        if stage.tile:
            inference = inference.model_copy(update={"tile": stage.tile})
        own = {"network": stage.network or self.network, "training": training, "inference": inference}
        return self.model_copy(update=own)


def places(plan: Plan) -> dict[str, Any]:
    """Every field of a plan, and every part that holds fields, by its place (`training.batch`), in the plan's order."""

    def walk(content: dict[str, Any], before: str) -> Iterator[tuple[str, Any]]:
        for name, value in content.items():
            yield f"{before}{name}", value
            if isinstance(value, dict):
                yield from walk(value, f"{before}{name}.")

    return dict(walk(plan.model_dump(mode="json", exclude={"why"}), ""))


def load_plan(path: Path) -> Plan:
    """Read a plan.

    Raises:
        BundleError: not a plan; the message names the field.
    """
    try:
        return Plan.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except (OSError, yaml.YAMLError) as error:
        remedy = "Give the path of a plan.yaml."
        raise BundleError(path, f"no readable plan ({_told(error)})", "a YAML file", remedy) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BundleError(path, f"field {place!r}: {first['msg']}", "a complete plan", "Correct that field.") from error


def _told(error: Exception) -> str:
    """What is wrong with a file: of YAML's mistakes the line and the problem, never the text itself."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark:
        return f"line {error.problem_mark.line + 1}: {error.problem}"
    return type(error).__name__


class _Dumper(yaml.SafeDumper):
    """YAML as one would write it by hand: what fits on a line stands on a line."""

    def represent_mapping(self, tag: str, mapping: Any, flow_style: bool | None = None) -> yaml.MappingNode:
        short = len(json.dumps(mapping)) <= ON_ONE_LINE
        return super().represent_mapping(tag, mapping, short if flow_style is None else flow_style)

    def represent_sequence(self, tag: str, sequence: Any, flow_style: bool | None = None) -> yaml.SequenceNode:
        short = len(json.dumps(sequence)) <= ON_ONE_LINE
        return super().represent_sequence(tag, sequence, short if flow_style is None else flow_style)


def save_plan(plan: Plan, path: Path) -> None:
    """Write a plan, fields in their own order; `load_plan` gives the same plan."""
    text = yaml.dump(plan.model_dump(mode="json"), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
    write_whole(path, lambda part: part.write_text(text, "utf-8"))
