"""The bias field beside SimpleITK's and ANTs' N4: seconds, and how much shading is left.

    python benchmarks/bias_field.py [--rounds 3]

Run it in .venv-peers (`make peers`), on an otherwise idle machine. A phantom's four sequences of 1 mm, each shaded by a
known smooth field of 40 %, and the same without it. What a program leaves is the spread (standard deviation over the
brain, after its mean) of the logarithm of its estimate of the shaded image, less that of the plain one, less the true
field: its answer to the image itself cancels. Raw figures: benchmarks/results/bias-field.json.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from beside.contest import OURS, Aim, Contest, entry, named
from beside.rival import Rival, Work, child, options, serve, take_turns
from numpy.typing import NDArray
from registering.programs import ants_image, sitk_image

from oncontour.core.grid import Grid
from oncontour.core.volume import Volume
from oncontour.data.phantom.case import Spec, make_case
from oncontour.data.phantom.mni import load_mni

STRENGTH = 0.4
SEED = 6

Field = Callable[[Volume, NDArray[np.bool_]], NDArray[np.float32]]
"""An image and its brain to the logarithm of the field, on the image's grid."""


def ours() -> Field:
    """As preprocessing does it, which stops early for the tumour's sake."""
    from oncontour.preprocess.bias import correct_bias
    from oncontour.preprocess.resample import resample

    def field(volume: Volume, brain: NDArray[np.bool_]) -> NDArray[np.float32]:
        found = correct_bias(volume, brain)
        assert found is not None, "phantoms are bright"
        return resample(found.log_field, volume.grid).array

    return field


def converged() -> Field:
    """Ours, set as the others are."""
    from oncontour.preprocess.n4 import n4_log_field
    from oncontour.preprocess.resample import resample

    def field(volume: Volume, brain: NDArray[np.bool_]) -> NDArray[np.float32]:
        shape = tuple(size // 4 for size in volume.grid.shape)
        coarse = Grid(shape, volume.affine @ np.diag([4.0, 4.0, 4.0, 1.0]))
        image = resample(volume, coarse)
        trusted = resample(volume.with_array(brain), coarse).array & (image.array > 0)
        log_field = resample(image.with_array(n4_log_field(image.array, trusted)), volume.grid).array
        volume.array / np.exp(log_field)
        return log_field

    return field


def simpleitk() -> Field:
    """As its example: shrunken by 4, four levels of 50 iterations, the field evaluated on the full grid."""
    import SimpleITK as sitk  # noqa: N813

    def field(volume: Volume, brain: NDArray[np.bool_]) -> NDArray[np.float32]:
        image, mask = sitk_image(volume), sitk.Cast(sitk_image(volume.with_array(brain)), sitk.sitkUInt8)
        n4 = sitk.N4BiasFieldCorrectionImageFilter()
        n4.SetMaximumNumberOfIterations([50] * 4)
        n4.Execute(sitk.Shrink(image, [4] * 3), sitk.Shrink(mask, [4] * 3))
        log_field = n4.GetLogBiasFieldAsImage(image)
        sitk.Divide(image, sitk.Exp(log_field))
        return sitk.GetArrayFromImage(log_field).T

    return field


def ants() -> Field:
    """As `ants.n4_bias_field_correction` does it unasked: shrunken by 4, four levels of 50 iterations."""
    import ants as program

    def field(volume: Volume, brain: NDArray[np.bool_]) -> NDArray[np.float32]:
        image = ants_image(program, volume)
        mask = ants_image(program, volume.with_array(brain))
        found = program.n4_bias_field_correction(image, mask=mask, return_bias_field=True)
        return np.log(np.maximum(found.numpy(), 1e-3))

    return field


PROGRAMS = {
    "converged": (lambda: OURS, converged),
    "ours": (lambda: f"{OURS}, as preprocessing", ours),
    "simpleitk": (lambda: f"{named('SimpleITK', 'SimpleITK')}, shrunken by 4", simpleitk),
    "ants": (lambda: named("ANTs", "antspyx"), ants),
}


def main() -> None:
    """Time, compare, keep the figures."""
    parser = options(__doc__, PROGRAMS, 3)
    given = parser.parse_args()
    if given.program:
        serve(ready(PROGRAMS[given.program][1](), given.folder))
        return
    with TemporaryDirectory() as name:
        folder = Path(name)
        make(folder)
        rivals = [Rival(program, child(Path(__file__), program, folder), threads=2) for program in PROGRAMS]
        take_turns(rivals, given.rounds)
    titles = {program: PROGRAMS[program][0]() for program in PROGRAMS}
    entries = [entry(rival, titles[rival.name], **_left(rival.figures["left"])) for rival in rivals]
    aims = [Aim(OURS, titles[peer], 4.0) for peer in ("simpleitk", "ants")]
    work = (
        f"Four sequences of 1 mm of a phantom's brain, each shaded by a smooth field of {STRENGTH:.0%}. Left: spread "
        "of the field that a program left, as a share of brightness; the shading put on has "
        f"{np.mean([one['put on'] for one in rivals[0].figures['left']]):.1%}."
    )
    Contest("Bias field", work, "python benchmarks/bias_field.py", entries, aims).save("bias-field")


def _left(found: list[dict[str, float]]) -> dict[str, Any]:
    return {"left": f"{np.mean([one['left'] for one in found]):.2%}"}


def make(folder: Path) -> None:
    """images.npz: the four images (4, i, j, k), brain, true log field, affine."""
    case = make_case(load_mni(), SEED, Spec(), threads=2)
    brain = case.brain.astype(bool)
    images = np.stack([np.where(brain, image, 0) for image in case.images.values()]).astype(np.float32)
    places = np.stack(np.meshgrid(*(np.linspace(-1, 1, n) for n in brain.shape), indexing="ij"))
    smooth = np.sin(2.2 * places[0] + 0.4) * np.cos(1.7 * places[1]) + 0.5 * places[2] ** 2 + 0.4 * places[0]
    inside = smooth[brain]
    log_field = (smooth - inside.mean()) / np.ptp(inside) * 2 * np.log1p(STRENGTH)
    np.savez(folder / "images.npz", images=images, brain=brain, log_field=log_field, affine=case.affine)


def ready(field: Field, folder: Path) -> Work:
    """The shaded images' fields, timed; those of the plain images were found before."""
    with np.load(folder / "images.npz") as stored:
        images, brain, truth, affine = (stored[key] for key in ("images", "brain", "log_field", "affine"))
    shaded = images * np.exp(truth).astype(np.float32)
    plain = [field(Volume(image, affine), brain) for image in images]

    def work() -> dict[str, Any]:
        found = [field(Volume(image, affine), brain) for image in shaded]
        spread = float(truth[brain].std())
        return {
            "left": [
                {"left": float((one - other - truth)[brain].std()), "put on": spread}
                for one, other in zip(found, plain, strict=True)
            ]
        }

    return work


if __name__ == "__main__":
    main()
