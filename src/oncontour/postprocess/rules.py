"""The numbers of postprocessing, as a plan states them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from oncontour.core.errors import InputError


@dataclass(frozen=True)
class Rules:
    """How probabilities become masks. The defaults for holes and islands are those of Lotan et al. (2022), W/T/E steps.

    Args:
        threshold: a voxel belongs to a region when its probability is above this, 0 to 1; one for all, or by region.
        sure: components of the outermost region are findings only where some voxel's probability is above this, 0 to 1
            (two thresholds: Canny 1986); 0: every component is one.
        hole_mm3: holes smaller than this are filled, mm3; 0 fills none.
        island_share: components of at most this share of the region's largest one are removed, 0 to 1; 0 removes none.
        minimum_whole_mm3: a whole tumour smaller than this is none, mm3. The default is a ball of 6 mm: nothing
            smaller is told from a vessel or a white-matter spot on 1 mm images.
        connectivity: 6, 18 or 26 neighbours make a component.
    """

    threshold: float | Mapping[str, float] = 0.5
    sure: float = 0.0
    hole_mm3: float = 3.0
    island_share: float = 0.1
    minimum_whole_mm3: float = 100.0
    connectivity: Literal[6, 18, 26] = 26

    def __post_init__(self) -> None:
        remedy = "Correct the postprocessing rules of the plan."
        thresholds = self.threshold.values() if isinstance(self.threshold, Mapping) else (self.threshold,)
        for name, values in (("threshold", thresholds), ("sure", (self.sure,)), ("island_share", (self.island_share,))):
            for value in values:
                if not 0 <= value < 1:
                    raise InputError(f"rules: {name}", str(value), "at least 0 and below 1", remedy)
        for name in ("hole_mm3", "minimum_whole_mm3"):
            value = getattr(self, name)
            if not value >= 0:
                raise InputError(f"rules: {name}", f"{value} mm3", "0 mm3 or more", remedy)
        if self.connectivity not in (6, 18, 26):
            raise InputError("rules: connectivity", str(self.connectivity), "6, 18 or 26", remedy)

    def threshold_of(self, region: str) -> float:
        """The threshold of one region.

        Raises:
            InputError: thresholds are given by region, and this one has none.
        """
        if not isinstance(self.threshold, Mapping):
            return self.threshold
        if region not in self.threshold:
            remedy = "Correct the postprocessing rules of the plan."
            raise InputError("rules: threshold", f"only {', '.join(self.threshold)}", f"one for {region}", remedy)
        return self.threshold[region]
