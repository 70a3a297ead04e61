"""Each program as its users call it, and with more effort; all on one thread.

Each gives (4, 4), fixed world -> moving world in mm, RAS+. Imports stand in the functions: where several are loaded
into one process, their ITKs do not get along.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from oncontour.core.volume import Volume
from oncontour.preprocess.transforms import LPS

Method = Callable[[Volume, Volume], NDArray[np.float64]]


def ours(fixed: Volume, moving: Volume) -> NDArray[np.float64]:
    """As preprocessing does it."""
    import torch

    from oncontour.preprocess.pyramid import pyramid
    from oncontour.preprocess.register import register

    torch.set_num_threads(1)
    return register(pyramid(fixed), pyramid(moving)).transform


def simpleitk(fixed: Volume, moving: Volume, careful: bool) -> NDArray[np.float64]:
    """As its examples do: 50 bins, 1 % random samples, gradient descent, shrink 4-2-1; careful: 10 % regular ones."""
    import SimpleITK as sitk  # noqa: N813

    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(1)
    images = [sitk_image(fixed), sitk_image(moving)]
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
    return _ras(method.Execute(*images).TransformPoint)


def elastix(fixed: Volume, moving: Volume, careful: bool) -> NDArray[np.float64]:
    """Its default rigid parameters; careful: ten times the samples, twice the iterations."""
    import itk
    import SimpleITK as sitk  # noqa: N813

    itk.MultiThreaderBase.SetGlobalDefaultNumberOfThreads(1)
    parameters = itk.ParameterObject.New()
    rigid = dict(parameters.GetDefaultParameterMap("rigid"))
    rigid |= {"AutomaticTransformInitialization": ["true"], "WriteResultImage": ["false"]}
    if careful:
        rigid |= {"NumberOfSpatialSamples": ["20000"], "MaximumNumberOfIterations": ["512"]}
    parameters.AddParameterMap(rigid)
    images = [_itk_image(itk, volume) for volume in (fixed, moving)]
    found = itk.ElastixRegistrationMethod.New(images[0], images[1])
    found.SetParameterObject(parameters)
    found.SetLogToConsole(False)
    found.UpdateLargestPossibleRegion()
    values = found.GetTransformParameterObject().GetParameterMap(0)
    euler = sitk.Euler3DTransform()
    euler.SetCenter([float(one) for one in values["CenterOfRotationPoint"]])
    euler.SetParameters([float(one) for one in values["TransformParameters"]])
    return _ras(euler.TransformPoint)


def ants(fixed: Volume, moving: Volume, careful: bool) -> NDArray[np.float64]:
    """Its "Rigid"; careful: begun where its own search over angles ends, in images of 4 mm."""
    import ants as program

    images = [ants_image(program, volume) for volume in (fixed, moving)]
    start: dict[str, Any] = {}
    if careful:
        coarse = [program.resample_image(image, (4, 4, 4)) for image in images]
        start["initial_transform"] = program.affine_initializer(*coarse, search_factor=15, radian_fraction=0.25)
    found = program.registration(images[0], images[1], type_of_transform="Rigid", **start)
    steps = [program.read_transform(path) for path in found["fwdtransforms"]]

    def through(point: tuple[float, float, float]) -> tuple[float, ...]:
        for step in reversed(steps):
            point = tuple(step.apply_to_point(point))
        return point

    return _ras(through)


def greedy(fixed: Volume, moving: Volume, careful: bool) -> NDArray[np.float64]:
    """Six degrees of freedom, normalised mutual information; careful: begun at the best of 1000 random motions."""
    from picsl_greedy import Greedy3D

    program = Greedy3D()
    search = "-search 1000 20 20" if careful else ""
    program.execute(
        f"-threads 1 -V 0 -a -dof 6 -m NMI -n 100x50x10 -ia-image-centers {search} -i fixed moving -o found",
        fixed=sitk_image(fixed), moving=sitk_image(moving), found=None,
    )  # fmt: skip
    return np.asarray(program["found"], np.float64)


PROGRAMS: Mapping[str, tuple[str, str, Method]] = {
    "ours": ("Oncontour", "oncontour", ours),
    **{
        f"{name}{word}": (f"{title}{word}", package, partial(method, careful=bool(word)))
        for name, title, package, method in (
            ("SimpleITK", "SimpleITK", "SimpleITK", simpleitk),
            ("elastix", "elastix", "itk-elastix", elastix),
            ("ANTs", "ANTs", "antspyx", ants),
            ("greedy", "greedy", "picsl_greedy", greedy),
        )
        for word in ("", ", careful")
    },
}
"""Name -> title, distribution, what it does."""


def sitk_image(volume: Volume) -> Any:
    """The volume as SimpleITK has it."""
    import SimpleITK as sitk  # noqa: N813

    image = sitk.GetImageFromArray(np.asarray(volume.array, np.float32).T)
    spacing, origin, direction = _geometry(volume)
    image.SetSpacing(spacing)
    image.SetOrigin(origin)
    image.SetDirection(direction.ravel().tolist())
    return image


def _itk_image(itk: Any, volume: Volume) -> Any:
    image = itk.image_from_array(np.ascontiguousarray(np.asarray(volume.array, np.float32).T))
    spacing, origin, direction = _geometry(volume)
    image.SetSpacing(spacing)
    image.SetOrigin(origin)
    image.SetDirection(itk.matrix_from_array(np.ascontiguousarray(direction)))
    return image


def ants_image(program: Any, volume: Volume) -> Any:
    """The volume as ANTs has it."""
    spacing, origin, direction = _geometry(volume)
    return program.from_numpy(np.asarray(volume.array, np.float32), origin, spacing, direction)


def _geometry(volume: Volume) -> tuple[list[float], list[float], NDArray[np.float64]]:
    """Spacing, origin and direction, LPS+."""
    affine = LPS @ volume.affine
    return list(volume.grid.spacing), affine[:3, 3].tolist(), affine[:3, :3] / np.array(volume.grid.spacing)


def _ras(through: Callable[[Any], Any]) -> NDArray[np.float64]:
    """(4, 4) RAS+ of what carries points in LPS+."""
    origin = np.array(through((0.0, 0.0, 0.0)))
    columns = [np.array(through(tuple(axis))) - origin for axis in np.eye(3).tolist()]
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = np.stack(columns, axis=1), origin
    return LPS @ matrix @ LPS
