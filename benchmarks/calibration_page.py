"""docs/calibration.md: tables of how intervals and predicted Dice hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from calibration_scores import Case, dice_pairs
from markdown_table import table

from oncontour.evaluate.reliability import calibration_error, reliability
from oncontour.evaluate.uncertainty import coverage, dice_prediction
from oncontour.inference.calibration import Calibration

HEAD = """# How sure is it?

A report gives each region a 95 % interval of its volume and a predicted Dice. Both were learned on synthetic cases,
from how far the model was off there. This page shows how they do on cases that they were not learned on. **Synthetic
cases compare the software with itself.** The real scans are few, and most lack sequences; they show whether the
intervals carry over, no more.

```
.venv/bin/python benchmarks/calibration.py --write
```

![Reliability of probabilities, predicted and true Dice, intervals of volumes, by region](images/calibration.png)

*Top: share of voxels that are tumour, by the probability that they were given; on the line, probabilities mean what
they say. Middle: predicted against true Dice, a point a case. Bottom: true volume as a share of the predicted one, a
bar a case from the interval's low to its high end, sorted by volume; crosses lie outside.*

"""

INTERVALS = """
Given: cases where both prediction and truth are not empty. Width: high end over low end. Not covered by any interval:
tumours that were missed, and regions found that are not there."""

DICE = """
Mean error: mean of |predicted - true|. The last two columns are Spearman's correlation of one sign alone with the true
Dice: what [a prediction is made of](models.md#calibration)."""

PROBABILITIES = """
Calibration error: mean |share that is tumour - probability| over voxels of probability 0.1 and more."""

LEARNED = """
Error of the volume: log(predicted / true), as a share of the largest that the predicted Dice allows, mean ± SD."""


def page(groups: Mapping[str, Sequence[Case]], calibration: Calibration, bundle: str) -> str:
    """The page in Markdown.

    Args:
        groups: cases by what they are.
        calibration: learned on other cases.
        bundle: its name.
    """
    seeds = f", seeds {calibration.seeds[0]} to {calibration.seeds[1]}" if calibration.seeds else ""
    learned = f"learned on {calibration.cases} {calibration.cohort}{seeds}"
    real = [_row(case) for case in groups.get("real scans", ())]
    parts = [
        f"{HEAD}Bundle `{bundle}`, version {calibration.oncontour}; {learned}.",
        "\n## Intervals of volumes\n",
        _table("cases | region | given | cover the truth | median width | not covered", _intervals(groups)),
        INTERVALS,
        "\n## Predicted Dice\n",
        _table("cases | region | n | mean error | Pearson | Spearman | expected Dice | agreement", _dice(groups)),
        DICE,
        "\n## Probabilities\n",
        _table("cases | region | voxels | calibration error", _probabilities(groups)),
        PROBABILITIES,
        "\n## What was learned\n",
        _table("region | error of the volume | predicted Dice", _learned(calibration)),
        LEARNED,
        "\n## Real scans, case by case\n",
        _table("scan | sequences | region | predicted mL | interval | true mL | predicted Dice | true Dice", real),
    ]
    return "\n".join(parts) + "\n"


def _regions(groups: Mapping[str, Sequence[Case]]) -> list[tuple[str, str, list[Case]]]:
    return [
        (name, region, [case for case in cases if case.region == region])
        for name, cases in groups.items()
        for region in dict.fromkeys(case.region for case in cases)
    ]


def _intervals(groups: Mapping[str, Sequence[Case]]) -> list[tuple[str, ...]]:
    rows = []
    for name, region, cases in _regions(groups):
        given = [(interval, case.observed.reference_ml) for case in cases if (interval := case.interval)]
        held = coverage([(interval.low, interval.high) for interval, _ in given], [truth for _, truth in given])
        missed = sum(case.observed.reference_ml > 0 and not case.observed.volume_ml for case in cases)
        invented = sum(case.observed.volume_ml > 0 and not case.observed.reference_ml for case in cases)
        share = f"{held.covered} ({held.share:.0%})" if given else "-"
        width = f"x {held.median_width:.2f}" if given else "-"
        rows.append((name, region, str(held.given), share, width, f"{missed} missed, {invented} not there"))
    return rows


def _dice(groups: Mapping[str, Sequence[Case]]) -> list[tuple[str, ...]]:
    rows = []
    for name, region, cases in _regions(groups):
        predicted, true, expected, agreement = dice_pairs(cases).T
        found = dice_prediction(predicted, true)
        alone = [dice_prediction(sign, true).spearman for sign in (expected, agreement)]
        error = f"{found.mean_absolute_error:.3f}" if found.n else "-"
        shown = [_correlation(r) for r in (found.pearson, found.spearman, *alone)]
        rows.append((name, region, str(found.n), error, *shown))
    return rows


def _correlation(r: float) -> str:
    return "-" if np.isnan(r) else f"{r:.2f}"


def _probabilities(groups: Mapping[str, Sequence[Case]]) -> list[tuple[str, ...]]:
    rows = []
    for name, region, cases in _regions(groups):
        bins = reliability(case.observed.bins for case in cases)
        rows.append((name, region, f"{bins[1:, 0].sum():,.0f}", f"{calibration_error(bins):.3f}"))
    return rows


def _learned(calibration: Calibration) -> list[tuple[str, ...]]:
    rows = []
    for name, region in calibration.regions.items():
        volume, dice = region.scaled, region.dice
        terms = "-"
        if dice:
            weights = (
                ("expected", dice.expected),
                ("agreement", dice.agreement),
                ("log mL", dice.volume),
                ("T1CE", dice.contrast),
            )
            terms = f"{dice.intercept:+.2f} " + " ".join(f"{value:+.2f} {sign}" for sign, value in weights)
            terms += f" (logits; n {dice.cases}, error {dice.error:.3f})"
        errors = f"{volume.bias:+.2f} ± {volume.spread:.2f} (n {volume.cases})" if volume else "-"
        rows.append((name, errors, terms))
    return rows


def _row(case: Case) -> tuple[str, ...]:
    sure, one = case.certainty, case.observed
    interval = f"{sure.interval.low:.1f} to {sure.interval.high:.1f}" if sure and sure.interval else "-"
    if case.interval and not case.covered:
        interval = f"**{interval}**"
    dice = f"{case.predicted:.2f}" if case.predicted is not None else "-"
    volumes = f"{one.volume_ml:.1f}", interval, f"{one.reference_ml:.1f}"
    return (case.case, case.sequences, case.region, *volumes, dice, f"{one.dice:.2f}")


def _table(heads: str, rows: Sequence[Sequence[str]]) -> str:
    return table(heads.split(" | "), rows)
