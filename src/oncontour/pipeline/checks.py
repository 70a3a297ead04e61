"""Every check of a result, in the order in which a reader wants them."""

from __future__ import annotations

import numpy as np

from oncontour.core.checks import Check
from oncontour.core.labels import BRAIN
from oncontour.core.sequence import Sequence
from oncontour.core.volume import Volume
from oncontour.inference.bundle import Bundle
from oncontour.measure.checks import (
    calibration_checks,
    contrast_check,
    cyst_check,
    depth_mm,
    dice_checks,
    edge_check,
    fluid_check,
    foci_check,
    found_check,
    purpose_check,
)
from oncontour.measure.regions import RegionMeasurement
from oncontour.measure.volume import volume_ml
from oncontour.pipeline.masks import Masks, rules_of
from oncontour.preprocess.resample import resample
from oncontour.preprocess.run import Prepared

CORE = "TC"
"""The region that cysts lie in, in the schemes that have one."""


def result_checks(
    bundle: Bundle,
    prepared: Prepared,
    masks: Masks,
    measurements: tuple[RegionMeasurement, ...],
) -> tuple[Check, ...]:
    """Checks of a tumour model's result; none of a brain's."""
    if bundle.scheme.name == BRAIN.name:
        return ()
    scheme, rules, calibration = bundle.scheme, rules_of(bundle), bundle.calibration
    own = masks.regions.array[: len(scheme.regions)]
    outer = scheme.regions[0].name if scheme.nested else "any region"
    whole = masks.regions.with_array(own[0] if scheme.nested else np.any(own, axis=0))
    found = found_check(volume_ml(whole.array, whole.affine), calibration, outer)
    checks: list[Check | None] = [found, *dice_checks(measurements)]
    doubts: list[Check | None] = []
    if calibration:
        checks += calibration_checks(calibration, prepared.images, measurements)
    images, brain = prepared.images, prepared.brain
    depth = depth_mm(brain)
    shown = np.asarray(resample(whole, brain.grid).array, bool)
    if shown.any():
        sought = scheme.regions[:1] if scheme.nested else scheme.regions
        threshold = min(rules.threshold_of(region.name) for region in sought)
        chance = masks.probabilities.array[: len(sought)].max(0)
        doubts.append(foci_check(Volume(chance, masks.probabilities.affine), threshold, rules.sure))
        doubts.append(edge_check(shown, depth))
        core = next((own[n] for n, region in enumerate(scheme.regions) if region.name == CORE), None)
        if core is not None:
            core = np.asarray(resample(masks.regions.with_array(core), brain.grid).array, bool)
            doubts.append(cyst_check(core, images, brain))
        checks.append(fluid_check(shown, images, brain))
    if Sequence.T1CE in images:
        doubts.append(contrast_check(images[Sequence.T1CE], depth))
    made = [check for check in (*checks, *doubts) if check is not None]
    against = [check for check in doubts if check is not None and check.verdict != "ok"]
    return (*made, purpose_check(against, bundle.purpose))
