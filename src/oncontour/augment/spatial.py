"""Rotation, scaling and shift: one affine map, one interpolation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from scipy.spatial.transform import Rotation

from oncontour.augment.interface import Params, Sample, Size
from oncontour.augment.numbers import Range, check_axes, check_number, check_range, uniform
from oncontour.augment.resampling import centre, resample, widened
from oncontour.core.errors import InputError


@dataclass(frozen=True)
class Spatial:
    """Rotate, scale and shift image and regions.

    The voxel at x, counted from the centre, shows what was at M x + t. M is rotation (about axis 0, then 1, then 2)
    times scale, so a scale above 1 makes things smaller. The image that the map is applied to may be larger than what
    comes out (`reach`): then turned corners show anatomy, not zeros.

    Args:
        rotation: up to so many degrees about each axis, either way.
        rotation_probability: of a rotation, about all axes at once.
        scaling: range of the factor.
        scaling_probability: of a scaling.
        scaled_axes: that are scaled.
        isotropic: by one factor.
        shift: up to this share of the patch along each axis, either way.
        shift_probability: of a shift.
        spacing: of the voxels, in any unit: what is rotated keeps its shape on long voxels too.
    """

    rotation: tuple[float, float, float] = (30.0, 30.0, 30.0)
    rotation_probability: float = 0.2
    scaling: Range = (0.7, 1.4)
    scaling_probability: float = 0.2
    scaled_axes: tuple[int, ...] = (0, 1, 2)
    isotropic: bool = True
    shift: tuple[float, float, float] = (0.0, 0.0, 0.0)
    shift_probability: float = 0.0
    spacing: tuple[float, float, float] = (1.0, 1.0, 1.0)

    def __post_init__(self) -> None:
        check_range(self, "scaling", 0.1, 10)
        check_axes(self, "scaled_axes")
        for name in ("rotation", "scaling", "shift"):
            check_number(self, f"{name}_probability", 0, 1)
        for name in ("rotation", "shift", "spacing"):
            value = getattr(self, name)
            if len(value) != 3 or min(value) < 0 or (name == "spacing" and min(value) == 0):
                where = f"augmentation Spatial, argument {name!r}"
                raise InputError(where, repr(value), "a number for each of three axes", "Correct it in the plan.")

    def draw(self, rng: np.random.Generator, shape: tuple[int, int, int, int]) -> Params:
        """Matrix (3, 3), None where nothing was drawn; shift in voxels; size (i, j, k) of what comes out."""
        rotated, scaled, shifted = rng.random(3) < (
            self.rotation_probability,
            self.scaling_probability,
            self.shift_probability,
        )
        size = list(shape[1:])
        degrees = [uniform(rng, (-most, most)) for most in self.rotation] if rotated else [0.0] * 3
        factors = [uniform(rng, self.scaling) for _ in size] if scaled else [1.0] * 3
        factors = [factors[0 if self.isotropic else n] if n in self.scaled_axes else 1.0 for n in range(3)]
        shift = [0.0] * 3
        if shifted:
            shift = [uniform(rng, (-most, most)) * n for most, n in zip(self.shift, size, strict=True)]
        spacing = np.array(self.spacing)
        matrix = Rotation.from_euler("xyz", degrees, degrees=True).as_matrix() * factors
        matrix = matrix * spacing / spacing[:, None]
        drawn = bool(rotated or scaled or shifted)
        return {"matrix": matrix.tolist() if drawn else None, "shift": shift, "size": size}

    def reach(self, params: Params, size: Size) -> Size:
        """Voxels (i, j, k), about the same centre, that `apply` needs to see to fill `size` of them."""
        if params["matrix"] is None:
            return size
        half = (np.array(size) - 1) / 2
        far = np.abs(np.array(params["matrix"])) @ half + np.abs(params["shift"])
        return widened(size, far.tolist())

    def apply(self, params: Params, sample: Sample) -> Sample:
        """Map image and regions."""
        if params["matrix"] is None:
            return centre(sample, params["size"])
        matrix = torch.tensor(params["matrix"], dtype=torch.float32)
        i, j, k = (torch.arange(n) - (n - 1) / 2 for n in params["size"])
        along_i = i[:, None, None, None] * matrix[:, 0]
        along_j = j[:, None, None] * matrix[:, 1] + torch.tensor(params["shift"])
        along_k = k[:, None] * matrix[:, 2]
        return resample(sample, along_i + along_j + along_k)
