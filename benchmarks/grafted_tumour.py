"""A tumour of known shape in a healthy volunteer: is its volume right, is it on the right side, however the axes lie?

    .venv/bin/python benchmarks/grafted_tumour.py [--out runs/graft] [--orientations 0..48]

An ellipsoid is drawn into the pixels of the volunteer's DICOM (../shared/data): dark on T1, bright on T2, with a soft
edge and some texture, in the patient's right hemisphere. The study goes through `oncontour segment --dicom`; then its
two series, as NIfTI, once for each orientation of their axes.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

import nibabel
import numpy as np
import pydicom
from numpy.typing import NDArray

from oncontour.core.orientation import ALL_ORIENTATIONS
from oncontour.core.sequence import Sequence
from oncontour.data.nifti import write_nifti
from oncontour.dicom.find import find_studies
from oncontour.dicom.study import read_study

STUDY = Path(__file__).parents[2] / "shared" / "data" / "dicom-volunteer-t1-t2.zip"
CENTRE = np.array([32.0, 12.0, 28.0])
"""RAS mm in the scanner's world: white matter of the right hemisphere."""
RADII = np.array([19.0, 23.0, 17.0])
TRUE_ML = 4 / 3 * np.pi * float(RADII.prod()) / 1000
EDGE_MM = 1.0


def tumour_share(world: NDArray[np.float64]) -> NDArray[np.float64]:
    """How much of each place (..., 3), RAS mm, is tumour: 1 inside, 0 outside, a soft edge between."""
    offset = (world - CENTRE) / RADII
    distance = (np.linalg.norm(offset, axis=-1) - 1) * float(RADII.min())
    return 1 / (1 + np.exp(np.clip(distance / (EDGE_MM / 2), -40, 40)))


def _world(dataset: pydicom.Dataset) -> NDArray[np.float64]:
    """RAS position (rows, columns, 3) of each pixel, by PS3.3 C.7.6.2.1.1 alone: nothing of ours is used."""
    orientation = np.array(dataset.ImageOrientationPatient, float)
    row_step, column_step = (float(value) for value in dataset.PixelSpacing)
    rows, columns = np.mgrid[: dataset.Rows, : dataset.Columns].astype(float)
    position = np.array(dataset.ImagePositionPatient, float)
    lps = position + columns[..., None] * column_step * orientation[:3] + rows[..., None] * row_step * orientation[3:]
    return lps * np.array([-1.0, -1.0, 1.0])


def graft(folder: Path) -> None:
    """Draw the tumour into every T1 and T2 slice of a folder, in place."""
    rng = np.random.default_rng(0)
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or not pydicom.misc.is_dicom(path):
            continue
        dataset = pydicom.dcmread(path)
        if "ImagePositionPatient" not in dataset or min(dataset.Rows, dataset.Columns) < 128:
            continue
        share = tumour_share(_world(dataset))
        if share.max() < 0.01:
            continue
        pixels = dataset.pixel_array.astype(float)
        bright = float(dataset.EchoTime) > 30
        tissue = float(np.median(pixels[(share < 0.01) & (pixels > np.percentile(pixels, 60))]))
        level = tissue * (1.9 if bright else 0.62) * (1 + 0.05 * rng.standard_normal(pixels.shape))
        dataset.PixelData = (
            np.rint(pixels * (1 - share) + level * share).clip(0).astype(dataset.pixel_array.dtype).tobytes()
        )
        dataset.save_as(path)


def _segment(arguments: list[str], out: Path) -> Path:
    command = [sys.executable, "-m", "oncontour", "segment", *arguments, "--out", str(out)]
    subprocess.run(command, check=True, capture_output=True)
    return next(path for path in sorted(out.iterdir()) if path.is_dir())


def _report(label: str, case: Path) -> dict[str, float]:
    """Volume and centroid of the whole tumour as NIfTI holds it, measured with nibabel alone."""
    image = nibabel.nifti1.load(case / "segmentation.nii.gz")
    index = np.argwhere(np.asarray(image.dataobj) > 0)
    volume = len(index) * abs(np.linalg.det(image.affine[:3, :3])) / 1000
    centroid = nibabel.affines.apply_affine(image.affine, index.mean(0)) if len(index) else np.full(3, np.nan)
    off = float(np.linalg.norm(centroid - CENTRE))
    side = "right" if centroid[0] > 0 else "LEFT (wrong)"
    print(
        f"{label}: {volume:.1f} mL of {TRUE_ML:.1f} ({volume / TRUE_ML - 1:+.1%}), {off:.1f} mm off, {side}", flush=True
    )
    return {"volume_ml": float(volume), "off_mm": off, "x_mm": float(centroid[0])}


def _seg_centroid_x(path: Path) -> float:
    """Mean RAS x of the first segment's pixels in a DICOM SEG, read with pydicom alone."""
    dataset = pydicom.dcmread(path)
    shared = dataset.SharedFunctionalGroupsSequence[0]
    total, count = 0.0, 0
    for frame, group in zip(dataset.pixel_array, dataset.PerFrameFunctionalGroupsSequence, strict=True):
        if group.SegmentIdentificationSequence[0].ReferencedSegmentNumber != 1 or not frame.any():
            continue
        single = pydicom.Dataset()
        single.Rows, single.Columns = frame.shape
        single.PixelSpacing = shared.PixelMeasuresSequence[0].PixelSpacing
        single.ImageOrientationPatient = shared.PlaneOrientationSequence[0].ImageOrientationPatient
        single.ImagePositionPatient = group.PlanePositionSequence[0].ImagePositionPatient
        total += float(_world(single)[frame > 0][:, 0].sum())
        count += int((frame > 0).sum())
    return total / max(count, 1)


def main() -> None:
    """Graft, segment, compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("runs/graft"))
    parser.add_argument("--orientations", type=int, default=0)
    arguments = parser.parse_args()
    with TemporaryDirectory() as temporary:
        folder = Path(temporary) / "volunteer"
        with ZipFile(STUDY) as archive:
            archive.extractall(folder)
        graft(folder)
        case = _segment([str(folder), "--dicom"], arguments.out / "dicom")
        results = {"dicom": _report("DICOM", case)}
        seg_x = _seg_centroid_x(case / "seg.dcm")
        print(f"DICOM SEG: centroid at x = {seg_x:.1f} mm, {'right' if seg_x > 0 else 'LEFT (wrong)'}", flush=True)
        (study,) = find_studies(folder, Path(temporary) / "unpacked")
        images = read_study(study).images
        for codes in ALL_ORIENTATIONS[: arguments.orientations]:
            files = {}
            for sequence in (Sequence.T1, Sequence.T2):
                files[sequence] = Path(temporary) / f"{sequence.lower()}_{codes}.nii.gz"
                write_nifti(images[sequence].volume.reoriented(codes), files[sequence])
            flags = [text for s, path in files.items() for text in (f"--{s.lower()}", str(path))]
            results[codes] = _report(codes, _segment(flags, arguments.out / codes))
    (arguments.out / "grafted_tumour.json").write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
