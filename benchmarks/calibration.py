"""How well intervals and predicted Dice hold: learned on one half of a phantom cohort, held against the other.

    .venv/bin/python benchmarks/calibration.py [--bundle default] [--cases 40] [--work runs/calibration] [--write]

Makes twice as many phantom cases as asked for (`oncontour phantom`, half of them lacking sequences, of seeds that no
model was trained on), predicts all of them and the real scans of ../shared/data that experts drew on, learns a
calibration from the first half, and tables and draws how it does on the second half and on the real scans. What is in
the work folder already is not done again. The bundle is not changed: `oncontour bundle calibrate BUNDLE WORK/learned`
does that, with the same cases.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from calibration_page import page
from calibration_picture import picture
from calibration_scores import Case, scored
from real_scans import BRATS_2015, BRATS_2023, DATA, LAST_LOOK, STUDIES, WHOLE_ONLY, RealStudy
from rich.progress import track

from oncontour.data.datasets import labels
from oncontour.data.datasets.dataset import Dataset, DatasetCase, ImageFile
from oncontour.data.datasets.find import read_dataset
from oncontour.data.datasets.found import images_of
from oncontour.data.layouts import find_nifti_cases
from oncontour.data.phantom.cohort import write_cohort
from oncontour.data.phantom.settings import Settings
from oncontour.pipeline.calibrate import learn
from oncontour.pipeline.models import Models
from oncontour.pipeline.observe import ObservedCase, observe

SEEDS = {"learned": 700_000, "tested": 800_000}
"""Of the first case of each half; the shipped models were trained on seeds from 10,000 to 10,799."""
SETTINGS = Settings(kind="adult", drop_rate=0.5)
CONVENTIONS = (
    (BRATS_2023, labels.BRATS_2023),
    (BRATS_2015, labels.BRATS_2015),
    (WHOLE_ONLY, labels.Convention("an expert's whole tumour", "brats", {1: "ED"})),
)
"""What the values of masks mean, by the regions that they tell; of a whole tumour only WT is scored."""

DOCS = Path(__file__).parents[1] / "docs"


def cohort(work: Path, half: str, count: int, anatomies: Path | None, workers: int) -> Dataset:
    """One half of the phantom cohort; cases already there are kept."""
    folder = work / half
    write_cohort(folder, count, SEEDS[half], SETTINGS, anatomies, workers, lambda done: print(f"{half}: {done} made"))
    return read_dataset(folder)


def predicted(dataset: Dataset, models: Models, work: Path, what: str) -> list[ObservedCase]:
    """Every labelled case of a data set, predicted; prints those that fail."""
    found = []
    for case in track(dataset.labelled, f"Predicting: {what}"):
        observed, failed = observe([case], dataset, models, work)
        found += observed
        for error in failed:
            print(error)
    return found


def real_dataset(study: RealStudy) -> Dataset:
    """One real study as a data set of one case."""
    folder = DATA / study.path
    assert study.mask is not None, "an expert drew on it"
    convention = next(convention for regions, convention in CONVENTIONS if regions == study.regions)
    case = DatasetCase(study.name, study.name, images_of(find_nifti_cases(folder)[0]), ImageFile(folder / study.mask))
    return Dataset(study.name, "brats", (case,), folder, conventions=(convention,))


def real_cases(models: Models, work: Path, last_look: bool) -> list[ObservedCase]:
    """The real scans with experts' masks, each with the regions that its mask tells."""
    found = []
    for study in STUDIES:
        if study.mask is None or (study.name in LAST_LOOK and not last_look):
            continue
        for case in predicted(real_dataset(study), models, work, study.name):
            regions = {name: case.regions[name] for name in study.regions}
            found.append(ObservedCase(case.name, case.sequences, regions))
    return found


def main() -> None:
    """Make, predict, learn, compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bundle", default="default")
    parser.add_argument("--cases", type=int, default=40, help="phantom cases in each half")
    parser.add_argument("--work", type=Path, default=Path("runs/calibration"))
    parser.add_argument("--anatomies", type=Path, help="label maps for phantoms; default: the MNI152 brain alone")
    parser.add_argument("--workers", type=int, default=1, help="processes that make phantoms")
    parser.add_argument("--last-look", action="store_true", help=f"also {', '.join(sorted(LAST_LOOK))}")
    parser.add_argument("--write", action="store_true", help="docs/calibration.md and its picture")
    arguments = parser.parse_args()
    models = Models(arguments.bundle)
    kept = arguments.work / "observed" / models.tumour.name
    halves = {}
    for half in SEEDS:
        dataset = cohort(arguments.work, half, arguments.cases, arguments.anatomies, arguments.workers)
        halves[half] = dataset, predicted(dataset, models, kept / half, half)
    dataset, learned = halves["learned"]
    calibration = learn(learned, dataset)
    groups: dict[str, list[Case]] = {
        "phantoms": scored(halves["tested"][1], calibration),
        "real scans": scored(real_cases(models, kept / "real", arguments.last_look), calibration),
    }
    text = page(groups, calibration, models.tumour.name)
    print(text)
    drawing = picture(groups, models.tumour.scheme)
    place = DOCS if arguments.write else arguments.work
    (place / "images").mkdir(exist_ok=True)
    (place / "images" / "calibration.png").write_bytes(drawing)
    (place / "calibration.md").write_text(text, "utf-8")


if __name__ == "__main__":
    main()
