"""A whole case of four BraTS sequences beside nnU-Net's prediction alone.

    python benchmarks/whole_case.py --work DIR [--case FOLDER] [--rounds 3]

Run it in .venv-peers (`make peers`), on an otherwise idle machine. Ours reads NIfTI and leaves masks, volumes with
intervals, checks and the report: once in a new process, then in one that has its models. nnU-Net reads the same files
and leaves a mask, with a network of 31 million parameters at 1 mm and without mirrored views (its default has eight
times as many); the weights are those of benchmarks/sliding_window.py. Raw figures: benchmarks/results/whole-case.json.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from beside.command import timed
from beside.contest import OURS, Aim, Contest, Entry, entry, named
from beside.rival import Rival, Work, child, options, serve, take_turns

CASE = Path(__file__).parents[2] / "shared" / "data" / "glioma-00000"
ORDER = ("t1n", "t1c", "t2W", "t2f")
"""Words in the names of T1, T1CE, T2 and FLAIR, in the order of the network's channels."""

WARM, COLD = f"{OURS}, warm", f"{OURS}, new process"


def main() -> None:
    """Time, keep the figures."""
    parser = options(__doc__, PROGRAMS, 3)
    parser.add_argument("--work", type=Path, help="folder of benchmarks/sliding_window.py, for its network")
    parser.add_argument("--case", type=Path, default=CASE)
    given = parser.parse_args()
    if given.program:
        serve(PROGRAMS[given.program](given.folder, given.case))
        return
    if given.work is None:
        parser.error("give --work")
    contest(given.work, given.case, given.rounds).save("whole-case")


def contest(work: Path, case: Path, rounds: int) -> Contest:
    """Cold runs of ours, then both programs in turns."""
    out = work / "whole-case"
    cold = []
    for _ in range(rounds):
        shutil.rmtree(out, ignore_errors=True)
        cold.append(timed([sys.executable, "-m", "oncontour", "segment", str(case), "--out", str(out)]))
        if cold[-1].exit_code:
            raise SystemExit(f"oncontour segment ended with {cold[-1].exit_code}")
    ours, peer = (Rival(name, [*child(Path(__file__), name, work), "--case", str(case)]) for name in PROGRAMS)
    take_turns([ours], 1 + rounds)
    take_turns([peer], 1)
    del ours.seconds[0]  # Models are loaded.
    title = f"{named('nnU-Net', 'nnunetv2')}, prediction alone"
    entries = [
        entry(ours, WARM),
        Entry(COLD, [one.seconds for one in cold], max(one.peak_mib for one in cold)),
        entry(peer, title),
    ]
    aims = [Aim(WARM, None, 15.0), Aim(COLD, None, 30.0)]
    work_words = (
        f"`{case.name}`: 240 x 240 x 155 voxels, T1, T1CE, T2, FLAIR, from NIfTI to masks, volumes with intervals, "
        "checks and report. nnU-Net: from the same files to a mask, a network of 31 million parameters at 1 mm, no "
        "mirrored views. Paper 002 states about ten minutes a case for its pipeline, with a GPU; it could not be run."
    )
    command = "python benchmarks/whole_case.py --work DIR"
    return Contest("A whole case, four BraTS sequences", work_words, command, entries, aims)


def ours(work: Path, case: Path) -> Work:
    """`oncontour segment` within one process."""
    from oncontour.pipeline.options import Options
    from oncontour.pipeline.segment import segment

    options, out = Options(), work / "whole-case-warm"

    def once() -> dict[str, object]:
        shutil.rmtree(out, ignore_errors=True)
        (outcome,) = segment(case, out, options)
        if outcome.error:
            raise outcome.error
        return {}

    return once


def nnunet(work: Path, case: Path) -> Work:
    """Its predictor on files, in one process."""
    from windows.nnunet import predictor

    network = predictor(work)
    reader = network.plans_manager.image_reader_writer_class()
    files = [str(next(case.glob(f"*{word}*"))) for word in ORDER]

    def once() -> dict[str, object]:
        image, about = reader.read_images(files)
        network.predict_single_npy_array(image, about, None, str(work / "whole-case-nnunet"), False)
        return {}

    return once


PROGRAMS = {"ours": ours, "nnunet": nnunet}


if __name__ == "__main__":
    main()
