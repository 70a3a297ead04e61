"""The brain mask beside a template that is bent onto the head by ANTs and by greedy.

    python benchmarks/brain_speed.py [--anatomies ../shared/data/anatomies] [--rounds 2]

Run it in .venv-peers (`make peers`), on an otherwise idle machine. The head is a T1CE of 1 mm, simulated from a label
map that was held out of the model's training; the template is another head of the same simulator, whose brain is known
to the voxel, in the same contrast. Raw figures: benchmarks/results/brain-speed.json.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from beside.contest import OURS, Aim, Contest, entry, named
from beside.rival import Rival, Work, child, options, serve, take_turns
from brain_masks import HELD_OUT, held_out
from real_scans import DATA
from registering.programs import ants_image, sitk_image

from oncontour.core.sequence import Sequence
from oncontour.core.volume import Volume
from oncontour.data.nifti import read_mask, read_nifti, write_nifti
from oncontour.data.phantom.anatomy import load_file
from oncontour.data.phantom.case import Spec, make_case
from oncontour.data.phantom.mni import load_mni
from oncontour.evaluate.metrics import dice


def main() -> None:
    """Time, compare, keep the figures."""
    parser = options(__doc__, PROGRAMS, 2)
    parser.add_argument("--anatomies", type=Path, default=DATA / "anatomies")
    given = parser.parse_args()
    if given.program:
        serve(PROGRAMS[given.program][1](given.folder))
        return
    with TemporaryDirectory() as name:
        folder = Path(name)
        make(folder, given.anatomies)
        rivals = [Rival(program, child(Path(__file__), program, folder), threads=2) for program in PROGRAMS]
        take_turns(rivals, given.rounds)
    titles = {program: PROGRAMS[program][0]() for program in PROGRAMS}
    entries = [entry(rival, titles[rival.name], Dice=f"{rival.figures['dice']:.3f}") for rival in rivals]
    work = "A head of 1 mm with a tumour, T1CE, to a mask of its brain; two threads each."
    aims = [Aim(OURS, None, 2.0)]
    Contest("Brain mask", work, "python benchmarks/brain_speed.py", entries, aims).save("brain-speed")


def make(folder: Path, anatomies: Path) -> None:
    """head.nii.gz and template.nii.gz with their brains."""
    from oncontour.inference.bundle import load_bundle

    paths, _ = held_out(load_bundle("brain"), anatomies, 1)
    for name, anatomy, seed in (("head", load_file(paths[0]), HELD_OUT), ("template", load_mni(), HELD_OUT + 1)):
        case = make_case(anatomy, seed, Spec(skull=True), threads=2)
        write_nifti(Volume(case.images[Sequence.T1CE], case.affine), folder / f"{name}.nii.gz")
        write_nifti(Volume(case.brain.astype(np.uint8), case.affine), folder / f"{name}-brain.nii.gz", "uint8")


def _read(folder: Path) -> tuple[Volume, Volume, Volume, Volume]:
    return (
        read_nifti(folder / "head.nii.gz"), read_mask(folder / "head-brain.nii.gz"),
        read_nifti(folder / "template.nii.gz"), read_mask(folder / "template-brain.nii.gz"),
    )  # fmt: skip


def ours(folder: Path) -> Work:
    """The bundle `brain`, loaded before."""
    import torch

    from oncontour.inference.brain import extract_brain
    from oncontour.inference.bundle import load_bundle

    torch.set_num_threads(2)
    head, truth, template, _ = _read(folder)
    bundle = load_bundle("brain")
    extract_brain(template, bundle)
    return lambda: {"dice": dice(extract_brain(head, bundle).array, truth.array)}


def ants(folder: Path) -> Work:
    """SyN as it is unasked, and the template's mask through it."""
    import ants as program

    head, truth, template, brain = _read(folder)
    fixed, moving = ants_image(program, head), ants_image(program, template)
    mask = ants_image(program, brain.with_array(brain.array.astype(np.float32)))

    def work() -> dict[str, object]:
        found = program.registration(fixed, moving, type_of_transform="SyN")
        bent = program.apply_transforms(fixed, mask, found["fwdtransforms"], interpolator="nearestNeighbor")
        return {"dice": dice(bent.numpy() > 0.5, truth.array)}

    return work


def greedy(folder: Path) -> Work:
    """Affine, then deformable, as its documentation begins; and the template's mask through both."""
    import SimpleITK as sitk  # noqa: N813
    from picsl_greedy import Greedy3D

    head, truth, template, brain = _read(folder)
    fixed, moving = sitk_image(head), sitk_image(template)
    mask = sitk_image(brain.with_array(brain.array.astype(np.float32)))

    def work() -> dict[str, object]:
        program = Greedy3D()
        common = "-threads 2 -V 0 -i fixed moving"
        program.execute(
            f"{common} -a -dof 12 -m NCC 2x2x2 -n 100x50x10 -ia-image-centers -o affine",
            fixed=fixed, moving=moving, affine=None,
        )  # fmt: skip
        program.execute(f"{common} -m NCC 2x2x2 -n 100x50x10 -it affine -o warp", warp=None)
        program.execute("-threads 2 -V 0 -rf fixed -ri NN -rm mask bent -r warp affine", mask=mask, bent=None)
        return {"dice": dice(sitk.GetArrayFromImage(program["bent"]).T > 0.5, truth.array)}

    return work


PROGRAMS = {
    "ours": (lambda: OURS, ours),
    "greedy": (lambda: named("greedy", "picsl_greedy"), greedy),
    "ants": (lambda: named("ANTs SyN", "antspyx"), ants),
}


if __name__ == "__main__":
    main()
