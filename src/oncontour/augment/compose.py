"""Transforms one after the other, each with a probability: drawn as a whole, then applied as a whole."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any, NamedTuple

import numpy as np

from oncontour.augment.interface import Params, Sample, Size, Transform
from oncontour.augment.registry import TRANSFORMS
from oncontour.core.errors import InputError

Triple = tuple[str, float, Mapping[str, Any]]
"""Name, probability, and arguments of a transform, as plans hold them."""


class Drawn(NamedTuple):
    """One transform that was drawn.

    Args:
        step: its place among the composed ones.
        name: its name.
        params: what it drew.
    """

    step: int
    name: str
    params: Params


@dataclass(frozen=True)
class Composed:
    """Transforms in their order.

    Args:
        steps: name, probability and transform.
    """

    steps: tuple[tuple[str, float, Transform], ...]

    @classmethod
    def of(cls, triples: Iterable[Triple]) -> Composed:
        """The transforms of a plan.

        >>> Composed.of([("mirror", 1.0, {"axes": [0]})]).draw(np.random.default_rng(1), (1, 8, 8, 8))
        [Drawn(step=0, name='mirror', params={'axes': []})]

        Raises:
            InputError: no transform of that name, or arguments that it does not take.
        """
        return cls(tuple((name, probability, _make(name, arguments)) for name, probability, arguments in triples))

    def draw(self, rng: np.random.Generator, shape: tuple[int, int, int, int]) -> list[Drawn]:
        """What is to be done to a patch of this shape (C, i, j, k): the transforms that are due, with their numbers."""
        return [
            Drawn(step, name, transform.draw(rng, shape))
            for step, (name, probability, transform) in enumerate(self.steps)
            if rng.random() < probability
        ]

    def reach(self, drawn: Iterable[Drawn], size: Size) -> Size:
        """Voxels (i, j, k), about the patch's centre, that what was drawn needs to see to fill the patch."""
        for step, _, params in reversed(list(drawn)):
            reach = getattr(self.steps[step][2], "reach", None)
            size = reach(params, size) if reach else size
        return size

    def apply(self, drawn: Iterable[Drawn], sample: Sample) -> Sample:
        """Do what was drawn; a draw read back from JSON does the same.

        Raises:
            InputError: drawn by other transforms.
        """
        for step, name, params in drawn:
            if step >= len(self.steps) or self.steps[step][0] != name:
                known = ", ".join(name for name, _, _ in self.steps)
                remedy = "Replay with the plan that it was drawn with."
                raise InputError("augmentation", f"{name!r} at place {step}", f"what {known} drew", remedy)
            sample = self.steps[step][2].apply(params, sample)
        return sample


def _make(name: str, arguments: Mapping[str, Any]) -> Transform:
    if name not in TRANSFORMS:
        known = ", ".join(TRANSFORMS)
        raise InputError("augmentation", repr(name), f"one of {known}", "Correct the name in the plan.")
    transform = TRANSFORMS[name]
    known = {field.name: field.default is MISSING for field in fields(transform)}
    wrong = [argument for argument in arguments if argument not in known]
    missing = [argument for argument, needed in known.items() if needed and argument not in arguments]
    if wrong or missing:
        found = f"unknown arguments {wrong}" if wrong else f"no {', '.join(missing)}"
        raise InputError(f"augmentation {name!r}", found, f"out of {', '.join(known)}", "Correct the plan.")
    return transform(**{name: tuple(value) if isinstance(value, list) else value for name, value in arguments.items()})
