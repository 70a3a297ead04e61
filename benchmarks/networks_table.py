"""The page of `networks.py`: what each network cost, what it found, and how it did against the forest."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from markdown_table import table
from numpy.typing import NDArray

FOREST = "forest"
UNET, DEEPMEDIC = "nnunet", "deepmedic"

HEAD = """# Networks against a forest

Every network that a plan can name, each trained by **one command** on two CPU cores, with a small plan, on the same
{training} phantoms, and tested on {held_out} others. It says whether each network trains and learns in minutes, and
what it gains over a random forest that sees local context alone. It does not rank networks: minutes are too few for
the large ones, and phantoms are no patients. Reproduce it with

```
python benchmarks/networks.py --write docs/networks-benchmark.md
```

(scikit-learn beside the packages of the project). The plans are in `benchmarks/plans/`; each command was

```
oncontour train COHORT --plan benchmarks/plans/NETWORK.yaml --fold none --device cpu --work WORK --out BUNDLE
```

- **Phantoms**: `oncontour phantom --kind adult --spacing 2 --one-scanner`, brains with a glioma, four
  sequences; shapes, places and sizes all differ, contrasts little.
- **Predicted** as `oncontour segment` does: whole images, or tiles as the plan says; no mirrored views. Cut at
  a probability of one half, inner regions within outer ones; nothing is cleaned.
- **Regions**: WT, TC and ET as in BraTS; NET is the core that does not enhance, the label 1 (necrosis, cysts, solid).
- **Dice** on the cases' own grid; both masks empty 1, one empty 0.{absent}
- **Forest**: scikit-learn, 100 trees; for all four sequences brightness, Gaussian smoothings and gradients of three
  widths, means and deviations over 3^3 and 7^3 voxels; and the place in the brain (`benchmarks/forest.py`).

{cores} cores ({processor}), Python {python}, torch {torch}.
"""


def page(content: Mapping[str, Any]) -> str:
    """The page in Markdown.

    Args:
        content: what `networks.py` writes as JSON.
    """
    results, absent = content["results"], content["absent"]
    judged = {name: result for name, result in results.items() if "dice" in result}
    regions = list(next(iter(judged[FOREST]["dice"].values())))
    training, held_out = content["cases"]
    lacking = [f"{name} in {len(cases)}" for name, cases in absent.items() if cases]
    said = f" The truth lacks {', '.join(lacking)}; beside the mean stands that over the others." if lacking else ""
    head = HEAD.format(training=training, held_out=held_out, absent=said, **content["machine"])
    parts = [
        head,
        f"## Cost\n\nSeconds of the whole command (limit {content['limit_seconds']:.0f}), and of preparing the cases "
        "in it. Peak memory is that of the largest process.\n",
        _costs(results),
        "## Mean Dice\n",
        _table(["", *regions], ([name, *_means(judged[name], regions, absent)] for name in judged)),
        "## Against the forest\n\nMean difference of Dice over the cases, and its standard error.\n",
        _table(
            ["", *regions], ([name, *_against(judged[name], judged[FOREST], regions)] for name in _networks(judged))
        ),
        _below(judged, regions),
    ]
    if {UNET, DEEPMEDIC} <= set(judged):
        differences = zip(regions, _against(judged[UNET], judged[DEEPMEDIC], regions), strict=True)
        parts.append(f"U-Net against DeepMedic: {', '.join(f'{name} {text}' for name, text in differences)}.\n")
    return "\n".join(parts)


def _networks(judged: Mapping[str, Any]) -> list[str]:
    return [name for name in judged if name != FOREST]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return table(head, rows, numbers=True) + "\n"


def _costs(results: Mapping[str, Any]) -> str:
    head = ["", "parameters", "steps", "seconds", "of these preparing", "peak MB", "seconds a case"]
    rows = []
    for name, result in results.items():
        if name == FOREST:
            size = f"{result['nodes']:,} nodes"
            rows.append([name, size, "", f"{result['seconds']:.0f}", "", str(result["peak_mb"]), ""])
        elif not result["finished"]:
            rows.append([name, "", "", f"ended at {result['seconds']:.0f}", "", str(result["peak_mb"]), ""])
        else:
            training, count = result["plan"]["training"], result["networks"]
            steps = f"{training['epochs'] * training['steps_per_epoch']:,}"
            several = f"{count} x " if count > 1 else ""
            rows.append(
                [
                    name, f"{result['parameters']:,}", several + steps, f"{result['seconds']:.0f}",
                    f"{result['parts']['preparing']:.0f}", str(result["peak_mb"]), f"{result['seconds_a_case']:.1f}",
                ]
            )  # fmt: skip
    return _table(head, rows)


def _values(result: Mapping[str, Any], region: str, without: Sequence[str] = ()) -> NDArray[np.float64]:
    return np.array([found[region] for case, found in result["dice"].items() if case not in without])


def _means(result: Mapping[str, Any], regions: Sequence[str], absent: Mapping[str, Sequence[str]]) -> list[str]:
    texts = []
    for region in regions:
        text = f"{_values(result, region).mean():.3f}"
        if absent[region]:
            text += f" ({_values(result, region, absent[region]).mean():.3f})"
        texts.append(text)
    return texts


def _gains(result: Mapping[str, Any], other: Mapping[str, Any], region: str) -> NDArray[np.float64]:
    """Dice of a region less the other model's, case by case."""
    return _values(result, region) - _values(other, region)


def _against(result: Mapping[str, Any], other: Mapping[str, Any], regions: Sequence[str]) -> list[str]:
    gains = [_gains(result, other, region) for region in regions]
    return [f"{gain.mean():+.3f} ± {gain.std(ddof=1) / len(gain) ** 0.5:.3f}" for gain in gains]


def _below(judged: Mapping[str, Any], regions: Sequence[str]) -> str:
    """A sentence on the regions in which a network's mean is not above the forest's."""
    gains = {
        f"{name} in {region}": _gains(judged[name], judged[FOREST], region).mean()
        for name in _networks(judged)
        for region in regions
    }
    below = [f"{what} (by {-gain:.3f})" for what, gain in gains.items() if gain <= 0]
    return (
        f"Not above the forest: {', '.join(below)}.\n" if below else "Every network is above the forest everywhere.\n"
    )
