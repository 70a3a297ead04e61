"""How nnU-Net prepared the images that a model was trained on, as data: `nnunet.yaml` in an imported bundle."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import yaml
from pydantic import ValidationError

from oncontour.core.errors import BundleError
from oncontour.plans.fields import Frozen, Positive

FILE = "nnunet.yaml"

Scaling = Literal["zscore", "rescale", "none"]
"""nnU-Net's ZScoreNormalization, RescaleTo01Normalization, NoNormalization."""


class Steps(Frozen):
    """The steps, along the axes of the file (x, y, z); nnU-Net itself counts them (z, y, x), then transposes.

    Args:
        version: of nnU-Net. Version 1 scales intensities after resampling, version 2 before.
        spacing: mm, to which images are resampled; None for the axis along which slices stay where they are (2d).
        scaling: of each channel.
        masked: for each channel, whether it is scaled over what is not zero in any channel: trained on images whose
            background is zero.
        image_order, label_order, output_order: of the splines that resample images, labels of a previous model, and
            what the network gave.
        separate: whether slices are resampled apart; None: where spacing differs more than threefold.
        axes: into which images are turned, such as "RAS"; None: left as the file has them.
    """

    version: Literal[1, 2] = 2
    spacing: tuple[Positive | None, Positive | None, Positive | None]
    scaling: tuple[Scaling, ...]
    masked: tuple[bool, ...]
    image_order: int = 3
    label_order: int = 1
    output_order: int = 1
    separate: bool | None = None
    axes: str | None = None

    @property
    def stripped(self) -> bool:
        """Whether the model was trained on images with a background of zeros, as skull-stripping leaves them."""
        return any(self.masked)


def load_steps(folder: Path) -> Steps | None:
    """The steps of a bundle; None where it was not imported from nnU-Net.

    Raises:
        BundleError: a damaged file.
    """
    path = folder / FILE
    if not path.exists():
        return None
    try:
        return Steps.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except (OSError, yaml.YAMLError, ValidationError) as error:
        found = f"no readable steps ({type(error).__name__})"
        raise BundleError(path, found, "nnU-Net's steps", "Import the model again.") from error


def steps_text(steps: Steps) -> str:
    """Text of `nnunet.yaml`."""
    return yaml.safe_dump(steps.model_dump(mode="json"), sort_keys=False)
