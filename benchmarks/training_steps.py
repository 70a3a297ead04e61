"""Seconds of a training step on a CPU beside nnU-Net's trainer and MONAI, for patches of 64 and of 96 voxels an edge.

    python benchmarks/training_steps.py --work DIR [--edges 64 96] [--timed-steps 12] [--write docs/training-steps.md]

Run it in .venv-peers (`make peers`), on an otherwise idle machine. The same U-Net, cases, batch and augmentations
as in benchmarks/nnunet_training.py, which also tells what each learns; here steps are timed alone, in turns.
"""

from __future__ import annotations

from contenders.command import ROUNDS, options
from contenders.runs import Contender, prepare, time_steps
from contenders.tables import RESULTS, STEPS, Runs, processor, record, setting, step_seconds, step_table
from contenders.task import Task, make_data

from oncontour.data.files import write_json

OURS = Contender("Oncontour, bf16 (its default)", "ours")
PEERS = (Contender("nnU-Net v2", "nnunet"), Contender("MONAI", "monai"))
LEAST = 3.0
"""Times as fast as each peer: what is aimed at."""


def main() -> None:
    """Time each edge, tell."""
    parser = options(__doc__)
    parser.add_argument("--edges", type=int, nargs="+", default=(64, 96))
    parser.set_defaults(timed_steps=12, cases=(8, 1), spacing=2.0, features=(16, 32, 64, 128), workers=1)
    given = parser.parse_args()
    texts, raw = ["# Training steps", STEPS], {}
    for edge in given.edges:
        task = Task(
            given.work.resolve() / str(edge), *given.cases, given.spacing, edge, given.batch, tuple(given.features),
            1, given.timed_steps, given.workers, "cpu",
        )  # fmt: skip
        make_data(task)
        for contender in (*PEERS, OURS):
            prepare(contender, task)
        timed = time_steps(task, (*PEERS, OURS), given.timed_steps, ROUNDS)
        texts += [f"## {edge} x {edge} x {edge} voxels", setting(task, timed, processor()), step_table(timed)]
        texts.append("\n".join(said(timed, peer) for peer in PEERS))
        raw[edge] = record(task, timed, None, {}, processor())
    text = "\n\n".join([*texts, "    python benchmarks/training_steps.py --work DIR --write docs/training-steps.md"])
    print(text)
    if given.write:
        given.write.write_text(text + "\n", "utf-8")
        write_json(RESULTS / f"{given.write.stem}.json", raw)


def said(timed: Runs, peer: Contender) -> str:
    """Whether the aim was reached."""
    times = step_seconds(timed[peer]) / step_seconds(timed[OURS])
    reached = "reached" if times >= LEAST else "missed"
    return f"- {LEAST:g} times as fast as {peer.title}: **{times:.1f} times, {reached}**"


if __name__ == "__main__":
    main()
