"""Which thresholds, and whether the guided filter, give a bundle the best masks of phantoms of its own kinds.

    python benchmarks/thresholds.py BUNDLE [--kinds NAME] [--cases 8] [--anatomies DIR] [--work runs/thresholds]

BUNDLE is a shipped name or a folder, NAME the shipped bundle whose kinds of phantoms to take. The cases are other ones
than those of `kinds.py`, so that what is chosen here can be judged there. Mean Dice of each region at each threshold;
islands, holes and nesting as the bundle has them.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from itertools import product
from pathlib import Path
from statistics import fmean

from kinds import KINDS, cohort_in, drawn_regions
from markdown_table import table
from rich.progress import track

from oncontour.core.overlap import dice
from oncontour.pipeline.finding import find_tumour
from oncontour.pipeline.masks import native_masks
from oncontour.pipeline.models import Models
from oncontour.pipeline.observe import labelled_study
from oncontour.pipeline.options import Options
from oncontour.pipeline.progress import Clock
from oncontour.plans.plan import GuidedPlan

SEED = 800_000

THRESHOLDS = (0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5)

GUIDED = {"plain": None, "guided": GuidedPlan()}


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
        _, dataset = cohort_in(options.work, settings, SEED, options.cases, options.anatomies)
        for case in track(dataset.labelled, settings.kind):
            study, truth = labelled_study(case, dataset)
            first = find_tumour(study, Options(bundle=models.name), models, Clock(case.name), signs=False)
            drawn = drawn_regions(truth, first.masks.regions.grid, dataset)
            for (name, guided), threshold in product(GUIDED.items(), THRESHOLDS):
                rules = bundle.plan.postprocess.model_copy(update={"guided": guided, "threshold": threshold})
                other = replace(bundle, plan=bundle.plan.model_copy(update={"postprocess": rules}))
                masks = native_masks(first.probabilities, first.prepared, other)
                for mask, region in zip(masks.regions.array, masks.scheme.regions, strict=True):
                    reference = drawn.get(region.name)
                    if reference is not None and (mask.any() or reference.any()):
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
