"""The page of what each ingredient gave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean, stdev

from conditions.measure import Result
from conditions.page import REGIONS
from markdown_table import table

from ingredients.variations import ALL, NOTHING, RESEEDED, Budget

Results = Mapping[str, Sequence[Result]]
"""Of each variation, every case as it is."""

HEAD = """# What each ingredient of the synthetic cases gives

A small network ({features} channels) was trained for {base.steps} steps on {base.cases} bare synthetic cases: those of
the recipe `{recipe}` without any ingredient. From these weights it was trained {further.steps} steps further, on
{further.cases} other cases: bare ones again, or with one ingredient, or with all. Each was then run on real scans that
an expert marked, and on a healthy volunteer. But for its ingredients a case is the same voxel by voxel.

```
python benchmarks/ablation.py {recipe} --anatomies DIR --write docs/ablation.md
```

The threshold is 0.5, and no voxel need be surer: the recipe's own were chosen for another network. The figures are of
these small networks; what ships is larger and was trained for longer.

"Gave" is Dice with the ingredient less Dice after as many steps without, case by case: mean ± SD over cases, and in how
many of them it is above 0. The first row is chance: nothing new, but other random numbers. What is not larger than that
is not shown to matter; with so few scans, much that matters a little cannot be shown. Ingredients of things that these
scans do not have (calcifications, motion) cannot give anything here.
"""


def page(results: Results, recipe: Path, base: Budget, further: Budget, features: Sequence[int]) -> str:
    """The page in Markdown."""
    regions = [name for name in REGIONS if any(name in one.dice for one in results[NOTHING])]
    channels = ", ".join(map(str, features))
    head = HEAD.format(recipe=f"recipes/{recipe.name}", base=base, further=further, features=channels)
    verdict = _verdict(results, regions)
    return f"{head}\n{_gains(results, regions)}\n\n{verdict}\n\n## Dice itself\n\n{_scores(results, regions)}\n"


def _differences(results: Results, name: str, region: str) -> list[float]:
    """Dice with a variation less Dice without, of each scan."""
    bare = {one.case: one.dice for one in results[NOTHING]}
    return [
        one.dice[region] - bare[one.case][region]
        for one in results[name]
        if region in one.dice and region in bare[one.case]
    ]


def _verdict(results: Results, regions: Sequence[str]) -> str:
    """What is larger than chance, in words."""
    ingredients = [name for name in results if name not in (NOTHING, RESEEDED, ALL)]
    means = {
        (name, region): fmean(_differences(results, name, region))
        for name in (RESEEDED, *ingredients)
        for region in regions
    }

    def beyond(sign: int) -> str:
        found = [
            f"{name} ({region} {means[name, region]:+.3f})"
            for name in ingredients
            for region in regions
            if sign * means[name, region] > abs(means[RESEEDED, region])
        ]
        return ", ".join(found) or "none"

    bare, chance = (_false(results[name]) for name in (NOTHING, RESEEDED))
    spared = {name: bare - _false(results[name]) for name in ingredients}
    fewer = [f"{name} {spared[name]:.1f}" for name in ingredients if spared[name] > abs(chance - bare)]
    return (
        f"**More than chance**, by the means of the table. Dice rose: {beyond(1)}. Dice fell: {beyond(-1)}. Fewer "
        f"false mL in the volunteer than by chance ({abs(chance - bare):.1f}): {', '.join(fewer) or 'none'}."
    )


def _gains(results: Results, regions: Sequence[str]) -> str:
    head = ["with", *(f"{region} gave" for region in regions), "false mL in the volunteer, without and with"]
    rows = []
    for name, some in results.items():
        if name == NOTHING:
            continue
        cells = ["nothing, another seed" if name == RESEEDED else name]
        cells += [_gain(_differences(results, name, region)) for region in regions]
        false = [f"{_false(found):.1f}" for found in (results[NOTHING], some) if _healthy(found)]
        rows.append([*cells, " → ".join(false)])
    return table(head, rows)


def _gain(gains: Sequence[float]) -> str:
    """Mean ± SD of differences, and how many are above 0.

    >>> _gain([0.1, 0.3])
    '+0.200 ± 0.141 (2 of 2)'
    """
    if not gains:
        return ""
    spread = f" ± {stdev(gains):.3f}" if len(gains) > 1 else ""
    return f"{fmean(gains):+.3f}{spread} ({sum(gain > 0 for gain in gains)} of {len(gains)})"


def _healthy(some: Sequence[Result]) -> list[Result]:
    """Results of scans in which there is nothing to find."""
    return [one for one in some if one.refused is None and not one.dice]


def _false(some: Sequence[Result]) -> float:
    return fmean(one.volume_ml["WT"] for one in _healthy(some))


def _scores(results: Results, regions: Sequence[str]) -> str:
    cases = [one.case for one in results[NOTHING]]
    head = ["with", *cases]
    rows = []
    for name, some in results.items():
        by_case = {one.case: one for one in some}
        cells = [_cell(by_case[case], regions) if case in by_case else "" for case in cases]
        rows.append([name, *cells])
    return f"{' / '.join(regions)}; of the volunteer, false mL.\n\n{table(head, rows)}"


def _cell(result: Result, regions: Sequence[str]) -> str:
    if result.refused is not None:
        return "refused"
    if not result.dice:
        return f"{result.volume_ml['WT']:.1f} mL"
    return " / ".join(f"{result.dice[region]:.2f}" for region in regions if region in result.dice)
