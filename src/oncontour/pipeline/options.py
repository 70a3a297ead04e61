"""What the user may choose about a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from oncontour.core.sequence import Sequence

if TYPE_CHECKING:
    from oncontour.preprocess.normalise import Method

DEFAULT_BUNDLE = "default"
BRAIN_BUNDLE = "brain"


@dataclass(frozen=True)
class Options:
    """Choices of `segment`. The defaults suit a study straight from a scanner as well as one already prepared.

    Args:
        bundle: the model: "default", another shipped bundle's name, or a bundle's folder.
        engine: what runs the networks, as `oncontour.inference.engines.choose_engine` takes it.
        bias_field: whether to correct the bias field (N4).
        skull_stripped: whether the images hold the brain alone; None: look at them.
        brain_mask: a NIfTI mask of the brain in the world of the reference sequence; None: find the brain.
        normalisation: "zscore", "minmax", "percentile95" or "percentile99"; None: what the bundle was trained with.
        predict_dice: whether a calibrated bundle predicts each region's Dice, which takes a pass of the network for
            each of a few variants of the images. Volume intervals cost nothing and are always given.
        use: sequence -> series or file to take for it, against what headers and names say.
        dicom: whether to write DICOM too, where the study is DICOM.
        resume: whether to leave out cases whose result is there, of the same files, choices, version and bundle.
        cores: that one case keeps busy; None: all that this process may use.
    """

    bundle: str = DEFAULT_BUNDLE
    engine: str = "torch"
    bias_field: bool = True
    skull_stripped: bool | None = None
    brain_mask: Path | None = None
    normalisation: Method | None = None
    predict_dice: bool = True
    use: Mapping[Sequence, str] = field(default_factory=dict)
    dicom: bool = False
    resume: bool = False
    cores: int | None = None

    def record(self) -> dict[str, Any]:
        """The choices that a result depends on, for manifests. The bundle is recorded apart, with digest and engine."""
        return {
            "bias_field": self.bias_field,
            "skull_stripped": self.skull_stripped,
            "brain_mask": self.brain_mask.name if self.brain_mask else None,
            "normalisation": self.normalisation,
            "predict_dice": self.predict_dice,
            "use": {str(sequence): series for sequence, series in self.use.items()},
            "dicom": self.dicom,
        }
