"""A study as the scanner left it, beside the usual path: N4, rigid registration and a brain mask by ANTs, then nnU-Net.

    python benchmarks/native_study.py --work DIR [--study FOLDER] [--rounds 2]

Run it in .venv-peers (`make peers`), on an otherwise idle machine. Ours does all of `oncontour segment`, in a new
process. The usual path, warm: N4 of each sequence, three of them registered to the T1CE, a template with its brain mask
bent onto it (SyN), all at 1 mm, and nnU-Net's prediction to labels; no checks, volumes or report. DIR is that of
benchmarks/sliding_window.py, for its network. Raw figures: benchmarks/results/native-study.json.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from beside.command import timed
from beside.contest import OURS, Aim, Contest, Entry, entry, named
from beside.rival import Rival, Work, child, options, serve, take_turns

DATA = Path(__file__).parents[2] / "shared" / "data"
STUDY = DATA / "lgg-fg6692-native"
TEMPLATE = DATA / "templates" / "brats_mni152_t1_1mm_unstripped.nii.gz"
T1CE = "POST_GAD"
"""In the name of its file."""


def main() -> None:
    """Time, keep the figures."""
    parser = options(__doc__, ("usual",), 2)
    parser.add_argument("--work", type=Path, help="folder of benchmarks/sliding_window.py, for its network")
    parser.add_argument("--study", type=Path, default=STUDY, help="NIfTI files of T1CE, T1, T2 and FLAIR with skull")
    given = parser.parse_args()
    if given.program:
        serve(usual(given.folder, given.study))
        return
    if given.work is None:
        parser.error("give --work")
    contest(given.work, given.study, given.rounds).save("native-study")


def contest(work: Path, study: Path, rounds: int) -> Contest:
    """Both, ours first."""
    cold = []
    with TemporaryDirectory() as name:
        for number in range(rounds):
            out = Path(name) / str(number)
            cold.append(timed([sys.executable, "-m", "oncontour", "segment", str(study), "--out", str(out)]))
            if cold[-1].exit_code:
                raise SystemExit(f"oncontour segment ended with {cold[-1].exit_code}")
            shutil.rmtree(out)
    peer = Rival("usual", [*child(Path(__file__), "usual", work), "--study", str(study)], threads=2)
    take_turns([peer], 1)
    title = f"{named('ANTs', 'antspyx')}, {named('nnU-Net', 'nnunetv2')}"
    steps = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in peer.figures["steps"].items())
    ours = Entry(OURS, [one.seconds for one in cold], max(one.peak_mib for one in cold))
    words = (
        f"`{study.name}`: T1CE, T1, T2 and FLAIR, unregistered, with skull, slices of 5.5 mm. Ours: all of `oncontour "
        f"segment` in a new process. The usual path, two threads: {steps}."
    )
    aims = [Aim(OURS, None, 45.0), Aim(OURS, title, 8.0)]
    entries = [ours, entry(peer, title)]
    command = "python benchmarks/native_study.py --work DIR"
    return Contest("A native study", words, command, entries, aims)


def usual(work: Path, study: Path) -> Work:
    """As the documentation of ANTs and of nnU-Net calls them."""
    import ants
    from windows.nnunet import predictor

    files = sorted(path for path in study.glob("*.nii.gz") if "mask" not in path.name)
    first = next(path for path in files if T1CE in path.name)
    template = ants.image_read(str(TEMPLATE))
    mask = ants.get_mask(template)
    network = predictor(work)

    def once() -> dict[str, object]:
        took: dict[str, float] = {}

        @contextmanager
        def step(name: str) -> Iterator[None]:
            began = time.perf_counter()
            yield
            took[name] = time.perf_counter() - began

        with step("N4"):
            even = {path: ants.n4_bias_field_correction(ants.image_read(str(path))) for path in files}
        fixed = ants.resample_image(even[first], (1.0, 1.0, 1.0), use_voxels=False, interp_type=0)
        with step("rigid"):
            aligned = [
                fixed if path == first else ants.registration(fixed, even[path], "Rigid")["warpedmovout"]
                for path in files
            ]
        with step("SyN"):
            bent = ants.registration(fixed, template, type_of_transform="SyN")
            brain = ants.apply_transforms(fixed, mask, bent["fwdtransforms"], interpolator="nearestNeighbor")
        with step("nnU-Net"):
            image = np.stack([(one * brain).numpy().T for one in aligned])
            network.predict_single_npy_array(image, {"spacing": [1.0, 1.0, 1.0]}, None, None, False)
        return {"steps": took}

    return once


if __name__ == "__main__":
    main()
