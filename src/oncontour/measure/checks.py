"""Look at a result, and say loudly where it may not be what it seems: nothing found, unsure, or off the model's label.

No rule here is a diagnosis. Each is a number that lies elsewhere in the studies that a model was made for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import NDArray

from oncontour.core.box import bounding_box, widened
from oncontour.core.checks import Check
from oncontour.core.sequence import Sequence
from oncontour.core.volume import Volume
from oncontour.inference.calibration import Calibration
from oncontour.measure.certainty import missed_text
from oncontour.measure.regions import RegionMeasurement
from oncontour.postprocess.components import component_sizes, label_components

SMALL_ML = 1.0
"""Below this the shipped models' card names lesions among what is known to fail."""

DICE_OK, DICE_WARN = 0.7, 0.3
"""Paper 003 (S3.10, S3.17) calls a Dice above 0.7 good and one below 0.3 a failure."""

FOCUS_ML = 0.1
"""A smaller focus is not told from a vessel or a white-matter spot."""

MOST_FOCI = 2
"""A second focus is common in gliomas (24 % of the children of paper 000); three are rather metastases."""

EDGE_MM, MOST_AT_EDGE = 3.0, 0.4
"""Eleven real gliomas have at most 8 % of their volume so near the brain mask's surface; a mask of dura, or of errors
of the brain mask, lies there with most of it."""

CLOSING_MM = 8.0
"""A cavity that the mask surrounds, or that opens to the surface by less than twice this, counts as inside it."""

DARK_Z = -1.0
"""Standard deviations from the brain's mean, below which an image is as dark as fluid."""

MOST_FLUID_ML = 1.0
"""Of eleven real gliomas three hold more (1.6, 3.2 and 9.9 mL): the three whose whole tumour has the lowest Dice."""

MOST_DARK = 0.5
"""Share of the core. Large cysts are half of the failures of paper 001 (S1.25)."""

DEEP_MM = 5.0
"""This deep in the brain mask there is no dura, and no rim of the skull."""

ENHANCING_TAIL = 2.2
"""Between what was measured in real scans: 3.2 and more in nine after contrast, at most 1.6 in six before."""

LEAST_DEEP_VOXELS = 10_000
"""Fewer have no meaningful 99.9th percentile."""

LEAST_HELD_OUT = 5
"""Held-out cases with the study's sequences or fewer, below which intervals come from easier studies."""


def found_check(whole_ml: float, calibration: Calibration | None, region: str) -> Check:
    """Whether a tumour was found that is large enough to be trusted.

    Args:
        whole_ml: of the outermost region, whose name is `region`.
    """
    if not whole_ml:
        message = "No tumour found. That does not prove that there is none"
        known = calibration.regions.get(region) if calibration else None
        message += f": {missed_text(known.misses)}" if known else "."
    elif whole_ml < SMALL_ML:
        message = f"Only {whole_ml:.2g} mL was found: vessels, white-matter spots and noise look like this too."
    else:
        message = f"{whole_ml:.1f} mL was found."
    verdict = "ok" if whole_ml >= SMALL_ML else "warn"
    return Check("tumour found", verdict, round(whole_ml, 3), "mL", f"at least {SMALL_ML:g} mL", message)


def dice_checks(measurements: Iterable[RegionMeasurement]) -> list[Check]:
    """Whether each region's predicted Dice is good."""
    limit = f"at least {DICE_OK:g} (warning from {DICE_WARN:g})"
    checks = []
    for one in measurements:
        if one.certainty is None or one.certainty.dice is None:
            continue
        dice = one.certainty.dice
        verdict = "ok" if dice >= DICE_OK else "warn" if dice >= DICE_WARN else "fail"
        look = "" if verdict == "ok" else " Look at it before any figure is used."
        message = f"The mask of {one.name} probably has a Dice of {dice:.2f}.{look}"
        checks.append(Check(f"predicted Dice {one.name}", verdict, round(dice, 3), "", limit, message))
    return checks


