"""Every study of ../shared/data through `oncontour segment`: what was found, how long it took, Dice where experts drew.

    .venv/bin/python benchmarks/real_scans.py [--out runs/real] [--only NAME ...] [--write docs/results.md]

Each study runs in a process of its own, so that its peak memory is its own and its time includes loading everything.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
from beside.command import timed
from numpy.typing import NDArray

from oncontour.evaluate.metrics import dice

DATA = Path(__file__).parents[2] / "shared" / "data"

BRATS_2023 = {"WT": (1, 2, 3), "TC": (1, 3), "ET": (3,)}
BRATS_2015 = {"WT": (1, 2, 3, 4), "TC": (1, 3, 4), "ET": (4,)}
WHOLE_ONLY = {"WT": (1,)}


@dataclass(frozen=True)
class RealStudy:
    """One study, and the expert's mask where there is one (path below its folder, region -> label values)."""

    name: str
    path: str
    mask: str | None = None
    regions: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    options: tuple[str, ...] = ()

    @property
    def cohort(self) -> str:
        """Name of the collection that it belongs to."""
        return self.path.partition("/")[0].removesuffix(".zip")

    def truth(self) -> dict[str, NDArray[np.bool_]]:
        """The expert's masks (i, j, k) by region; none where no expert drew."""
        if self.mask is None:
            return {}
        labels = np.asarray(nibabel.nifti1.load(DATA / self.path / self.mask).dataobj).round().astype(int)
        return {region: np.isin(labels, values) for region, values in self.regions.items()}


STUDIES = (
    RealStudy("glioma-00000", "glioma-00000", "BraTS-GLI-00000-000-seg.nii.gz", BRATS_2023),
    *(
        RealStudy(f"brats2015-{n}", f"brats2015-t1ce-flair/pat000{n}", "OTMultiClass.nii.gz", BRATS_2015)
        for n in range(2, 7)
    ),
    *(RealStudy(f"brats2018-{n}", f"brats2018-t1-flair/case_{n}", "GT_W.nii.gz", WHOLE_ONLY) for n in range(5)),
    RealStudy("glioma-00001", "glioma-00001-algorithm-masks"),
    RealStudy("lgg-native", "lgg-fg6692-native"),
    RealStudy("lgg-registered", "lgg-fg6692-registered"),
    RealStudy("metastasis", "metastasis-aurora"),
    RealStudy("volunteer (DICOM)", "dicom-volunteer-t1-t2.zip", options=("--dicom",)),
)

LAST_LOOK = ("glioma-00000", "brats2018-3", "brats2018-4")
"""Scans by which nothing is chosen: they are kept for the last look at what was."""


def _case_folder(out: Path) -> Path:
    return next(path for path in sorted(out.iterdir()) if path.is_dir())


def _dice(case: Path, study: RealStudy) -> dict[str, float]:
    found = np.asarray(nibabel.nifti1.load(case / "segmentation.nii.gz").dataobj)
    return {region: round(dice(np.isin(found, BRATS_2023[region]), mask), 3) for region, mask in study.truth().items()}


def run(study: RealStudy, out: Path) -> dict[str, Any]:
    """Segment one study; seconds, peak memory, measurements, checks, Dice."""
    command = [sys.executable, "-m", "oncontour", "segment", str(DATA / study.path), "--out", str(out), *study.options]
    taken = timed(command)
    row: dict[str, Any] = {"name": study.name, "seconds": round(taken.seconds, 1), "exit": taken.exit_code}
    case = _case_folder(out)
    if taken.exit_code:
        return row | {"error": json.loads((case / "error.json").read_text())}
    quality = json.loads((case / "quality.json").read_text())
    measurements = json.loads((case / "measurements.json").read_text())
    return row | {
        "peak_mb": round(taken.peak_mib),
        "quality": quality,
        "measurements": measurements,
        "dice": _dice(case, study),
    }


def main() -> None:
    """Run the studies, print a line each, write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path("runs/real"))
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--write", type=Path)
    parser.add_argument("--from-json", type=Path, help="write the table of an earlier run; run nothing")
    arguments = parser.parse_args()
    if arguments.from_json:
        print(table(json.loads(arguments.from_json.read_text())))
        return
    rows = []
    for study in STUDIES:
        if arguments.only and study.name not in arguments.only:
            continue
        row = run(study, arguments.out / study.name.split(" ")[0])
        rows.append(row)
        print(
            json.dumps({key: row.get(key) for key in ("name", "exit", "seconds", "peak_mb", "dice", "error")}),
            flush=True,
        )
    (arguments.out / "real_scans.json").write_text(json.dumps(rows, indent=1))
    if arguments.write:
        arguments.write.write_text(table(rows))


def _step_seconds(quality: Mapping[str, Any]) -> dict[str, float]:
    """Seconds by kind of step: "register T1" and "register T2" are one."""
    seconds: dict[str, float] = {}
    for step in quality["steps"]:
        kind = "bias field" if step["name"].startswith("bias field") else step["name"].split(" ")[0]
        seconds[kind] = seconds.get(kind, 0.0) + step["seconds"]
    return seconds


PREAMBLE = """# Results on real scans

Every study of the folder of test data, with the shipped models. **None of them was seen in training**; most hold two of
the four sequences. They are few, from research collections, and say nothing about any clinic. Reproduce it with

```
.venv/bin/python benchmarks/real_scans.py --write docs/results.md
```

Each study ran in a process of its own, everything included. Volumes and Dice are in the reference's native grid. The
expert masks are those of BraTS; where none is at hand, Dice is empty. Steps that work on two sequences at once sum to
more than the total.

"""

COLUMNS = ("reading", "brain", "register", "bias field", "checks", "segmentation", "writing")


def table(rows: list[dict[str, Any]]) -> str:
    """The results in Markdown."""
    lines = [
        f"{PREAMBLE}{platform.machine()}, {os.cpu_count()} cores; seconds of wall time, memory in MB.",
        "",
        "| study | used | WT mL | TC mL | ET mL | Dice WT | TC | ET | total s | peak MB | "
        + " | ".join(COLUMNS)
        + " | checks not OK |",
        "|" + " --- |" * (11 + len(COLUMNS)),
    ]
    for row in rows:
        if row["exit"]:
            lines.append(f"| {row['name']} | failed: {row['error']['found']} |")
            continue
        quality, measured = row["quality"], row["measurements"]
        used = " ".join(d["sequence"] for d in quality["series"] if d["used"])
        volumes = [f"{region['volume_ml']:.1f}" for region in measured["regions"]]
        scores = [f"{row['dice'][name]:.3f}" if name in row["dice"] else "" for name in BRATS_2023]
        steps = _step_seconds(quality)
        times = [f"{steps.get(name, 0.0):.1f}" for name in COLUMNS]
        bad = [f"{c['name']} {c['verdict']} ({c['value']:.3g})" for c in quality["checks"] if c["verdict"] != "ok"]
        cells = [row["name"], used, *volumes, *scores, str(row["seconds"]), str(row["peak_mb"]), *times, "; ".join(bad)]
        lines.append("| " + " | ".join(cells) + " |")
    for region in BRATS_2023:
        values = [row["dice"][region] for row in rows if not row["exit"] and region in row["dice"]]
        if values:
            median, lowest = float(np.median(values)), min(values)
            lines += ["", f"Dice {region}: median {median:.3f} over {len(values)} scans, lowest {lowest:.3f}."]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
