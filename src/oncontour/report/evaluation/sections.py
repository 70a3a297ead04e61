"""Rows of the page's further sections: subgroups, failures, uncertainty; and its sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from oncontour.core.labels import LabelScheme
from oncontour.evaluate.causes import FLUID_SHARE, MUCH, RATIO, SMALL_ML, THICK_MM
from oncontour.evaluate.reliability import calibration_error
from oncontour.evaluate.run import Evaluation
from oncontour.evaluate.statistics.groups import ABOVE
from oncontour.evaluate.statistics.outcome import Test
from oncontour.evaluate.subgroups import LEAST, Subgroups, SubgroupTest
from oncontour.evaluate.uncertainty import RegionUncertainty, Uncertainty
from oncontour.report.evaluation.words import METRICS, between, chance, median_quartiles, number, share
from oncontour.report.page import NOTHING


@dataclass(frozen=True)
class GroupRow:
    """Cases of one value of a column: of each region, n, median [quartiles] of Dice and how many were missed."""

    value: str
    cases: int
    cells: tuple[tuple[int, str, int], ...]


@dataclass(frozen=True)
class TestRow:
    """One test, with its pairs in words."""

    region: str
    metric: str
    test: str
    n: str
    p: str
    adjusted_p: str
    effect: str
    pairs: tuple[str, ...]


@dataclass(frozen=True)
class Column:
    """A column of the table of subgroups."""

    name: str
    rows: tuple[GroupRow, ...]
    tests: tuple[TestRow, ...]


@dataclass(frozen=True)
class SureRow:
    """One region's uncertainty."""

    region: str
    given: int
    covered: str
    limits: str
    level: str
    width: str
    uncovered: str
    dice_n: int
    dice_error: str
    dice_correlation: str
    calibration: str


def columns(found: Subgroups) -> list[Column]:
    """The columns of the table, each with its values and tests."""
    return [
        Column(
            name,
            tuple(
                GroupRow(
                    group.value,
                    len(group.cases),
                    tuple(
                        (one.present["dice"].n, median_quartiles(one.present["dice"], 2), one.missed)
                        for one in group.summaries
                    ),
                )
                for group in found.groups
                if group.column == name
            ),
            tuple(_test_row(test) for test in found.tests if test.column == name),
        )
        for name in found.columns
    ]


def _test_row(one: SubgroupTest) -> TestRow:
    overall = one.found.overall
    sizes = " + ".join(str(size) for size in one.sizes.values())
    pairs = [
        f"{pair.first} and {pair.second}: P {chance(pair.test.p)}, adjusted {chance(pair.adjusted_p)}, "
        f"{_effect(pair.test, pair.first, pair.second)}"
        for pair in one.found.pairs
    ]
    if one.left_out:
        pairs.append(f"not tested, fewer than {LEAST} cases: {', '.join(one.left_out)}")
    metric = METRICS[one.metric][0]
    return TestRow(
        one.region,
        metric,
        overall.name,
        f"{overall.n} ({sizes})",
        chance(overall.p),
        chance(one.adjusted_p),
        _effect(overall, *list(one.sizes)[:2]),
        tuple(pairs),
    )


def _effect(test: Test, first: str, second: str) -> str:
    """The effect with the groups' names in place of A and B; of three groups and more none are named."""
    name = f"P({first} > {second})" if test.effect_name == ABOVE else test.effect_name
    return f"{name} {number(test.effect, 2)}"


def sure_rows(found: Uncertainty) -> list[SureRow]:
    """Uncertainty, a line a region."""
    return [_sure_row(one) for one in found.regions]


def _sure_row(one: RegionUncertainty) -> SureRow:
    held, dice = one.coverage, one.dice
    error = f"{number(dice.mean_error, 3)}, absolute {number(dice.mean_absolute_error, 3)}" if dice.n else NOTHING
    both = f"{number(dice.pearson, 2)} / {number(dice.spearman, 2)}" if isfinite(dice.pearson) else NOTHING
    return SureRow(
        one.region,
        held.given,
        share(held.covered, held.given),
        between(100 * held.low, 100 * held.high, 0),
        f"{100 * one.level:.0f} %" if isfinite(one.level) else NOTHING,
        f"× {number(held.median_width, 2)}" if held.given else NOTHING,
        f"{one.missed} missed, {one.invented} invented",
        dice.n,
        error,
        both,
        NOTHING if one.bins is None else number(calibration_error(one.bins), 3),
    )


def headline(found: Evaluation) -> str:
    """The result in a sentence."""
    if not found.summaries:
        return "No case could be scored."
    one = found.summaries[0]
    present = one.cases - one.ref_empty
    dice = one.present["dice"]
    missed = f"{one.missed} of {present} missed" if one.missed else "none missed"
    return f"{one.region}: Dice {number(dice.mean, 2)} in the mean, {number(dice.median, 2)} in the median; {missed}."


def counts_text(found: Evaluation) -> str:
    """How many cases stand behind the page."""
    scored = len({score.case for score in found.scores})
    parts = [f"{scored} {'case' if scored == 1 else 'cases'} scored in {len(found.summaries)} regions"]
    named = ((found.missing, "without a prediction"), (found.extra, "without a reference"), (found.failed, "failed"))
    parts += [f"{len(names)} {words}" for names, words in named if names]
    return ", ".join(parts)


def conventions(found: Evaluation, scheme: LabelScheme) -> list[str]:
    """What every figure means where implementations differ."""
    measures = found.measures
    penalty = found.summaries[0].penalty_mm if found.summaries else 0
    placed = (
        "Predictions on another grid were brought onto the reference's (nearest neighbour)."
        if measures.placing == "resample"
        else "Prediction and reference lie on one grid; others were refused."
    )
    regions = (f"{one.name} = {' + '.join(_labels(scheme, one.labels))}" for one in scheme.all_regions)
    return [
        f"Scheme {scheme.name}: {'; '.join(regions)}.",
        "Dice, Jaccard, sensitivity and precision: both masks empty 1, one empty 0. A case without a prediction counts "
        "as an empty mask.",
        f"HD95: the larger of the two directed 95th percentiles of surface distances. Both masks empty 0; one empty: "
        f"undefined, and in every mean and median {penalty:g} mm, so that a missed tumour improves none.",
        f"Lesion-wise figures follow the BraTS 2023 rules for {measures.rules}; surface Dice counts what lies within "
        f"{measures.tolerance_mm:g} mm.",
        "Quartiles are interpolated linearly, SD has ddof 1. RVD is (prediction - reference) / reference, in summaries "
        "its absolute value in percent. ICC of volumes: absolute agreement, ICC(2,1), with its 95 % interval.",
        "Missed: Dice 0 where the reference has the region. Invented: found where it has not. Aggregated Dice: of all "
        "voxels of all cases together.",
        placed,
    ]


def _labels(scheme: LabelScheme, names: Sequence[str] | frozenset[str]) -> list[str]:
    return [label.name for label in scheme.labels if label.name in names]


CRITERIA = (
    f"Criteria: mirrored or moved by itself, the prediction gains {MUCH:g} Dice; small: below {SMALL_ML:g} mL; cystic: "
    f"{100 * FLUID_SHARE:.0f} % of the core and more are fluid; multifocal: several lesions of the reference; under- "
    f"and over-segmented: volumes that differ by the factor {RATIO:g}; thick slices: {THICK_MM:g} mm and more. "
    "Nearness to the ventricles is not looked for: no mask tells where they are. Causes are suggestions."
)
