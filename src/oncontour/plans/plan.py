"""The plan of a model: what goes in, the network, how it is trained, how it is run. Saved as YAML, edited by hand.

A plan is data: no expressions, no class names to look up by walking. Every number of a training and of a model stands
here, with a sentence of `why` beside each that is not obvious.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from pydantic import Field

from oncontour.core.sequence import Sequence
from oncontour.data.phantom.ingredients import Ingredient
from oncontour.plans.fields import Count, Frozen, Positive, Seed, Share, Size
from oncontour.plans.training import TrainingPlan

Normalisation = Literal["zscore", "minmax", "percentile95", "percentile99"]
View = Literal["axial", "coronal", "sagittal"]


class NetworkPlan(Frozen):
    """A name from `oncontour.networks.NETWORKS` and its arguments.

    Args:
        decoders: on one encoder, each with `outputs` of its own: one for each of the plan's raters.
    """

    name: str
    arguments: dict[str, Any]
    decoders: Count = 1


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
        without: ingredients of the generator to leave out; all else of a case stays as it was, so that two models can
            be compared (`oncontour.data.phantom.ingredients`).
        kinds: of patients (`oncontour phantom --kind`), and how often each is drawn, relative to the others; their
            labels become those of the plan's scheme. Empty: the kind whose scheme that is, else adults.
    """

    cases: Count
    seed: Seed
    skull: bool
    mni_share: Share
    healthy: Share = 0.0
    loose_mask: Share = 0.0
    without: tuple[Ingredient, ...] = ()
    kinds: dict[str, Positive] = Field(default_factory=dict)


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


class GuidedPlan(Frozen):
    """Probabilities follow the images' edges (`oncontour.postprocess.guided`; He, Sun and Tang 2013).

    Args:
        radius_mm: half the side of a window.
        contrast: the difference of normalised intensity that counts as an edge.
    """

    radius_mm: Positive = 5.0
    contrast: Positive = 0.15


class PostprocessPlan(Frozen):
    """From probabilities to masks (paper 002, S2.18).

    Args:
        crf: first of all; None: none.
        guided: next; None: none.
        threshold: of the probability; one for all regions, or by region.
        sure: of a whole tumour's component, some voxel must be more probable than this; 0: none need be.
        hole_mm3: holes smaller than this are filled.
        island_share: islands smaller than this share of the largest are removed, region by region.
        minimum_whole_mm3: a whole tumour smaller than this is no finding.
    """

    crf: CrfPlan | None = None
    guided: GuidedPlan | None = None
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
        raters: experts whose masks are learnt apart, by a decoder each; what is predicted is their mean. Empty: one
            truth.
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
    raters: tuple[str, ...] = ()
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
