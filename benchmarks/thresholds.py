"""Which thresholds, and whether the guided filter, give a bundle the best masks of phantoms of its own kinds.

    python benchmarks/thresholds.py BUNDLE [--kinds NAME] [--cases 8] [--anatomies DIR] [--work runs/thresholds]

BUNDLE is a shipped name or a folder, NAME the shipped bundle whose kinds of phantoms to take. The cases are other ones
than those of `kinds.py`, so that what is chosen here can be judged there. Mean Dice of each region at each threshold;
islands, holes and nesting as the bundle has them.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from statistics import fmean

import numpy as np
from kinds import KINDS
from markdown_table import table
from rich.progress import track

from oncontour.core.labels import SCHEMES
from oncontour.core.overlap import dice
from oncontour.data.datasets.find import read_dataset
from oncontour.data.phantom.cohort import write_cohort
from oncontour.pipeline.finding import find_tumour
from oncontour.pipeline.masks import native_masks
from oncontour.pipeline.models import Models
from oncontour.pipeline.observe import labelled_study
from oncontour.pipeline.options import Options
from oncontour.pipeline.progress import Clock
from oncontour.plans.plan import GuidedPlan
from oncontour.preprocess.resample import resample

SEED = 800_000

THRESHOLDS = (0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5)

GUIDED = {"plain": None, "guided": GuidedPlan(radius_mm=5.0, contrast=0.15)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle")
    parser.add_argument("--kinds")
    parser.add_argument("--cases", type=int, default=8)
    parser.add_argument("--anatomies", type=Path)
    parser.add_argument("--work", type=Path, default=Path("runs/thresholds"))
    options = parser.parse_args()
    models = Models(options.bundle)
    bundle = models.tumour
    found: dict[tuple[str, str], dict[float, list[float]]] = {}
    for settings in KINDS[options.kinds or bundle.name]:
        place = options.work / (settings.kind + ("-t2" if settings.without else ""))
        write_cohort(place, options.cases, SEED, settings, options.anatomies, 2, lambda done: None)
        dataset = read_dataset(place)
        reader = SCHEMES[dataset.scheme]
        drawn = {region.name: region for region in (*reader.regions, *reader.composites)}
        for case in track(dataset.labelled, settings.kind):
            study, truth = labelled_study(case, dataset)
            first = find_tumour(study, Options(bundle=models.name), models, Clock(case.name), signs=False)
            label_map = resample(truth, first.masks.regions.grid, order=0).array
            for name, guided in GUIDED.items():
                for threshold in THRESHOLDS:
                    rules = bundle.plan.postprocess.model_copy(update={"guided": guided, "threshold": threshold})
                    other = replace(bundle, plan=bundle.plan.model_copy(update={"postprocess": rules}))
                    masks = native_masks(first.probabilities, first.prepared, other)
                    for mask, region in zip(masks.regions.array, masks.scheme.regions, strict=True):
                        if region.name in drawn:
                            reference = np.isin(label_map, reader.values(drawn[region.name]))
                            if mask.any() or reference.any():
                                scores = found.setdefault((region.name, name), {})
                                scores.setdefault(threshold, []).append(float(dice(mask, reference)))
    head = ["region", "", *(f"{threshold:g}" for threshold in THRESHOLDS)]
    lines = [
        [region, name, *(f"{fmean(scores[threshold]):.3f}" for threshold in THRESHOLDS)]
        for (region, name), scores in found.items()
    ]
    print(table(head, lines))


if __name__ == "__main__":
    main()
