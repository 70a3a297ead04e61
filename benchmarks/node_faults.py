"""Hundreds of small studies through real nodes that are killed, cut off, filled up and lied to.

    python benchmarks/node_faults.py [--faults 1000] [--seed 1] [--real N] [--write docs/node-faults.md]

Nodes are processes of `oncontour node run`. The segmentation is a stand-in that writes four small objects at once (with
`--real N`: N heads through the real pipeline instead). Needs the extra `node` and Debian's postgresql and libfaketime;
only root, who may mount, can try disks that fill or become read-only. Ends with exit code 1 where a study was lost, a
result delivered twice, or half a file visible.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp

from faults.arena import FAKETIME, Arena, World
from faults.judge import Books, Verdict, books, judge
from faults.page import outcome_table, page, worlds_table
from faults.run import Fault, Run
from faults.studies import make_heads

WORLDS = (
    (World("one node, SQLite"), 0.34),
    (World("three nodes, PostgreSQL", nodes=3, postgres=True), 0.34),
    (World("a disk that fills, SQLite", own_disk=True), 0.08),
    (World("a disk that fills or becomes read-only, PostgreSQL", postgres=True, own_disk=True), 0.08),
    (World("a clock that jumps, SQLite", own_clock=True), 0.08),
    (World("a clock that jumps, two nodes, PostgreSQL", nodes=2, postgres=True, own_clock=True), 0.08),
)
"""And the share of the faults that befall each."""

AROUND = 0.06
"""Share of the faults that befall all studies at work."""


def main() -> None:
    """Run, judge, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--faults", type=int, default=1000, help="about as many are injected")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--real", type=int, default=0, metavar="N", help="so many heads through the real pipeline instead"
    )
    parser.add_argument("--worlds", default="", help="only those whose name holds this")
    parser.add_argument("--keep", action="store_true", help="keep the folders of the run")
    parser.add_argument("--write", type=Path, metavar="MD", help="page to write")
    given = parser.parse_args()
    began, verdicts, faults, worlds, broken = time.monotonic(), [], [], [], []
    chosen = [(world, share) for world, share in WORLDS if given.worlds in world.name and _possible(world)]
    chosen = chosen[:1] if given.real else chosen
    whole = sum(share for _, share in chosen)
    done = 0

    def told(number: int) -> None:
        nonlocal done
        done += number
        took = time.monotonic() - began
        left = took / max(done, 1) * max(given.faults - done, 0)
        print(
            f"\r{done} of about {given.faults} faults, {took:.0f} s, about {left:.0f} s left  ", end="", file=sys.stderr
        )

    root = Path(mkdtemp(prefix="oncontour-faults-"))
    root.chmod(0o755)
    for n, (world, share) in enumerate(chosen):
        number = round(given.faults * share / whole)
        some, of_run, found = _through(root / str(n), world, number, given.seed + n, given.real, told)
        verdicts += some
        faults += of_run
        worlds.append((world.name, len(some), sum(fault.at is not None for fault in of_run), found))
        broken += [f"{world.name}: {trouble}" for trouble in found.unfit]
        for verdict in some:
            names = ", ".join(fault.kind.name for fault in verdict.trial.faults if fault.at is not None)
            broken += [
                f"{world.name}: {trouble} [{names}; {verdict.trial.study.token}]" for trouble in verdict.troubles
            ]
    print(file=sys.stderr)
    tables = outcome_table(verdicts, faults), worlds_table(worlds)
    print(*tables, sep="\n\n")
    if given.write:
        made = page(
            *tables,
            seed=given.seed,
            minutes=(time.monotonic() - began) / 60,
            faults=sum(fault.at is not None for fault in faults),
            studies=len(verdicts),
            reopened=sum(len(verdict.outcomes) > 1 for verdict in verdicts),
            broken=broken,
            real=bool(given.real),
        )
        given.write.write_text(made, "utf-8")
    for line in broken:
        print(f"BROKEN {line}")
    kept = given.keep or bool(broken)
    print(f"{time.monotonic() - began:.0f} s" + (f"; kept: {root}" if kept else ""))
    if not kept:
        shutil.rmtree(root, ignore_errors=True)
    sys.exit(bool(broken))


def _possible(world: World) -> bool:
    """Whether this machine lets it be tried; it is said where not."""
    if world.own_disk and os.geteuid() != 0:
        print(f"left out, since only root may mount: {world.name}", file=sys.stderr)
        return False
    if world.own_clock and world.postgres and not FAKETIME.exists():
        print(f"left out, since Debian's libfaketime is missing: {world.name}", file=sys.stderr)
        return False
    return True


def _through(
    folder: Path, world: World, number: int, seed: int, real: int, told: Callable[[int], None]
) -> tuple[list[Verdict], list[Fault], Books]:
    folder.mkdir()
    heads = make_heads(folder / "made", real, seed) if real else []
    with Arena(folder, world, real=bool(real)) as arena:
        run = Run(arena, number, seed, told, heads)
        run.drive(0 if real else max(1, round(number * AROUND)))
        run.settle()
        time.sleep(1.0)
        verdicts = [judge(arena, trial) for trial in run.trials]
        found = books(arena, verdicts)
    faults = [fault for trial in run.trials for fault in trial.faults] + run.around
    return verdicts, faults, found


if __name__ == "__main__":
    main()
