"""One case of a cohort on disk: images, truth, and a record of what is in it."""

from __future__ import annotations

import hashlib
import shutil
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from oncontour.core.grid import Grid
from oncontour.core.sequence import SUFFICIENT, Sequence
from oncontour.core.volume import Volume
from oncontour.data.files import explained, file_digest, write_json
from oncontour.data.names import BRATS_NAMES
from oncontour.data.nifti import write_nifti
from oncontour.data.phantom.acquire import Series, acquire, draw_series, truth_on
from oncontour.data.phantom.anatomy import Anatomy, load_file
from oncontour.data.phantom.case import PhantomCase, Spec, make_case
from oncontour.data.phantom.kinds import kind_named
from oncontour.data.phantom.mni import load_mni
from oncontour.data.phantom.rater import second_reading
from oncontour.data.phantom.scanners import ANY_SCANNER, ONE_SCANNER
from oncontour.data.phantom.settings import MNI, Settings, case_name, made_with
from oncontour.data.phantom.threads import in_threads

BRIGHTNESS = 1000.0
"""Images are stored as whole numbers, as scanners give them: brightness 1 becomes this."""


def case_folder(folder: Path, name: str) -> Path:
    """Where a case's images lie in its cohort."""
    return folder / "cases" / name


def record_path(folder: Path, name: str) -> Path:
    """Where a case's record lies in its cohort."""
    return folder / "truth" / f"{name}.json"


@lru_cache(maxsize=4)
def _anatomy(source: str) -> Anatomy:
    return load_mni() if source == MNI else load_file(Path(source))


def _sequences(rng: np.random.Generator, settings: Settings) -> tuple[Sequence, ...]:
    """The sequences of one case: those of its kind, less those left out, less those that happen to be missing."""
    whole = [one for one in kind_named(settings.kind).sequences if one not in settings.without]
    if rng.random() >= settings.drop_rate:
        return tuple(whole)
    while True:
        left = tuple(one for one in whole if rng.random() < 0.5)
        if (set(left) & set(SUFFICIENT) and len(left) < len(whole)) or len(whole) == 1:
            return left or tuple(whole)


def write_case(
    folder: Path, seed: int, settings: Settings, sources: tuple[str, ...] = (MNI,), threads: int = 1
) -> Path:
    """Make and write one case: its folder appears whole or not at all.

    Args:
        folder: of the cohort.
        sources: "mni152", or paths of label maps; the seed chooses one.
    """
    rng = np.random.default_rng((seed, 1))  # a stream of its own, beside the case's
    anatomy = _anatomy(sources[int(rng.integers(len(sources)))])
    sequences = _sequences(rng, settings)
    kind = kind_named(settings.kind)
    spec = Spec(
        settings.spacing_mm,
        settings.skull,
        settings.tumour,
        kind,
        sequences,
        clean=settings.native,
        scanners=ONE_SCANNER if settings.one_scanner else ANY_SCANNER,
    )
    case = make_case(anatomy, seed, spec, threads)
    second = second_reading(case.parts, case.brain, seed, settings.spacing_mm) if settings.second_rater else None
    masks = {"seg": case.labels} | ({"seg2": case.values[second]} if second is not None else {})
    reference = next((one for one in (Sequence.T1CE, Sequence.FLAIR) if one in sequences), sequences[0])
    series = {one: draw_series(rng, one, case, one is reference) for one in sequences} if settings.native else {}
    if series:
        streams = dict(zip(sequences, rng.spawn(len(sequences)), strict=True))
        volumes = in_threads(lambda one: acquire(streams[one], one, case, series[one]), sequences, threads)
        masks = {key: truth_on(series[reference], case, mask) for key, mask in masks.items()}
    else:
        volumes = {one: Volume(image, case.affine) for one, image in case.images.items()}
    name = case_name(settings, seed)
    truth = {key: Volume(mask, volumes[reference].affine) for key, mask in masks.items()}
    done = case_folder(folder, name)
    part = done.with_name(f"{name}.part")
    with explained(part):
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
    numbers = {one: number for number, one in enumerate(sequences, start=1)}
    in_threads(
        lambda one: _write_image(part, name, seed, one, numbers[one], volumes[one], series.get(one), settings),
        sequences,
        threads,
    )
    beside = folder / "truth" if settings.format == "dicom" else part
    with explained(folder):
        (folder / "truth").mkdir(parents=True, exist_ok=True)
    for key, mask in truth.items():
        write_nifti(mask, beside / f"{name}-{key}.nii.gz", "uint8")
    record = _describe(case, name, seed, anatomy, settings, sources, reference, series, truth["seg"])
    record["sha256"] = _digests(part) | (_digests(beside, f"{name}-") if beside != part else {})
    write_json(record_path(folder, name), record)
    with explained(part):
        part.rename(done)
    return done


