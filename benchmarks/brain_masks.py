"""Brain extraction: how well its masks agree with others, in any contrast, orientation and thickness of slices.

    python benchmarks/brain_masks.py [--bundle brain] [--anatomies ../shared/data/anatomies] [--heads 4]
        [--orientations 48] [--write docs/brain-masks.md]

Real heads: the published mask of a native T1CE in slices of 5.5 mm (lgg-fg6692-native), and whether the masks of a
volunteer's T1 and T2 agree once registered. Simulated heads: label maps of which the bundle's provenance does not say
that they trained it; where it names all, the last by name, and the page says so. A bundle that was trained with
`--anatomies` of a folder without the last four by name has these four held out.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from statistics import median

import edt
import numpy as np
import torch
from conditions.changes import stored, thick
from numpy.typing import NDArray
from real_scans import DATA, STUDIES

from oncontour.core.orientation import ALL_ORIENTATIONS
from oncontour.core.sequence import Sequence as Kind
from oncontour.core.volume import Volume
from oncontour.data.nifti import read_mask
from oncontour.data.phantom.anatomy import list_folder, load_file
from oncontour.data.phantom.case import Spec, make_case
from oncontour.data.phantom.kinds import KINDS
from oncontour.evaluate.metrics import dice
from oncontour.inference.brain import extract_brain
from oncontour.inference.bundle import Bundle, load_bundle
from oncontour.postprocess.components import label_components
from oncontour.postprocess.holes import fill_holes
from oncontour.preprocess.checks import field_of_view
from oncontour.preprocess.pyramid import pyramid
from oncontour.preprocess.register import register
from oncontour.preprocess.resample import resample

HELD_OUT = 900_000
"""Seeds from here on are of no recipe."""

DEEP_MM = 4.0
"""A gap is brain at least this far below its surface that a mask leaves out, wherever one draws the surface."""

SETTINGS = (("adult", 1.0), ("adult", 3.0), ("adult", 6.0), ("paediatric", 1.0), ("paediatric", 6.0))
"""Kind of head, and mm of a slice. All heads hold a tumour."""

PLANES = {Kind.T1: "ASR", Kind.T1CE: "RAS", Kind.T2: "RAS", Kind.FLAIR: "RSA"}
"""How each sequence is sliced: sagittal, axial, axial, coronal."""


@dataclass(frozen=True)
class Measured:
    """One mask.

    Args:
        group: row of the table.
        image: name of the volume.
        dice: with the true mask.
        hole_ml: the largest hole in it.
        gap_ml: the largest piece of deep brain that it leaves out.
        seconds: that it took.
    """

    group: str
    image: str
    dice: float
    hole_ml: float
    gap_ml: float
    seconds: float


def largest_ml(mask: NDArray[np.bool_], voxel_mm3: float) -> float:
    """mL of the largest component; 0 where there is none."""
    labels, count = label_components(mask)
    return float(np.bincount(labels.ravel())[1:].max()) * voxel_mm3 / 1000 if count else 0.0


def measured(group: str, image: str, volume: Volume, brain: Volume, bundle: Bundle) -> Measured:
    """Extract the brain of an image and compare it with the true one, on the same grid."""
    began = time.perf_counter()
    found = extract_brain(volume, bundle).array
    seconds = time.perf_counter() - began
    voxel, truth = volume.grid.voxel_volume_mm3, np.ascontiguousarray(brain.array)
    holes = fill_holes(found, voxel, np.inf) & ~found
    deep = edt.edt(truth, anisotropy=volume.grid.spacing, black_border=False) > DEEP_MM
    gaps = largest_ml(deep & ~found, voxel)
    return Measured(group, image, dice(found, truth), largest_ml(holes, voxel), gaps, seconds)


def native() -> tuple[Volume, Volume]:
    """The native T1CE and its published mask."""
    folder = DATA / "lgg-fg6692-native"
    study = read_images("lgg-native")
    return study[Kind.T1CE], read_mask(folder / "brainmask_t1c_bet.nii.gz")


def read_images(name: str) -> dict[Kind, Volume]:
    """The images of a real study, as `oncontour segment` reads them."""
    from conditions.cases import read_case

    study = read_case(next(one for one in STUDIES if one.name.startswith(name))).study
    return {sequence: image.volume for sequence, image in study.images.items()}


def simulated(path: Path, seed: int) -> Iterator[tuple[str, str, Volume, Volume]]:
    """Group, name, image and brain of one label map's heads in every setting, each sequence in random contrast."""
    anatomy = load_file(path)
    cases = {
        kind: make_case(anatomy, seed, Spec(skull=True, kind=KINDS[kind]), threads=2)
        for kind in dict.fromkeys(kind for kind, _ in SETTINGS)
    }
    for kind, slice_mm in SETTINGS:
        case, title = cases[kind], "adult" if kind == "adult" else "child"
        for sequence, image in case.images.items():
            codes = PLANES[sequence]
            volume, brain = (
                thick(Volume(array, case.affine), slice_mm, codes) for array in (image, case.brain.astype(bool))
            )
            yield f"{title}, slices of {slice_mm:g} mm", f"{anatomy.name} {sequence}", volume, brain


