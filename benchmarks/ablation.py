"""What each ingredient of the synthetic cases gives on real scans: a training with it, and one without it.

    python benchmarks/ablation.py recipes/default.yaml --anatomies DIR [--only NAME ...] [--work runs/ablation]
        [--write docs/ablation.md]

A small network is first trained on bare cases. Then it is trained further, from the same weights: on bare cases again,
on cases with one ingredient, with another, and with all. One training after the other, each by `oncontour train`;
Ctrl-C and the same command go on, days later too. A training's cases are removed when its bundle is made. Scores are of
the real scans that are not kept for the last look, and of the healthy volunteer. With --write the page is made of what
is done.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

from conditions.cases import chosen, read_case
from conditions.measure import Result, kept, measure
from conditions.pace import paced
from conditions.table import PLAIN
from ingredients.page import page
from ingredients.variations import BARE, EVERY, NOTHING, Budget, Variation, variations, varied, write_recipe

from oncontour.pipeline.models import Models
from oncontour.plans.file import load_plan


def train(recipe: Path, folder: Path, anatomies: Path | None, device: str, start: Path | None) -> Path:
    """The bundle of a recipe, by the program's own command; a training that was begun goes on.

    Raises:
        SystemExit: it failed, or was interrupted; with its exit code.
    """
    bundle, work = folder / "bundle", folder / "training"
    if not (bundle / "provenance.json").exists():
        command = ["train", "--plan", recipe, "--fold", "none", "--work", work, "--out", bundle, "--resume"]
        command += ["--device", device, *(("--anatomies", anatomies) if anatomies else ())]
        command += ["--from", start] if start else []
        done = subprocess.run([sys.executable, "-m", "oncontour", *map(str, command)], check=False)
        if done.returncode:
            raise SystemExit(done.returncode)
    shutil.rmtree(work / "prepared", ignore_errors=True)
    return bundle


def score(bundle: Path, folder: Path, names: list[str] | None) -> list[Result]:
    """What a bundle finds in the real scans as they are."""
    models = Models(str(bundle))
    results = []
    for study in chosen(names):
        name = study.name.partition(" ")[0]
        results.append(kept(folder, name, PLAIN.name) or measure(read_case(study), PLAIN, models, folder))
    return results


def done(folder: Path, names: list[str] | None) -> list[Result]:
    """The scores that are there, where all are."""
    found = [kept(folder, study.name.partition(" ")[0], PLAIN.name) for study in chosen(names)]
    return [result for result in found if result] if all(found) else []


def main() -> None:
    """Train and score what is missing, write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--only", nargs="+", default=EVERY, metavar="NAME", help="ingredients; default: all")
    parser.add_argument("--base-steps", type=int, default=2000, help="of the training on bare cases")
    parser.add_argument("--base-cases", type=int, default=200, metavar="N")
    parser.add_argument("--steps", type=int, default=500, help="of each training from there")
    parser.add_argument("--cases", type=int, default=100, metavar="N")
    parser.add_argument("--features", type=int, nargs="+", default=[16, 32, 64, 96], help="channels of each stage")
    parser.add_argument("--anatomies", type=Path)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--scans", nargs="+", metavar="NAME", help="real scans to score; default: all")
    parser.add_argument("--work", type=Path, default=Path("runs/ablation"), metavar="DIR")
    parser.add_argument("--write", type=Path, metavar="FILE.md")
    given = parser.parse_args()
    recipe = load_plan(given.recipe)
    assert recipe.synthetic is not None, "a recipe makes its own cases"
    base, further = Budget(given.base_steps, given.base_cases), Budget(given.steps, given.cases)
    first = recipe.synthetic.seed

    def prepared(variation: Variation, budget: Budget, seed: int) -> Path:
        plan = varied(recipe, variation, budget, given.features, seed)
        return write_recipe(plan, given.work / variation.name)

    def scored(variation: Variation) -> Path:
        return given.work / variation.name / "scores"

    every = variations(given.only)
    bare = Variation(BARE)
    start = train(prepared(bare, base, first), given.work / BARE, given.anatomies, given.device, None)
    missing = [one for one in every if not done(scored(one), given.scans)]
    for one in paced(missing, lambda variation: variation.name):
        own = prepared(one, further, first + base.cases)
        bundle = train(own, given.work / one.name, given.anatomies, given.device, start)
        score(bundle, scored(one), given.scans)
    if given.write:
        results = {one.name: found for one in every if (found := done(scored(one), given.scans))}
        if NOTHING in results:
            given.write.write_text(page(results, given.recipe, base, further, given.features), "utf-8")


if __name__ == "__main__":
    main()
