"""What a node's looks at its ledger take when it has held many studies.

    python benchmarks/ledger_scale.py [--cases 100 1000 10000] [--write docs/many-studies.md]

PostgreSQL (Debian's package, on 127.0.0.1) is filled with cases of 900 images and 450 objects each, as whole heads
leave them; then each thing that nodes do all the time is done some times, and its median seconds are told.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

from faults.database import Postgres
from markdown_table import table
from sqlalchemy import Engine, text

from oncontour.node.desk import find_case
from oncontour.node.ledger.base import open_base
from oncontour.node.ledger.case import State
from oncontour.node.ledger.cases import cases_since, claim, list_cases, make_case, move, standings
from oncontour.node.ledger.deliveries import cases_of, note_there, plan_deliveries, undelivered
from oncontour.node.watch.metrics import metrics_text

IMAGES, OBJECTS = 900, 450
ROUNDS = 5
STAGES = {"reading": 2.0, "registration": 6.0, "segmentation": 4.0, "writing": 9.0}
RAW = Path(__file__).parent / "results" / "ledger-scale.json"
PLAN = Path(__file__).with_name("many_studies.md")

STUDY_S, STUDY_MB = 76.2, 157
"""From a study's last image to its delivery (median), and what lies on the disk for it: docs/node-soak.md."""

WRITTEN = "all that is written of one study"
NODES = (1, 10, 30, 100)
PLAN_NODES = 30
DAY_S, MILLION = 86_400, 1_000_000


def main() -> None:
    """Fill, time, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, nargs="+", default=(100, 1_000, 10_000))
    parser.add_argument("--write", type=Path, metavar="MD", help="page to write; figures go to benchmarks/results")
    given = parser.parse_args()
    counts, found, sizes = sorted(given.cases), {}, {}
    with TemporaryDirectory(prefix="oncontour-ledger-") as name:
        Path(name).chmod(0o755)
        server = Postgres(Path(name))
        try:
            base, done = open_base(server.url), 0
            for count in counts:
                fill(base, done, count)
                done = count
                found[count] = {what: timed(work) for what, work in looks(base, Path(name), count).items()}
                sizes[count] = size_mb(base)
                print(count, sizes[count], found[count], flush=True)
            base.dispose()
        finally:
            server.stop()
    page = written(counts, found, sizes)
    print(page)
    if given.write:
        given.write.write_text(page, "utf-8")
        RAW.write_text(json.dumps({"seconds": found, "mb": sizes}, indent=2) + "\n", "utf-8")


def fill(base: Engine, first: int, end: int) -> None:
    """Delivered cases with these numbers."""
    for number in range(first, end):
        pass_through(base, f"{number:032x}")
    with base.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))


def pass_through(base: Engine, study: str) -> None:
    """All that is written of a study from its last image to its delivery."""
    images = [f"{study[-8:]}{number:024x}.dcm" for number in range(IMAGES)]
    case = make_case(base, "a", study, 1, images, sender="MR", complete_by="count", first_at=0.0, last_at=1.0)
    assert case is not None, "each study is new"
    objects = {f"1.2.826.0.1.{int(study, 16)}.{number}": f"overlay/{number:04d}.dcm" for number in range(OBJECTS)}
    held = claim(base, "a", case.case)
    move(base, "a", held, State.WORKING)
    move(base, "a", held, State.DELIVERING, result={"seconds": STAGES, "objects": objects})
    plan_deliveries(base, case.case, objects, ["pacs"])
    note_there(base, case.case, "pacs", list(objects))
    move(base, "a", held, State.DELIVERED)


def looks(base: Engine, place: Path, count: int) -> Mapping[str, Callable[[int], object]]:
    """What nodes and people do, by what the page calls it."""
    fresh = [f"1.3.{number}" for number in range(IMAGES)]
    middle = f"{count // 2:032x}"
    on_disk = [f"{number:032x}" for number in range(max(count - 100, 0), count)]
    return {
        WRITTEN: lambda n: pass_through(base, f"{count:016x}{n:016x}"),
        "is there work?": lambda _: list_cases(base, [State.COMPLETE]),
        "are a study's 900 images results of ours?": lambda _: cases_of(base, fresh),
        "do peers lag behind?": lambda _: undelivered(base, 3600.0),
        "what may be removed of 100 studies on disk?": lambda _: standings(base, on_disk),
        "metrics": lambda _: metrics_text(base, place),
        "`node status`, the page's list": lambda _: cases_since(base, 4e9),
        "one case by its name": lambda _: find_case(base, middle),
    }


def timed(work: Callable[[int], object]) -> float:
    """Median seconds; the first is not counted."""
    took = []
    for number in range(1 + ROUNDS):
        began = perf_counter()
        work(number)
        took.append(perf_counter() - began)
    return median(took[1:])


def size_mb(base: Engine) -> float:
    """Of the data base on disk."""
    with base.connect() as connection:
        return connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one() / 1e6


def written(counts: Sequence[int], found: Mapping[int, Mapping[str, float]], sizes: Mapping[int, float]) -> str:
    """The page."""
    rows = [[what, *(f"{1000 * found[count][what]:.1f}" for count in counts)] for what in next(iter(found.values()))]
    rows.append(["data base, MB", *(f"{sizes[count]:.0f}" for count in counts)])
    head = ["milliseconds", *(f"{count:,} studies" for count in counts)]
    per_study = (sizes[counts[-1]] - sizes[counts[0]]) / (counts[-1] - counts[0]) * 1000
    written_s = found[counts[-1]][WRITTEN]
    return PLAN.read_text("utf-8").format(
        rows=table(head, rows, numbers=True), per_study_kb=per_study, million_gb=per_study, images=IMAGES,
        objects=OBJECTS, study_s=STUDY_S, study_mb=STUDY_MB, written_ms=1000 * written_s, most=counts[-1],
        nodes="\n".join(_of_nodes(nodes, written_s) for nodes in NODES), busiest=STUDY_S / written_s,
        plan_nodes=PLAN_NODES, week_tb=7 * PLAN_NODES * DAY_S / STUDY_S * STUDY_MB / 1e6,
    )  # fmt: skip


def _of_nodes(nodes: int, written_s: float) -> str:
    """A row of the plan."""
    a_day = nodes * DAY_S / STUDY_S
    return f"| {nodes} | {a_day:,.0f} | {MILLION / a_day:,.0f} | {nodes * written_s / STUDY_S:.1%} |"


if __name__ == "__main__":
    main()
