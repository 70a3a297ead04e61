"""From a study's images to what was found in them; nothing is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from oncontour.core.checks import Check
from oncontour.core.study import Study
from oncontour.core.volume import Volume
from oncontour.data.nifti import read_mask
from oncontour.pipeline.cores import cores_of
from oncontour.pipeline.imported import images_for_nnunet
from oncontour.pipeline.models import Models
from oncontour.pipeline.options import Options
from oncontour.pipeline.progress import Clock

if TYPE_CHECKING:
    from oncontour.measure.predicted_dice import Signs
    from oncontour.measure.regions import RegionMeasurement
    from oncontour.pipeline.masks import Masks
    from oncontour.preprocess.run import Prepared


@dataclass(frozen=True, eq=False)
class Finding:
    """What was found in one study.

    Args:
        prepared: its images, ready for a network, and the checks of that.
        probabilities: (R, i, j, k) or (R + L, i, j, k) of the regions, as the model gave them, on the grid of the
            prepared images.
        masks: in the reference's native grid.
        measurements: one for each region.
        signs: of each region found, what tells of its quality; empty where they were not looked for.
        checks: of the result.
    """

    prepared: Prepared
    probabilities: Volume
    masks: Masks
    measurements: tuple[RegionMeasurement, ...]
    signs: Mapping[str, Signs]
    checks: tuple[Check, ...]


def find_tumour(study: Study, options: Options, models: Models, clock: Clock, *, signs: bool | None = None) -> Finding:
    """Preprocessing, segmentation, postprocessing, measurement.

    Args:
        signs: whether to look for signs of quality; None: where the options ask for them and the bundle is calibrated.

    Raises:
        OncontourError: the study cannot be used.
    """
    from oncontour.inference.nnunet.predict import predict_as_nnunet
    from oncontour.inference.predict import predict
    from oncontour.measure.certainty import certainty
    from oncontour.measure.regions import measure_regions
    from oncontour.pipeline.checks import result_checks
    from oncontour.pipeline.masks import described, native_masks
    from oncontour.pipeline.signs import region_signs

    bundle = models.tumour
    with clock.stage("preprocessing"):
        prepared = _preprocess(study, options, models, clock)
    clock.steps[-1:] = prepared.steps  # Its own steps tell more than their sum.
    with clock.stage("segmentation") as say:
        if bundle.steps:
            images, which = images_for_nnunet(bundle, study, prepared, options)
            probabilities = predict_as_nnunet(bundle, images, clock.within)
            say(f"Model {bundle.name} by nnU-Net's own steps, on {which}.")
        else:
            probabilities = predict(bundle, prepared.normalised, prepared.brain, clock.within)
            say(f"Model {bundle.name} on {len(prepared.normalised)} sequences.")
    with clock.stage("postprocessing") as say:
        masks = native_masks(probabilities, prepared, bundle)
        say(f"{described(bundle)}; in the native grid of {prepared.reference}.")
    with clock.stage("measurement") as say:
        measurements = measure_regions(masks.regions, masks.scheme, prepared.brain)
        say(f"{len(measurements)} regions.")
    calibration, found = bundle.calibration, {}
    if signs is None:
        learned = calibration is not None and any(region.dice for region in calibration.regions.values())
        signs = options.predict_dice and learned
    if signs:
        with clock.stage("certainty") as say:
            volumes = {one.name: one.volume_ml for one in measurements}
            found, said = region_signs(bundle, prepared, probabilities, volumes, clock.within)
            say(f"{said[0].upper()}{said[1:]}.")
    if calibration:
        measurements = tuple(
            replace(one, certainty=certainty(calibration, one.name, one.volume_ml, found.get(one.name)))
            for one in measurements
        )
    with clock.stage("checks of the result") as say:
        checks = result_checks(bundle, prepared, masks, measurements)
        bad = [check.name for check in checks if check.verdict != "ok"]
        say(f"{len(checks)} checks, not ok: {', '.join(bad) or 'none'}.")
    return Finding(prepared, probabilities, masks, measurements, found, checks)


def _preprocess(study: Study, options: Options, models: Models, clock: Clock) -> Prepared:
    from oncontour.preprocess.run import Options as Choices
    from oncontour.preprocess.run import preprocess

    choices = Choices(
        bias_field=options.bias_field,
        skull_stripped=options.skull_stripped,
        brain_mask=read_mask(options.brain_mask) if options.brain_mask else None,
        normalisation=options.normalisation or models.tumour.plan.normalisation,
        cores=cores_of(options),
    )
    return preprocess(study, choices, models.extract_brain, clock.preprocessing)
