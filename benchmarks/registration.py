"""Rigid registration: ours against SimpleITK's Mattes mutual information, on known motions, in one run.

    python benchmarks/registration.py DATA [--cases 6]

DATA holds `templates/brats_mni152_t1_1mm_unstripped.nii.gz` (a head with skull, 1 mm). The moving image is the same
head with its contrast inverted, bent and noisy, in 5.5 mm slices, moved by a known rigid motion. SimpleITK runs with
its examples' usual settings: 50 bins, 1 % random samples, gradient descent, shrink 4-2-1, geometry initialiser.
Prints the error at the brain's box, CPU seconds, and the ratio, by angle.
"""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from time import process_time

import numpy as np
import SimpleITK as sitk  # noqa: N813
import torch
from numpy.typing import NDArray

from oncontour.core.grid import Grid
from oncontour.core.volume import Volume
from oncontour.preprocess.box import box_faces
from oncontour.preprocess.register import pyramid, register
from oncontour.preprocess.resample import resample
from oncontour.preprocess.rigid import displacement_mm, rigid
from oncontour.preprocess.transforms import LPS

FAILED_MM = 3.0
"""An error beyond this is a wrong optimum, not inaccuracy."""


def ours(fixed: Volume, moving: Volume) -> NDArray[np.float64]:
    """(4, 4), fixed world -> moving world, RAS+."""
    return register(pyramid(fixed), pyramid(moving)).transform


def simpleitk(fixed: Volume, moving: Volume, careful: bool) -> NDArray[np.float64]:
    """The same by SimpleITK's registration method."""
    images = [_itk(fixed), _itk(moving)]
    start = sitk.CenteredTransformInitializer(
        *images, sitk.Euler3DTransform(), sitk.CenteredTransformInitializerFilter.GEOMETRY
    )
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(50)
    method.SetMetricSamplingStrategy(method.REGULAR if careful else method.RANDOM)
    method.SetMetricSamplingPercentage(0.1 if careful else 0.01, 1)
    method.SetInterpolator(sitk.sitkLinear)
    if careful:
        method.SetOptimizerAsRegularStepGradientDescent(1.0, 1e-3, 200)
    else:
        method.SetOptimizerAsGradientDescent(1.0, 100, 1e-6, 10)
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetShrinkFactorsPerLevel([4, 2, 1])
    method.SetSmoothingSigmasPerLevel([2, 1, 0])
    method.SmoothingSigmasAreSpecifiedInPhysicalUnitsOn()
    method.SetInitialTransform(start, inPlace=False)
    found = method.Execute(*images)
    origin = np.array(found.TransformPoint((0.0, 0.0, 0.0)))
    columns = [np.array(found.TransformPoint(axis)) - origin for axis in np.eye(3).tolist()]
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = np.stack(columns, axis=1), origin
    return LPS @ matrix @ LPS


def _itk(volume: Volume) -> sitk.Image:
    image = sitk.GetImageFromArray(np.asarray(volume.array, np.float32).T)
    affine = LPS @ volume.affine
    image.SetSpacing(volume.grid.spacing)
    image.SetOrigin(affine[:3, 3].tolist())
    image.SetDirection((affine[:3, :3] / np.array(volume.grid.spacing)).ravel().tolist())
    return image


def _other_contrast(head: Volume, random: np.random.Generator) -> Volume:
    """The head in another contrast and in 5.5 mm slices."""
    bent = np.sqrt(np.abs(np.interp(head.array, (0, 20, 90, 150, 255), (0, 60, 200, 90, 40)))) * 15
    noisy = head.with_array((bent + random.normal(0, 6, bent.shape)).astype(np.float32))
    i, j, k = head.grid.shape
    return resample(noisy, Grid((i, j, int(k / 5.5)), head.affine @ np.diag([1.0, 1.0, 5.5, 1.0])))


def main() -> None:
    """Run the comparison and print it."""
    import nibabel as nib

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--cases", type=int, default=4)
    options = parser.parse_args()
    torch.set_num_threads(1)
    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    image = nib.load(options.data / "templates" / "brats_mni152_t1_1mm_unstripped.nii.gz")
    head = Volume(np.asarray(image.dataobj, dtype=np.float32), image.affine)  # pyright: ignore[reportAttributeAccessIssue]
    random = np.random.default_rng(0)
    other = _other_contrast(head, random)
    faces = box_faces(head.with_array(head.array > 60))
    print(f"{'degrees':>8} {'method':>10} {'median mm':>10} {'worst mm':>9} {'failed':>7} {'CPU s':>6} {'ratio':>6}")
    for degrees in (5.0, 15.0, 30.0):
        methods = {
            "ours": ours,
            "usual": partial(simpleitk, careful=False),
            "careful": partial(simpleitk, careful=True),
        }
        errors: dict[str, list[float]] = {name: [] for name in methods}
        seconds = dict.fromkeys(methods, 0.0)
        for _ in range(options.cases):
            axis = random.normal(size=3)
            turn = np.radians(degrees) * axis / np.linalg.norm(axis)
            truth = rigid(turn, random.uniform(-20, 20, 3), faces.mean(axis=0))
            moved = Volume(other.array, truth @ other.affine)
            for name, method in methods.items():
                begun = process_time()
                errors[name].append(displacement_mm(method(head, moved), truth, faces))
                seconds[name] += process_time() - begun
        for name, found in errors.items():
            failed = sum(error > FAILED_MM for error in found)
            print(
                f"{degrees:8.0f} {name:>10} {np.median(found):10.2f} {max(found):9.2f} {failed:4d}/{len(found)} "
                f"{seconds[name] / len(found):6.2f} {seconds[name] / seconds['ours']:6.2f}"
            )


if __name__ == "__main__":
    main()
