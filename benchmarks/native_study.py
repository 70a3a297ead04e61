"""A study as the scanner left it, beside the usual path with ANTs: N4, rigid registration, brain mask by SyN.

    python benchmarks/native_study.py [--study FOLDER] [--rounds 2]

Run it in .venv-peers (`make peers`), on an otherwise idle machine. Ours does all of `oncontour segment`, in a new
process; of ANTs' path only what comes before a network is timed: N4 of each sequence, rigid registration of three of
them to the T1CE, and a template with its brain mask bent onto the T1CE. Raw figures:
benchmarks/results/native-study.json.
"""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

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
    parser = options(__doc__, ("ants",), 2)
    parser.add_argument("--study", type=Path, default=STUDY, help="NIfTI files of T1CE, T1, T2 and FLAIR with skull")
    given = parser.parse_args()
    if given.program:
        serve(ants(given.folder))
        return
    contest(given.study, given.rounds).save("native-study")


def contest(study: Path, rounds: int) -> Contest:
    """Both, ours first."""
    cold = []
    with TemporaryDirectory() as name:
        for number in range(rounds):
            out = Path(name) / str(number)
            cold.append(timed([sys.executable, "-m", "oncontour", "segment", str(study), "--out", str(out)]))
            if cold[-1].exit_code:
                raise SystemExit(f"oncontour segment ended with {cold[-1].exit_code}")
            shutil.rmtree(out)
    peer = Rival("ants", child(Path(__file__), "ants", study), threads=2)
    take_turns([peer], 1)
    title = f"{named('ANTs', 'antspyx')}, up to a network"
    steps = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in peer.figures["steps"].items())
    ours = Entry(OURS, [one.seconds for one in cold], max(one.peak_mib for one in cold))
    work = (
        f"`{study.name}`: T1CE, T1, T2 and FLAIR, unregistered, with skull, slices of 5.5 mm. Ours: all of `oncontour "
        f"segment` in a new process. ANTs, two threads: {steps}."
    )
    aims = [Aim(OURS, None, 45.0), Aim(OURS, title, 8.0)]
    entries = [ours, entry(peer, title)]
    command = "python benchmarks/native_study.py"
    return Contest("A native study", work, command, entries, aims)


def ants(study: Path) -> Work:
    """The usual path, as ANTs' documentation calls it."""
    import ants as program

    files = sorted(path for path in study.glob("*.nii.gz") if "mask" not in path.name)
    first = next(path for path in files if T1CE in path.name)
    template = program.image_read(str(TEMPLATE))
    mask = program.get_mask(template)

    def once() -> dict[str, object]:
        took: dict[str, float] = {}
        images = {path: program.image_read(str(path)) for path in files}
        began = time.perf_counter()
        even = {path: program.n4_bias_field_correction(image) for path, image in images.items()}
        took["N4"] = time.perf_counter() - began
        began = time.perf_counter()
        for path in files:
            if path != first:
                program.registration(even[first], even[path], type_of_transform="Rigid")
        took["rigid"] = time.perf_counter() - began
        began = time.perf_counter()
        bent = program.registration(even[first], template, type_of_transform="SyN")
        program.apply_transforms(even[first], mask, bent["fwdtransforms"], interpolator="nearestNeighbor")
        took["SyN"] = time.perf_counter() - began
        return {"steps": took}

    return once


if __name__ == "__main__":
    main()