def _write_image(
    part: Path,
    name: str,
    seed: int,
    sequence: Sequence,
    number: int,
    volume: Volume,
    series: Series | None,
    settings: Settings,
) -> None:
    if settings.format == "nifti":
        stored = np.rint(volume.array * np.float32(1.0 if sequence is Sequence.ADC else BRIGHTNESS))
        write_nifti(volume.with_array(stored), part / f"{name}-{BRATS_NAMES[sequence]}.nii.gz")
        return
    from oncontour.dicom.write_series import SyntheticStudy, write_series

    write_series(
        volume,
        part / str(number),
        sequence=sequence,
        number=number,
        study=SyntheticStudy(name, seed),
        acquisition=series.acquisition if series else None,
        slice_thickness_mm=series.thickness_mm if series else None,
    )


def _digests(folder: Path, prefix: str = "") -> dict[str, str]:
    """SHA-256 of each NIfTI file; of a folder of DICOM slices, of all of them in order."""
    digests = {path.name: file_digest(path) for path in sorted(folder.glob(f"{prefix}*.nii.gz"))}
    if prefix:
        return digests
    for one in sorted(path for path in folder.iterdir() if path.is_dir()):
        digest = hashlib.sha256()
        for path in sorted(one.iterdir()):
            digest.update(path.read_bytes())
        digests[one.name] = digest.hexdigest()
    return digests


def _describe(
    case: PhantomCase,
    name: str,
    seed: int,
    anatomy: Anatomy,
    settings: Settings,
    sources: tuple[str, ...],
    reference: Sequence,
    series: dict[Sequence, Series],
    truth: Volume,
) -> dict[str, Any]:
    """The case's record."""
    scheme = case.kind.scheme
    counts = np.bincount(truth.array.ravel(), minlength=256)
    ml = truth.grid.voxel_volume_mm3 / 1000.0
    regions = scheme.all_regions
    return {
        "case": name,
        "seed": seed,
        "made_with": made_with(settings, sources),
        "anatomy": anatomy.name,
        "mirrored": case.mirrored,
        "sequences": list(case.images),
        "reference": reference,
        "scheme": scheme.name,
        "labels": {label.name: label.value for label in scheme.labels},
        "foci": [
            {"world_mm": _rounded(_world(case, focus.centre)), "radius_mm": round(focus.radius_mm, 2)}
            for focus in case.foci
        ],
        "volume_ml": {
            "labels": {label.name: round(float(counts[label.value] * ml), 4) for label in scheme.labels},
            "regions": {
                region.name: round(float(sum(counts[value] for value in scheme.values(region)) * ml), 4)
                for region in regions
            },
        },
        "series": {
            str(sequence): {
                "acquisition": one.acquisition,
                "shape": list(one.grid.shape),
                "spacing_mm": _rounded(one.grid.spacing),
                "thickness_mm": round(one.thickness_mm, 4),
                "head_to_scanner": [_rounded(row, 6) for row in one.motion],
            }
            for sequence, one in series.items()
        },
    }


def _world(case: PhantomCase, index: NDArray[np.float64]) -> NDArray[np.float64]:
    return Grid((case.parts.shape[0], case.parts.shape[1], case.parts.shape[2]), case.affine).to_world(index)


def _rounded(values: Any, digits: int = 3) -> list[float]:
    return [round(float(value), digits) for value in values]
