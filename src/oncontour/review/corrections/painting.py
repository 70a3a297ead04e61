"""What painting and erasing a region means at a voxel, for every scheme: as tables, which the page applies.

A voxel's state says in which regions it lies (bit n: region n). Each state is that of a label, or of the background,
and the tables lead from states to states: whatever is done, the result is a label map of the scheme.

- Paint a region: a voxel outside it gets the label of the region that changes least, counted in the scheme's regions.
  The core painted on oedema becomes necrotic core, not enhancing; a mask that overlaps others leaves them as they are.
- Erase a region: a voxel leaves it with all that lies inside it, and keeps what lies around: enhancing tumour becomes
  core, core oedema. A composite (a label with a name of its own, such as the cavity) becomes background.
- Relabel: erase the one, then paint the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from oncontour.core.errors import InputError
from oncontour.core.labels import SCHEMES, LabelScheme, Region

BACKGROUND = 0

MOST_REGIONS = 8
"""A state is a byte."""


@dataclass(frozen=True)
class Painting:
    """How the regions of a result are painted.

    Args:
        scheme: its regions are those of the result, in order; composites among them.
        own: how many of them are the scheme's own, not composites.
        labels: state -> value of the label map; where several labels are in the same regions, the first of them.
        paint, erase: region -> (state -> state).
    """

    scheme: LabelScheme
    own: int
    labels: Mapping[int, int]
    paint: Mapping[str, Mapping[int, int]]
    erase: Mapping[str, Mapping[int, int]]

    def regions(self, states: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Boolean regions (R, i, j, k) of states (i, j, k)."""
        return np.stack([(states >> n & 1).astype(bool) for n in range(len(self.scheme.regions))])

    def label_map(self, states: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Label map (i, j, k) as `oncontour segment` writes it: overlaps that it cannot hold go to the last region."""
        if self.own < len(self.scheme.regions):
            return self._values[states]
        return self.scheme.decode(self.regions(states))

    def check(self, states: NDArray[np.uint8], where: str) -> None:
        """Refuse states of no label.

        Raises:
            InputError: there are such.
        """
        unknown = sorted(set(np.unique(states).tolist()) - set(self.labels))
        if unknown:
            expected = f"states of the scheme {self.scheme.name}: {sorted(self.labels)}"
            raise InputError(where, f"voxels in states {unknown[:5]}", expected, "Open the case again.")

    @property
    def _values(self) -> NDArray[np.uint8]:
        values = np.zeros(256, np.uint8)
        for state, value in self.labels.items():
            values[state] = value
        return values


def painting_of(name: str, regions: Sequence[str]) -> Painting:
    """How the regions of a result are painted.

    Args:
        name: of the scheme.
        regions: names of the regions in `regions.nii.gz`, in order.

    Raises:
        InputError: a scheme that is not ours, whose labels the result does not tell.
    """
    scheme = SCHEMES.get(name)
    if scheme is None or len(regions) > MOST_REGIONS:
        found = f"scheme {name!r} of {len(regions)} regions"
        expected = f"one of {', '.join(SCHEMES)}"
        raise InputError("corrections", found, expected, "Correct the label map in another program.")
    named = tuple(scheme.region(one) for one in regions)
    own = sum(region in scheme.regions for region in named)
    order = {label.name: label.value for label in scheme.labels}
    members = {0: frozenset[str](), **{value: _holding(named, label) for label, value in order.items()}}
    state = {value: sum(1 << n for n, region in enumerate(named) if region.name in members[value]) for value in members}
    labels: dict[int, int] = {}
    for value, bits in state.items():
        labels.setdefault(bits, value)
    mask = (1 << own) - 1

    def nearest(bits: int, among: Iterable[int]) -> int:
        return min(among, key=lambda other: ((bits ^ other) & mask).bit_count())

    paint, erase = {}, {}
    for n, region in enumerate(named):
        inside = [bits for bits in labels if bits >> n & 1]
        outside = [bits for bits in labels if not bits >> n & 1]
        paint[region.name] = {bits: bits if bits >> n & 1 else nearest(bits, inside) for bits in labels}
        left = outside if n < own else [BACKGROUND]
        erase[region.name] = {bits: nearest(bits, left) if bits >> n & 1 else bits for bits in labels}
    measured = replace(scheme, regions=named, composites=(), nested=scheme.nested and own == len(named))
    return Painting(measured, own, labels, paint, erase)


def _holding(regions: Iterable[Region], label: str) -> frozenset[str]:
    return frozenset(region.name for region in regions if label in region.labels)