def foci_check(probability: Volume, threshold: float, sure: float) -> Check:
    """How many separate foci there are, before small ones are dropped as islands.

    Args:
        probability: (i, j, k) of the outermost region.
        threshold, sure: of the plan; a focus holds a voxel more probable than `sure`.
    """
    labels, count = label_components(probability.array > threshold)
    large = component_sizes(labels) * probability.grid.voxel_volume_mm3 / 1000 >= FOCUS_ML
    seeded = np.zeros(count + 1, bool)
    seeded[np.unique(labels[probability.array > max(sure, threshold)])] = True
    foci = int(np.count_nonzero((large & seeded)[1:]))
    message = f"{foci} separate foci." if foci != 1 else "One focus."
    if foci > MOST_FOCI:
        message += " Metastases look like this, and so does a multifocal glioma; small foci may be missing in the mask."
    verdict = "ok" if foci <= MOST_FOCI else "warn"
    return Check("separate foci", verdict, float(foci), "", f"at most {MOST_FOCI}", message)


def edge_check(whole: NDArray[np.bool_], depth: NDArray[np.float32]) -> Check:
    """Whether the tumour is more than a rim of the brain mask.

    Args:
        whole: (i, j, k) on the brain's grid, not empty.
        depth: `depth_mm` of the brain.
    """
    share = float((depth[whole] <= EDGE_MM).mean())
    verdict = "ok" if share <= MOST_AT_EDGE else "warn"
    message = f"{share:.0%} of the tumour lies within {EDGE_MM:g} mm of the brain mask's surface."
    if verdict != "ok":
        message += " Dura, vessels and errors of the brain mask look like this; so do tumours of the meninges."
    return Check("tumour inside the brain", verdict, round(share, 3), "", f"at most {MOST_AT_EDGE:g}", message)


def fluid_check(whole: NDArray[np.bool_], images: Mapping[Sequence, Volume], brain: Volume) -> Check | None:
    """Volume of the largest pool of fluid in the tumour; None without FLAIR, or without T1 or T1CE.

    Args:
        whole: (i, j, k) on the brain's grid, not empty.
        images: on that grid.
    """
    t1, flair, box = _t1(images), images.get(Sequence.FLAIR), bounding_box(whole)
    if t1 is None or flair is None or box is None:
        return None
    margin = int(np.ceil(CLOSING_MM / min(brain.grid.spacing))) + 1
    around = widened(box, margin)
    fluid = _dark(t1, brain)[around] & _dark(flair, brain)[around] & _closed(whole[around], brain.grid.spacing)
    sizes = component_sizes(label_components(fluid)[0])[1:]
    ml = float(sizes.max(initial=0)) * brain.grid.voxel_volume_mm3 / 1000
    message = f"{ml:.1f} mL in the tumour are as dark as fluid on T1 and FLAIR."
    if ml > MOST_FLUID_ML:
        message += " A ventricle taken for tumour, a cyst or necrosis look like this, and after surgery the cavity."
    verdict = "ok" if ml <= MOST_FLUID_ML else "warn"
    return Check("fluid in the tumour", verdict, round(ml, 2), "mL", f"at most {MOST_FLUID_ML:g} mL", message)


def cyst_check(core: NDArray[np.bool_], images: Mapping[Sequence, Volume], brain: Volume) -> Check | None:
    """Whether the core is mostly a cyst; None without T1 or T1CE, or without a core.

    Args:
        core: (i, j, k) on the brain's grid.
        images: on that grid.
    """
    t1 = _t1(images)
    if t1 is None or not core.any():
        return None
    share = float(_dark(t1, brain)[core].mean())
    message = f"{share:.0%} of the core are as dark as fluid on T1."
    if share > MOST_DARK:
        message += " Large cysts are where models fail most; metastases and abscesses are often such rings."
    verdict = "ok" if share <= MOST_DARK else "warn"
    return Check("cyst in the core", verdict, round(share, 3), "", f"at most {MOST_DARK:g}", message)


def _t1(images: Mapping[Sequence, Volume]) -> Volume | None:
    return images.get(Sequence.T1CE, images.get(Sequence.T1))


