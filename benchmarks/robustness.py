"""A bundle on the real scans as they are, and under conditions that a hospital's scans may be in.

    python benchmarks/robustness.py [--bundle default] [--work runs/robustness] [--write docs/robustness.md]

Every result is kept in the work folder, case by case, for this bundle's weights; the same command goes on where it was
interrupted. glioma-00000 and brats2018-3 and -4 are left out, unless --last-look says that nothing will be chosen any
more. With --write the page is made of the chosen cases and conditions, and its pictures in `images` beside it.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import cache
from pathlib import Path

from conditions.cases import Case, chosen, read_case
from conditions.heat_map import heat_map
from conditions.measure import Result, kept, measure
from conditions.pace import paced
from conditions.page import page
from conditions.table import CONDITIONS, PLAIN
from conditions.worst import worst

from oncontour.drawing.files import png
from oncontour.pipeline.models import Models

DPI = 180
HEAT_MAP, WORST = "robustness.png", "worst.png"


def main() -> None:
    """Measure what is missing, print a line each, write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundle", default="default", help="a shipped bundle's name, or a folder")
    parser.add_argument("--work", type=Path, default=Path("runs/robustness"), metavar="DIR")
    parser.add_argument("--cases", nargs="+", metavar="NAME", help="some of them; default: all")
    parser.add_argument("--conditions", nargs="+", metavar="NAME", help="some of them; as they are is always one")
    parser.add_argument("--last-look", action="store_true", help="those scans too that are kept for the last look")
    parser.add_argument("--write", type=Path, metavar="FILE.md")
    given = parser.parse_args()
    names = [condition.name for condition in CONDITIONS]
    for name in given.conditions or ():
        if name not in names:
            raise SystemExit(f"--conditions: {name!r} is none of {', '.join(names)}")
    models = Models(given.bundle)
    if "WT" not in (region.name for region in models.tumour.scheme.regions):
        raise SystemExit(f"--bundle: {models.tumour.name} finds no whole tumour (WT), which is what the experts drew")
    folder = given.work / f"{models.tumour.name}-{models.record['tumour']['sha256'][:8]}"
    studies = {study.name.partition(" ")[0]: study for study in chosen(given.cases, given.last_look)}

    @cache
    def read(name: str) -> Case:
        return read_case(studies[name])

    wanted = [
        (name, condition)
        for name in studies
        for condition in CONDITIONS
        if not given.conditions or condition.name in given.conditions or condition is PLAIN
    ]
    missing = [(name, condition) for name, condition in wanted if kept(folder, name, condition.name) is None]
    applying = [(name, condition) for name, condition in missing if condition.applies(read(name).study.images)]
    for name, condition in paced(applying, lambda pair: f"{pair[0]} {pair[1].name}"):
        measure(read(name), condition, models, folder)
    if given.write:
        results = [result for name, condition in wanted if (result := kept(folder, name, condition.name))]
        _write(given.write, results, models, read, folder)


def _write(path: Path, results: list[Result], models: Models, read: Callable[[str], Case], folder: Path) -> None:
    images = path.parent / "images"
    images.mkdir(parents=True, exist_ok=True)
    (images / HEAT_MAP).write_bytes(png(heat_map(results), DPI, smallest=True))
    (images / WORST).write_bytes(png(worst(results, read, folder), DPI, smallest=True))
    pictures = (
        (f"images/{HEAT_MAP}", "Dice of each scan (columns) under each condition (rows); colour is the change."),
        (f"images/{WORST}", "The slice in which most differs, of the worst scan of each collection."),
    )
    path.write_text(page(results, models.tumour.name, pictures), "utf-8")


if __name__ == "__main__":
    main()
