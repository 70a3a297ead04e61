"""Cascades: each stage and view is a training of its own, on what that network will see of a case.

A stage sees the box of the true outer region and its margin; a view sees the axes permuted, slices last (paper 002).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from oncontour.core.box import Box
from oncontour.inference.cascade import VIEW_AXES, around, to_view
from oncontour.plans.plan import StagePlan, View
from oncontour.training.prepared import PreparedCase
from oncontour.training.sampling import Case as SampledCase


class Case(SampledCase, Protocol):
    """What patches are cut from: a prepared case, or what one network of a cascade sees of it."""

    @property
    def name(self) -> str:
        """Of the case."""
        ...


@dataclass(frozen=True, eq=False)
class SeenCase:
    """A prepared case as one network of a cascade sees it.

    Args:
        whole: the case.
        stage: whose network.
        view: of it; None: the image's own axes.
    """

    whole: PreparedCase
    stage: StagePlan
    view: View | None

    @property
    def name(self) -> str:
        """Of the case."""
        return self.whole.name

    @cached_property
    def box(self) -> Box | None:
        """What the stage sees, in the case's own axes; None where the case lacks the outer region."""
        if self.stage.within is None:
            i, j, k = (slice(0, size) for size in self.whole.shape)
            return i, j, k
        return around(self._mask(self.stage.within), self.stage.margin)

    @cached_property
    def images(self) -> NDArray[np.float16]:
        """(C, i, j, k) in the view's axes; the file's own memory."""
        return to_view(self.whole.images[(slice(None), *self._seen())], self.view)

    @cached_property
    def regions(self) -> NDArray[np.uint8]:
        """(1, i, j, k) in the view's axes: the stage's region."""
        return to_view(self._mask(self.stage.region)[self._seen()][None].astype(np.uint8), self.view)

    @cached_property
    def places(self) -> Mapping[str, NDArray[np.int16]]:
        """Voxels of the stage's region and of the brain, counted from the box's corner in the view's axes."""
        axes = list(VIEW_AXES[self.view]) if self.view else [0, 1, 2]
        low, high = (np.array([getattr(side, end) for side in self._seen()]) for end in ("start", "stop"))
        found = {}
        for name in (self.stage.region, "brain"):
            voxels = self.whole.places[name]
            inside = ((voxels >= low) & (voxels < high)).all(1)
            found[name] = (voxels[inside] - low).astype(np.int16)[:, axes]
        return found

    def _seen(self) -> Box:
        assert self.box is not None, "cases without the outer region are left out"
        return self.box

    def _mask(self, region: str) -> NDArray[np.bool_]:
        return np.asarray(self.whole.regions[self.whole.facts["regions"].index(region)], bool)


def seen_cases(folders: Sequence[Path], stage: StagePlan | None, view: View | None) -> Sequence[Case]:
    """Cases as a network sees them; those in which there is nothing to see are left out."""
    whole = [PreparedCase(folder) for folder in folders]
    if stage is None:
        return cast(Sequence[Case], whole)  # The checker does not know a cached property for a property.
    seen = [SeenCase(case, stage, view) for case in whole]
    there = [case for case in seen if stage.within is None or case.whole.facts["voxels"][stage.within] > 0]
    return cast(Sequence[Case], there)
