"""The plan of a model: what goes in, the network, how it is trained, how it is run. Saved as YAML, edited by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from oncontour.core.errors import BundleError
from oncontour.core.sequence import Sequence

Normalisation = Literal["zscore", "minmax", "percentile95", "percentile99"]


class Frozen(BaseModel):
    """A part of a plan: no unknown keys, no change after loading."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class NetworkPlan(Frozen):
    """A name from `oncontour.networks.NETWORKS` and its arguments."""

    name: str
    arguments: dict[str, Any]


class SyntheticPlan(Frozen):
    """The phantom cases to train on.

    Args:
        cases: how many.
        seed: of the first; case n has seed + n.
        skull: whole heads (for brain extraction) or brains alone.
        mni_share: share of cases grown in the MNI152 brain; the others take a label map of the folder of anatomies.
        healthy: share of cases without a tumour.
        loose_mask: share of cases stripped by an imperfect brain mask, as extraction draws it (`augment.brain_mask`);
            the others by the brain itself, as in research data.
    """

    cases: int
    seed: int
    skull: bool
    mni_share: float = Field(ge=0, le=1)
    healthy: float = Field(default=0.0, ge=0, le=1)
    loose_mask: float = Field(default=0.0, ge=0, le=1)


class TrainingPlan(Frozen):
    """How the weights are found.

    Args:
        steps: optimiser steps.
        batch: patches a step.
        patch: voxels along each axis.
        learning_rate: at the start; it falls to 0 by (1 - progress) ** 0.9 (nnU-Net).
        foreground: share of patches that hold the tumour.
        sequence_dropout: share of patches from which sequences are taken away.
        average_decay: of the moving average of the weights, which is what ships.
        seed: of everything random.
    """

    steps: int
    batch: int
    patch: tuple[int, int, int]
    learning_rate: float
    weight_decay: float
    foreground: float
    sequence_dropout: float
    average_decay: float
    seed: int


class InferencePlan(Frozen):
    """How the network is run.

    Args:
        mirror: axes of the array (0 = left-right) to mirror, one at a time, averaged with the plain view.
        tile: largest tile in voxels along each axis; a smaller image is run whole.
        overlap: share of a tile that its neighbour covers too.
    """

    mirror: tuple[int, ...]
    tile: tuple[int, int, int]
    overlap: float


class PostprocessPlan(Frozen):
    """From probabilities to masks (paper 002, S2.18).

    Args:
        threshold: of the probability; one for all regions, or by region.
        sure: of a whole tumour's component, some voxel must be more probable than this; 0: none need be.
        hole_mm3: holes smaller than this are filled.
        island_share: islands smaller than this share of the largest are removed, region by region.
        minimum_whole_mm3: a whole tumour smaller than this is no finding.
    """

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
        spacing_mm: of the isotropic grid the network works in, axes RAS.
        normalisation: of each image over the brain, or over the head where there is no mask yet.
        why: a sentence for each choice that is not obvious, by the name of the field.
    """

    name: str
    scheme: str
    channels: tuple[Sequence, ...]
    spacing_mm: float
    normalisation: Normalisation
    network: NetworkPlan
    synthetic: SyntheticPlan
    training: TrainingPlan
    inference: InferencePlan
    postprocess: PostprocessPlan = PostprocessPlan()
    why: dict[str, str] = Field(default_factory=dict)


def load_plan(path: Path) -> Plan:
    """Read a plan.

    Raises:
        BundleError: not a plan; the message names the field.
    """
    try:
        return Plan.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except (OSError, yaml.YAMLError) as error:
        remedy = "Give the path of a plan.yaml."
        raise BundleError(path, f"no readable plan ({type(error).__name__})", "a YAML file", remedy) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise BundleError(path, f"field {place!r}: {first['msg']}", "a complete plan", "Correct that field.") from error


def save_plan(plan: Plan, path: Path) -> None:
    """Write a plan, fields in their own order."""
    text = yaml.safe_dump(plan.model_dump(mode="json"), sort_keys=False, allow_unicode=True, width=110)
    part = path.with_name(path.name + ".part")
    part.write_text(text, "utf-8")
    part.replace(path)
