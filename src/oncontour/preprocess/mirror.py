"""Has one sequence been flipped left to right?

A flipped sequence registers well, because brains are nearly symmetric, and everything after it is wrong. Here each
sequence is compared with the reference twice: as it is, and mirrored in the head's midsagittal plane and aligned again.
The cortex's folds, the vessels and lesions are not symmetric, so the true side shares more information. A flip of the
whole study cannot be seen: its images agree with each other.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from oncontour.core.checks import Check, Verdict
from oncontour.core.sequence import Sequence
from oncontour.core.volume import Volume
from oncontour.preprocess.box import box_corners
from oncontour.preprocess.pyramid import Level, moved
from oncontour.preprocess.register import refine, register, similarity
from oncontour.preprocess.rigid import reflection

UNDECIDED = 0.05
"""Scores nearer to zero decide nothing. On real scans correct sequences reached 0.16 and more (most 0.3 to 0.5), the
same sequences flipped -0.16 and less."""

SEED = 11
"""Of the samples; another one than the registration's, so that its luck does not repeat here."""

COARSE = 1
"""The level at which sides are aligned. Going on to the finest changed scores on real scans by no more than 0.04."""


def midsagittal_reflection(levels: tuple[Level, ...], brain: Volume, region: Volume) -> NDArray[np.float64]:
    """(4, 4) map of the world onto itself that exchanges the head's two sides.

    Found by registering the image with its own mirror image, so a tilted head needs no correction beforehand. The two
    coarse levels are enough: `side_score` goes on from there.

    Args:
        levels: `pyramid` of the reference.
        brain, region: bool masks: the brain, and the part of the image to align on.
    """
    flip = reflection((1.0, 0.0, 0.0), box_corners(brain).mean(axis=0))
    coarse = levels[: COARSE + 1]
    own = register(coarse, tuple(moved(level, flip) for level in coarse), region, SEED)
    return flip @ own.transform


def side_score(
    reference: tuple[Level, ...],
    image: tuple[Level, ...],
    upright: NDArray[np.float64],
    partner: NDArray[np.float64],
    brain: Volume,
    region: Volume,
) -> float:
    """How much more information the image shares with the reference as it is than mirrored: -1 to 1.

    Args:
        reference: `pyramid` of the reference.
        image: `pyramid` of another sequence.
        upright: (4, 4), reference world -> the sequence's, aligned as it is.
        partner: from `midsagittal_reflection`.
        brain, region: bool masks: where information is compared, and what the mirrored image is aligned on.

    Returns:
        (as it is - mirrored) / (as it is + mirrored), of normalised mutual information above 1. Negative: flipped.
    """
    mirrored = refine(reference, image, upright @ partner, region, SEED, levels=(COARSE,)).transform
    found = similarity(reference, image, [upright, mirrored], brain, SEED)
    as_is, flipped = np.maximum(found - 1.0, 1e-6)
    return float((as_is - flipped) / (as_is + flipped))


def mirror_check(sequence: Sequence, score: float) -> Check:
    """The verdict on one sequence's `side_score`."""
    verdict: Verdict = "ok"
    message = f"{sequence} shows the same side as the reference."
    if score < -UNDECIDED:
        verdict, message = (
            "fail",
            f"{sequence} fits the reference better when mirrored: it seems flipped left to right.",
        )
    elif score < UNDECIDED:
        verdict, message = "warn", f"{sequence} fits as it is and mirrored about equally well: its side is not certain."
    limit = f"above {UNDECIDED:g} (below -{UNDECIDED:g}: flipped)"
    return Check(f"mirror flip {sequence}", verdict, round(score, 3), "", limit, message)
