"""What each shipped bundle finds in held-out phantoms of its own kinds, region by region, beside `default`.

    python benchmarks/kinds.py [BUNDLE ...] [--cases 10] [--anatomies DIR] [--work runs/kinds]
        [--write docs/held-out-phantoms.md]

A bundle is a shipped name, or NAME=FOLDER. Cases are made at 1 mm, from seeds that no model was trained on, and go
through the whole pipeline; what is in the work folder already is not done again. `default` stands beside each bundle
where it finds a region of the same name. Figures compare the software with itself.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean, median

import numpy as np
from markdown_table import table
from numpy.typing import NDArray
from rich.progress import track

from oncontour.core.grid import Grid
from oncontour.core.labels import SCHEMES
from oncontour.core.overlap import dice
from oncontour.core.sequence import Sequence as Series
from oncontour.core.volume import Volume
from oncontour.data.datasets.dataset import Dataset, DatasetCase
from oncontour.data.datasets.find import read_dataset
from oncontour.data.files import read_json, write_json
from oncontour.data.phantom.cohort import write_cohort
from oncontour.data.phantom.settings import Settings
from oncontour.inference.bundle import shipped_bundles
from oncontour.measure.volume import volume_ml
from oncontour.pipeline.finding import find_tumour
from oncontour.pipeline.models import Models
from oncontour.pipeline.observe import labelled_study
from oncontour.pipeline.options import Options
from oncontour.pipeline.progress import Clock
from oncontour.preprocess.resample import resample

SEED = 900_000
"""Of each cohort's first case; no recipe's seeds come near."""

T2_ALONE = (Series.T1, Series.T1CE, Series.FLAIR)

KINDS: Mapping[str, tuple[Settings, ...]] = {
    "default": (Settings("adult"),),
    "paediatric": (Settings("paediatric"),),
    "postoperative": (Settings("postoperative"),),
    "sequence-masks": (Settings("adc"),),
    "t2-whole": tuple(Settings(kind, without=T2_ALONE) for kind in ("adult", "paediatric", "postoperative")),
}
"""Of each bundle, the cohorts that it is measured on."""

HEAD = """# What the bundles find in held-out phantoms

Each shipped bundle on phantoms of its own kinds ({cases} of each, 1 mm, seeds from {seed} on, which no training had),
through the whole pipeline, beside `default`, the same network trained on the labels WT, TC and ET of adults before
surgery. Dice: median (mean). A region that neither truth nor prediction has is not counted; one that only one of them
has is 0. **These figures compare the software with itself and say nothing clinical**; the only real scans with expert
labels at hand are of adults before surgery ([Results](results.md)).

```
python benchmarks/kinds.py {bundles} --cases {cases}{anatomies} --write docs/held-out-phantoms.md
```
"""


@dataclass(frozen=True)
class Found:
    """What a bundle found in one case.

    Args:
        dice: by region, where truth or prediction has it.
        true_ml, found_ml: by region.
    """

    dice: Mapping[str, float]
    true_ml: Mapping[str, float]
    found_ml: Mapping[str, float]


def cohort_in(work: Path, settings: Settings, seed: int, cases: int, anatomies: Path | None) -> tuple[Path, Dataset]:
    """The folder of what belongs to a cohort, and its cases, which are made where they are not there."""
    place = work / (settings.kind + ("-t2" if settings.without else ""))
    write_cohort(place / "cohort", cases, seed, settings, anatomies, 2, lambda done: None)
    return place, read_dataset(place / "cohort")


def drawn_regions(truth: Volume, grid: Grid, dataset: Dataset) -> Mapping[str, NDArray[np.bool_]]:
    """The true masks of all regions that a cohort's scheme knows, on a grid."""
    reader, label_map = SCHEMES[dataset.scheme], resample(truth, grid, order=0).array
    return {region.name: np.isin(label_map, reader.values(region)) for region in (*reader.regions, *reader.composites)}


def segment(case: DatasetCase, dataset: Dataset, models: Models, kept: Path) -> Found:
    """One case through the pipeline; a result that is there is taken."""
    if kept.exists():
        return Found(**read_json(kept, remedy="Remove it."))
    study, truth = labelled_study(case, dataset)
    found = find_tumour(study, Options(bundle=models.name), models, Clock(case.name), signs=False)
    scheme, masks = found.masks.scheme, found.masks.regions
    drawn = drawn_regions(truth, masks.grid, dataset)
    scores, true_ml, found_ml = {}, {}, {}
    for mask, region, measured in zip(masks.array, scheme.regions, found.measurements, strict=True):
        if region.name not in drawn:
            continue
        reference = drawn[region.name]
        true_ml[region.name] = round(volume_ml(reference, masks.affine), 2)
        found_ml[region.name] = round(measured.volume_ml, 2)
        if reference.any() or mask.any():
            scores[region.name] = round(float(dice(mask, reference)), 4)
    result = Found(scores, true_ml, found_ml)
    kept.parent.mkdir(parents=True, exist_ok=True)
    write_json(kept, asdict(result))
    return result


def rows(bundle: str, folder: str, options: argparse.Namespace, default: Models) -> Iterator[list[str]]:
    """Lines of the table, one a cohort and region."""
    models = Models(folder)
    for settings in KINDS[bundle]:
        name = settings.kind + (" (T2 alone)" if settings.without else "")
        place, dataset = cohort_in(options.work, settings, SEED, options.cases, options.anatomies)
        both = [(bundle, models)] + ([("default", default)] if bundle != "default" else [])
        found = {
            who: [
                segment(case, dataset, model, place / who / f"{case.name}.json")
                for case in track(dataset.labelled, f"{who} on {name}")
            ]
            for who, model in both
        }
        regions = list(dict.fromkeys(region for one in found[bundle] for region in one.true_ml))
        for region in regions:
            own = found[bundle]
            cells = [bundle, name, region, _dice(own, region)]
            cells.append(_dice(found["default"], region) if bundle != "default" else "")
            yield [
                *cells,
                f"{fmean(one.true_ml[region] for one in own):.1f}",
                f"{fmean(one.found_ml[region] for one in own):.1f}",
            ]


def _dice(found: Sequence[Found], region: str) -> str:
    """Median (mean), and of how many cases; empty where nothing has the region's name."""
    values = [one.dice[region] for one in found if region in one.dice]
    return f"{median(values):.3f} ({fmean(values):.3f}), n = {len(values)}" if values else ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    shipped = [name for name in KINDS if name in shipped_bundles()]
    parser.add_argument("bundles", nargs="*", default=shipped, metavar="BUNDLE")
    parser.add_argument("--cases", type=int, default=10)
    parser.add_argument("--anatomies", type=Path)
    parser.add_argument("--work", type=Path, default=Path("runs/kinds"))
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    default = Models("default")
    head = ["bundle", "phantoms", "region", "Dice", "Dice of `default`", "true mL, mean", "found mL, mean"]
    lines = []
    for given in options.bundles:
        bundle, _, folder = given.partition("=")
        lines += list(rows(bundle, folder or bundle, options, default))
    told = {
        "bundles": " ".join(given.partition("=")[0] for given in options.bundles),
        "cases": options.cases,
        "anatomies": f" --anatomies {options.anatomies}" if options.anatomies else "",
        "seed": f"{SEED:,}",
    }
    page = f"{HEAD.format(**told)}\n{table(head, lines)}\n"
    print(page)
    if options.write:
        options.write.write_text(page, "utf-8")


if __name__ == "__main__":
    main()
