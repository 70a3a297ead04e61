"""Every condition, as data."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import TYPE_CHECKING

from conditions.changes import Images, Random, biased, mirrored, misregistered, noisy, only, stored, thick
from oncontour.core.sequence import SUFFICIENT, Sequence
from oncontour.core.volume import Volume
from oncontour.data.phantom.kinds import STANDARD_SEQUENCES

if TYPE_CHECKING:
    from oncontour.preprocess.normalise import Method


def as_they_are(images: Images, random: Random) -> Images:  # noqa: ARG001
    """The images."""
    return images


def as_it_is(volume: Volume) -> Volume:
    """The volume."""
    return volume


@dataclass(frozen=True)
class Condition:
    """A condition that a study may be in.

    Args:
        name: on the command line and of files.
        title: in tables.
        images: what is done to the images alone.
        geometry: what is done to every image, and to the truth likewise.
        normalisation: `oncontour segment --normalisation`; None: the bundle's own.
        kept: the sequences that are left; empty: all. Such a condition is one of studies that have more.
        sequences: that a study must have at least.
    """

    name: str
    title: str
    images: Callable[[Images, Random], Images] = as_they_are
    geometry: Callable[[Volume], Volume] = as_it_is
    normalisation: Method | None = None
    kept: tuple[Sequence, ...] = ()
    sequences: int = 1

    def applies(self, sequences: Iterable[Sequence]) -> bool:
        """Whether a study of these sequences can be in it."""
        there = set(sequences)
        return set(self.kept) < there and len(there) >= self.sequences


PLAIN = Condition("plain", "as it is")


def _subset(kept: tuple[Sequence, ...]) -> Condition:
    names = "+".join(kept)
    return Condition(f"only-{names.lower()}", f"only {' + '.join(kept)}", partial(only, kept=kept), kept=kept)


SUBSETS = tuple(
    _subset(kept)
    for count in range(len(STANDARD_SEQUENCES) - 1, 0, -1)
    for kept in combinations(STANDARD_SEQUENCES, count)
    if set(kept) & set(SUFFICIENT)
)
"""Without one sequence, two, three. T1 alone is no study: `oncontour segment` refuses it."""

CONDITIONS = (
    PLAIN,
    *SUBSETS,
    Condition("bias-weak", "bias field, SD 15 %", partial(biased, deviation=0.15)),
    Condition("bias-strong", "bias field, SD 40 %", partial(biased, deviation=0.4)),
    Condition("noise-weak", "noise, SD 4 % of bright tissue", partial(noisy, share=0.04)),
    Condition("noise-strong", "noise, SD 10 % of bright tissue", partial(noisy, share=0.1)),
    Condition("thick", "axial slices of 5 mm", geometry=partial(thick, slice_mm=5.0)),
    Condition(
        "moved",
        "one sequence 5° and 5 mm off the others",
        partial(misregistered, degrees=5.0, shift_mm=5.0),
        sequences=2,
    ),
    Condition("mirrored", "left and right exchanged", geometry=mirrored),
    Condition("minmax", "normalised by minimum and maximum", normalisation="minmax"),
    Condition("percentile95", "normalised by the 95th percentile", normalisation="percentile95"),
    Condition("stored-pir", "stored with axes P, I, R", geometry=partial(stored, codes="PIR")),
)