def agreement(bundle: Bundle) -> float:
    """Dice of the volunteer's masks of T1 and T2, where both images show something."""
    images = read_images("volunteer")
    fixed, moving = images[Kind.T1], images[Kind.T2]
    masks = [extract_brain(image, bundle) for image in (fixed, moving)]
    torch.set_num_threads(1)  # Registration's tensors are small: several threads wait for each other.
    motion = register(pyramid(fixed), pyramid(moving)).transform
    seen = field_of_view(moving.grid, fixed.grid, motion)
    return dice(masks[0].array & seen, resample(masks[1], fixed.grid, motion).array & seen)


def orientations(volume: Volume, brain: Volume, bundle: Bundle, count: int) -> list[Measured]:
    """The same image, its axes stored in so many orders and directions."""
    return [
        measured("orientation", codes, stored(volume, codes), stored(brain, codes), bundle)
        for codes in ALL_ORIENTATIONS[:count]
    ]


def held_out(bundle: Bundle, folder: Path, heads: int) -> tuple[list[Path], bool]:
    """The last label maps by name to measure on, and whether they were held out of the bundle's training."""
    trained = set(bundle.provenance["data"]["anatomies"])
    paths = list_folder(folder)
    unseen = [path for path in paths if path.name not in trained]
    chosen = unseen or list(paths)
    return chosen[max(0, len(chosen) - heads) :], bool(unseen)


def _rows(results: Sequence[Measured]) -> list[str]:
    groups = dict.fromkeys(one.group for one in results)
    rows = []
    for group in groups:
        some = [one for one in results if one.group == group]
        worst = min(some, key=lambda one: one.dice)
        cells = [
            group, str(len(some)), f"{median(one.dice for one in some):.3f}",
            f"{worst.dice:.3f}" + (f" ({worst.image})" if len(some) > 1 else ""),
            f"{max(one.hole_ml for one in some):.2f}", f"{max(one.gap_ml for one in some):.2f}",
            f"{median(one.seconds for one in some):.1f}",
        ]  # fmt: skip
        rows.append("| " + " | ".join(cells) + " |")
    return rows


def page(results: Sequence[Measured], agreeing: float, heads: Sequence[Path], unseen: bool, bundle: str) -> str:
    """The page in Markdown."""
    names = ", ".join(path.name.removesuffix(".nii.gz") for path in heads)
    said = (
        f"The simulated heads were held out of its training: {names}."
        if unseen
        else "**None of the simulated heads was held out**: all label maps trained this model. Here some\n"
        f"({names}) are deformed anew, with new contrasts and tumours;\nthe figures flatter it all the same."
    )
    turned = sum(one.group == "orientation" for one in results)
    head = "| image | n | Dice, median | worst | largest hole, mL | largest gap, mL | seconds |"
    return f"""# Brain extraction

The masks of the bundle `{bundle}` against others:

```
python benchmarks/brain_masks.py --bundle {bundle} --write docs/brain-masks.md
```

{said} They are whole heads with a tumour, T1, T1CE, T2 and FLAIR each in random contrast; slices are the mean of
thinner ones, sagittal on T1, coronal on FLAIR, else axial.

{chr(10).join([head, "|" + " --- |" * 7, *_rows(results)])}

The native T1CE is of one patient, in slices of 5.5 mm; its mask, another program's, was published with it.
"Orientation" is that image with its axes stored in {turned} of 48 ways. A gap is brain more than {DEEP_MM:g} mm below
its surface that the mask leaves out. Seconds are of one volume, on {os.cpu_count()} cores.

Healthy volunteer: the masks of T1 and T2, registered, agree at Dice {agreeing:.3f} where both images show something.
"""


def main() -> None:
    """Measure, print a line each, write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundle", default="brain")
    parser.add_argument("--anatomies", type=Path, default=DATA / "anatomies")
    parser.add_argument("--heads", type=int, default=4, help="label maps to simulate heads from")
    parser.add_argument("--volumes", type=int, help="at most so many of each label map")
    parser.add_argument("--orientations", type=int, default=len(ALL_ORIENTATIONS))
    parser.add_argument("--write", type=Path, metavar="FILE.md")
    given = parser.parse_args()
    torch.set_num_threads(os.cpu_count() or 1)
    bundle = load_bundle(given.bundle)
    heads, unseen = held_out(bundle, given.anatomies, given.heads)
    image, brain = native()
    extract_brain(image, bundle)  # What is loaded once is not what a volume takes.
    results = [_told(measured("native T1CE, 5.5 mm", "lgg-fg6692", image, brain, bundle))]
    for number, path in enumerate(heads):
        for group, name, volume, truth in islice(simulated(path, HELD_OUT + number), given.volumes):
            results.append(_told(measured(group, name, volume, truth, bundle)))
    results += [_told(one) for one in orientations(image, brain, bundle, given.orientations)]
    agreeing = agreement(bundle)
    print(f"volunteer, T1 against T2: Dice {agreeing:.3f}", flush=True)
    if given.write:
        given.write.write_text(page(results, agreeing, heads, unseen, bundle.name), "utf-8")


def _told(one: Measured) -> Measured:
    print(f"{one.group}, {one.image}: Dice {one.dice:.3f}, hole {one.hole_ml:.2f} mL, gap {one.gap_ml:.2f} mL, "
          f"{one.seconds:.1f} s", flush=True)  # fmt: skip
    return one


if __name__ == "__main__":
    main()
