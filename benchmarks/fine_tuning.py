"""What four real patients add to `default`: fine-tuned on them, against the same network from scratch on the same four.

    python benchmarks/fine_tuning.py [--work runs/fine-tuning] [--write docs/fine-tuning.md]

Trains on brats2015 2 to 5 (T1CE and FLAIR), by `oncontour plan` and `oncontour train` as a user would, and tests on
brats2015 6 and on glioma-00000, with these two sequences and with all four. What is in the work folder is not done
again; Ctrl-C and the same command go on. Nothing that ships is trained here.
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from conditions.cases import chosen, read_case
from conditions.measure import Result, kept, measure
from conditions.table import PLAIN, SUBSETS
from markdown_table import table
from real_scans import BRATS_2015, DATA

from oncontour.core.sequence import Sequence
from oncontour.pipeline.models import Models
from oncontour.plans.file import load_plan, save_plan

TRAINED_ON = tuple(f"pat000{n}" for n in range(2, 6))
TESTED_ON = ("brats2015-6", "glioma-00000")
FILES = {"t1ce": "T1c_subtrMeanDivStd.nii.gz", "flair": "Flair_subtrMeanDivStd.nii.gz", "mask": "OTMultiClass.nii.gz"}
LABELS = {"scheme": "brats", "labels": {"NCR": [1, 3], "ED": 2, "ET": 4}}
TWO = next(one for one in SUBSETS if set(one.kept) == {Sequence.T1CE, Sequence.FLAIR})

PAGE = """# Four real patients

What does `default`, which saw no tumour patient, gain from four? It was trained further on four patients of BraTS 2015
(T1CE and FLAIR, patients 2 to 5), and the same network was trained on the same four from scratch; both were tested on
patient 6 and on one of BraTS 2023, of another hospital. Two patients prove nothing: they show how far off one is.

```
oncontour plan  cases.csv --from default --epochs 6 --steps-per-epoch 50 --out plan.yaml
oncontour train cases.csv --from default --plan plan.yaml --fold none --out tuned
python benchmarks/fine_tuning.py --write docs/fine-tuning.md
```

Same plan for all (tiles, augmentation, sequences dropped, thresholds of `default`), but for steps and learning rate.
**None of these models ships**, and their scans chose nothing of what does.

"""


@dataclass(frozen=True)
class Arm:
    """A way to come to a model.

    Args:
        title: in the table.
        epochs: of 50 steps; 0: `default` as it ships.
        learning_rate: at the beginning.
        tuned: begins with the weights of `default`.
    """

    title: str
    epochs: int
    learning_rate: float = 0.0
    tuned: bool = False


ARMS: Mapping[str, Arm] = {
    "default": Arm("`default` as it ships", 0),
    "tuned": Arm("`default`, then the four: 300 steps", 6, 0.0005, tuned=True),
    "scratch": Arm("the four alone: 300 steps", 6, 0.002),
    "scratch-long": Arm("the four alone: 1500 steps", 30, 0.002),
}


def write_cases(folder: Path) -> Path:
    """The table of the four patients, and what their masks' values mean."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "labels.json").write_text(json.dumps(LABELS), "utf-8")
    with (folder / "cases.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["case", "patient", *FILES])
        for patient in TRAINED_ON:
            rows.writerow(
                [patient, patient, *(DATA / "brats2015-t1ce-flair" / patient / one for one in FILES.values())]
            )
    return folder / "cases.csv"


def oncontour(*arguments: object) -> None:
    """Run the program; what fails ends this one.

    Raises:
        SystemExit: with its exit code.
    """
    done = subprocess.run([sys.executable, "-m", "oncontour", *map(str, arguments)], check=False)
    if done.returncode:
        raise SystemExit(done.returncode)


def trained(name: str, arm: Arm, cases: Path, work: Path) -> str:
    """The bundle of an arm."""
    if not arm.epochs:
        return name
    folder = work / name
    bundle, plan = folder / "bundle", folder / "plan.yaml"
    if not (bundle / "provenance.json").exists():
        folder.mkdir(parents=True, exist_ok=True)
        oncontour("plan", cases, "--from", "default", "--epochs", arm.epochs, "--steps-per-epoch", 50, "--out", plan)
        wanted = load_plan(plan).model_dump(mode="json")
        wanted["training"]["optimiser"]["learning_rate"] = arm.learning_rate
        save_plan(type(load_plan(plan)).model_validate(wanted), plan)
        begin = ("--from", "default") if arm.tuned else ()
        oncontour("train", cases, *begin, "--plan", plan, "--fold", "none", "--work", folder / "work", "--out", bundle,
                  "--resume")  # fmt: skip
    return str(bundle)


def scores(bundle: str, folder: Path) -> list[Result]:
    """What a bundle finds in the patients of the test."""
    models, found = Models(bundle), []
    for real in chosen(list(TESTED_ON), last_look=True):
        case = read_case(real)
        conditions = (TWO, PLAIN) if TWO.applies(case.study.images) else (PLAIN,)
        found += [kept(folder, case.name, one.name) or measure(case, one, models, folder) for one in conditions]
    return found


def page(results: Mapping[str, list[Result]]) -> str:
    """The page in Markdown."""
    first = next(iter(results.values()))
    names = [f"{one.case}{', T1CE and FLAIR' if one.condition == TWO.name else ''}" for one in first]
    rows = [
        [ARMS[name].title, *(" / ".join(f"{one.dice[region]:.3f}" for region in BRATS_2015) for one in found)]
        for name, found in results.items()
    ]
    return f"{PAGE}Dice of {', '.join(BRATS_2015)}:\n\n{table(['model', *names], rows)}\n"


def main() -> None:
    """Train, score, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, default=Path("runs/fine-tuning"), metavar="DIR")
    parser.add_argument("--write", type=Path, metavar="FILE.md")
    given = parser.parse_args()
    cases = write_cases(given.work)
    results = {
        name: scores(trained(name, arm, cases, given.work), given.work / name / "scores") for name, arm in ARMS.items()
    }
    text = page(results)
    print(text)
    if given.write:
        given.write.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
