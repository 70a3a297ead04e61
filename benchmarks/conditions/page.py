"""The page of what was found under each condition: a table for each collection of scans."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median

import markdown_table

from conditions.cases import COHORTS, HEALTHY
from conditions.measure import Result
from conditions.table import CONDITIONS, PLAIN, Condition

REGIONS = ("WT", "TC", "ET")

HEAD = """# Robustness

What a bundle finds in the same real scans as they are, and under conditions that a hospital's scans may be in. Each
study went through the whole pipeline, from images to masks in the reference's native grid, once for each condition:

```
python benchmarks/robustness.py --bundle {bundle} --write docs/robustness.md
```

No scan was seen in training. They are few, from research collections, and some were looked at when this bundle was
chosen (`recipes/README.md`); what they show of the *difference* that a condition makes is less bent by that than Dice
itself.
"""

HOW = """## How each condition is made

- **only ...**: the other sequences are left out. T1 alone is refused as no study, and stands nowhere here.
- **bias field**: each image times a smooth field of its own, two to three waves across the head; the standard deviation
  is that of the field's logarithm. In images that were z-scored, brightness begins at what 0 became.
- **noise**: Rician, its standard deviation a share of the 99th percentile of what is not black.
- **axial slices of 5 mm**: the mean of as many slices as make up 5 mm; the thick grid is the study's own, the truth in
  it what more than half of a voxel is.
- **off the others**: FLAIR (where it is the reference, T2 or T1) turned by 5° about an axis through the middle and
  shifted by 5 mm, both in random directions; its header says nothing of it.
- **left and right exchanged**: the whole head in a mirror; what is found is compared with the truth in the mirror.
- **normalised by ...**: `oncontour segment --normalisation`, instead of what the bundle was trained with.
- **stored with axes P, I, R**: the same voxels in the same places, in another order.

Dice is of the native grid of the reference. "Change" is the median over cases of the difference from the same case as
it is; "worst" is the lowest Dice of a case.
"""


def page(results: Iterable[Result], bundle: str, pictures: Sequence[tuple[str, str]]) -> str:
    """The page in Markdown.

    Args:
        results: of all cases and conditions.
        bundle: its name.
        pictures: path beside the page, and caption.
    """
    every = list(results)
    parts = [HEAD.format(bundle=bundle), *(f"![{caption}]({path})\n\n*{caption}*\n" for path, caption in pictures)]
    for cohort, title in COHORTS.items():
        own = [result for result in every if result.cohort == cohort]
        if own:
            parts.append(f"## {title}\n\n{_cases(own)}\n\n{table(own)}\n")
    return "\n".join([*parts, HOW])


def _cases(own: Sequence[Result]) -> str:
    names = sorted({result.case for result in own})
    if names == [HEALTHY.partition(" ")[0]]:
        return "Nothing is to be found; volumes in mL are all false."
    return f"{len(names)} {'scan' if len(names) == 1 else 'scans'}: {', '.join(names)}."


def table(own: Sequence[Result]) -> str:
    """One collection's conditions: Dice a region where there is a truth, else volume."""
    scored = any(result.dice for result in own)
    regions = [name for name in REGIONS if any(name in (result.dice or result.volume_ml) for result in own)]
    columns = ("median", "worst", "change") if scored else ("mL", "change")
    head = ["condition", "n", *(f"{name} {column}" for name in regions for column in columns)]
    rows = []
    plain = {result.case: result for result in own if result.condition == PLAIN.name}
    for condition in CONDITIONS:
        here = [result for result in own if result.condition == condition.name]
        if here:
            rows.append(_row(condition, here, plain, regions, scored))
    return markdown_table.table(head, rows)


def _row(
    condition: Condition, here: Sequence[Result], plain: dict[str, Result], regions: Sequence[str], scored: bool
) -> list[str]:
    done = [result for result in here if result.refused is None]
    cells = [condition.title, str(len(done)) + (f" ({len(here) - len(done)} refused)" if len(done) < len(here) else "")]
    for name in regions:
        pairs = [(values(result, name, scored), plain.get(result.case)) for result in done]
        found = [value for value, _ in pairs if value is not None]
        before = [(value, values(one, name, scored)) for value, one in pairs if one and value is not None]
        changes = [value - old for value, old in before if old is not None]
        change = f"{median(changes):+.3f}" if changes and condition is not PLAIN else ""
        if scored:
            cells += [f"{median(found):.3f}" if found else "", f"{min(found):.3f}" if found else "", change]
        else:
            cells += [f"{max(found):.1f}" if found else "", f"{median(changes):+.1f}" if change else ""]
    return cells


def values(result: Result, region: str, scored: bool) -> float | None:
    """Dice of a region, or its volume in mL; None where there is none."""
    return (result.dice if scored else result.volume_ml).get(region)