def _dark(image: Volume, brain: Volume) -> NDArray[np.bool_]:
    inside = image.array[brain.array]
    return (image.array < inside.mean() + DARK_Z * inside.std()) & brain.array


def contrast_check(image: Volume, depth: NDArray[np.float32]) -> Check | None:
    """Whether T1CE shows contrast: enhancing veins, choroid plexus and tumour, as bright as nothing on T1.

    The measure is how far the 99.9th percentile lies above the upper quartile, in quartile ranges, deep in the brain;
    None where too little of it is there to tell.

    Args:
        image: T1CE.
        depth: `depth_mm` of the brain, on its grid.
    """
    values = image.array[depth > DEEP_MM]
    if values.size < LEAST_DEEP_VOXELS:
        return None
    low, high, top = np.percentile(values, (25, 75, 99.9))
    if high <= low:
        return None
    tail = float((top - high) / (high - low))
    verdict = "ok" if tail >= ENHANCING_TAIL else "warn"
    message = f"The brightest voxels of T1CE stand out by {tail:.1f} quartile ranges."
    if verdict != "ok":
        message += " It looks like T1 before contrast: enhancing tumour and core cannot be trusted."
    return Check("contrast in T1CE", verdict, round(tail, 2), "", f"at least {ENHANCING_TAIL:g}", message)


def calibration_checks(
    calibration: Calibration, sequences: Iterable[Sequence], measurements: Iterable[RegionMeasurement]
) -> list[Check]:
    """Whether the case is like those that intervals were learned on: its sequences, and its volumes."""
    there = {str(sequence) for sequence in sequences}
    count = sum(cases for key, cases in calibration.sequences.items() if there >= set(key.split()))
    verdict = "ok" if count >= LEAST_HELD_OUT else "warn"
    message = f"{count} of the {calibration.cases} held-out cases had no other sequences than this study."
    if verdict != "ok":
        message += " The rest were easier: intervals may be too narrow, and predicted Dice too high."
    checks = [Check("held-out cases alike", verdict, float(count), "", f"at least {LEAST_HELD_OUT}", message)]
    for one in measurements:
        known = calibration.regions.get(one.name)
        if known is None or known.range_ml is None or not one.volume_ml:
            continue
        low, high = known.range_ml
        inside = low <= one.volume_ml <= high
        message = f"{one.name} has {one.volume_ml:.3g} mL; held-out cases had {low:.3g} to {high:.3g} mL."
        limit = f"{low:.3g} to {high:.3g} mL"
        name = f"held-out volumes {one.name}"
        checks.append(Check(name, "ok" if inside else "warn", round(one.volume_ml, 3), "mL", limit, message))
    return checks


def purpose_check(doubts: Iterable[Check], purpose: str) -> Check:
    """What the model is for, where other checks doubt that the study is that.

    Args:
        doubts: the checks that were not ok among those of off-label input.
        purpose: from the bundle's card.
    """
    names = [check.name for check in doubts]
    message = "Nothing in the result speaks against the model's purpose."
    if names:
        message = f"The study may not be what the model is for ({', '.join(names)}). {purpose}".rstrip()
    verdict = "warn" if names else "ok"
    return Check("intended use", verdict, float(len(names)), "", "0 doubts", message)


def depth_mm(brain: Volume) -> NDArray[np.float32]:
    """(i, j, k), mm from each voxel of a brain mask to what is outside; 0 there."""
    import edt

    return edt.edt(np.ascontiguousarray(brain.array), anisotropy=brain.grid.spacing, black_border=True)


def _closed(mask: NDArray[np.bool_], spacing: tuple[float, float, float]) -> NDArray[np.bool_]:
    """Closing by a ball of `CLOSING_MM`; the mask has that much room around it, or the image's border."""
    import edt

    wide = edt.edt(np.ascontiguousarray(~mask), anisotropy=spacing) <= CLOSING_MM
    return (edt.edt(np.ascontiguousarray(wide), anisotropy=spacing) > CLOSING_MM) | mask
