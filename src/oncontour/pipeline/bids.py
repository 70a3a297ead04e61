"""A BIDS App at its participant level: a raw BIDS data set in, its derivatives out (bids-apps.neuroimaging.io).

OUT/sub-01/[ses-02/]anat/sub-01_ses-02_space-orig_desc-tumour_dseg.nii.gz, .json, .tsv (names of the labels)
OUT/oncontour/sub-01_ses-02/        everything that `oncontour segment` writes
OUT/dataset_description.json, OUT/result.json
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

import oncontour
from oncontour.core.errors import InputError, OutputError
from oncontour.core.labels import LabelScheme
from oncontour.data.datasets.bids import VERSION, raw_cases, write_label_table
from oncontour.data.files import explained, read_json, write_json, write_whole
from oncontour.data.inputs import CaseInput, nifti_case
from oncontour.data.locks import LOCK, locked
from oncontour.pipeline.manifest import RESULT_NAME, run_record
from oncontour.pipeline.models import Models
from oncontour.pipeline.options import Options
from oncontour.pipeline.outcome import CaseOutcome
from oncontour.pipeline.progress import Progress, quiet
from oncontour.pipeline.segment import segment_cases

RESULTS = "oncontour"
"""Folder of the results that BIDS has no names for."""


def segment_bids(
    root: Path,
    out: Path,
    options: Options | None = None,
    *,
    participants: Collection[str] = (),
    sessions: Collection[str] = (),
    workers: int = 1,
    progress: Progress = quiet,
    started: Callable[[list[str]], None] | None = None,
    finished: Callable[[CaseOutcome], None] | None = None,
) -> list[CaseOutcome]:
    """Segment the sessions of a BIDS data set into a derivatives data set. Runs that share OUT wait for each other.

    Args:
        root: the raw data set.
        out: of the derivatives; made where it is not there.
        participants, sessions: labels, with or without "sub-" and "ses-"; empty: all.
        workers: sessions that are worked on at once.

    Returns:
        One outcome a session; one that fails stops no other.

    Raises:
        InputError: no BIDS data set, or no such participant or session.
        OutputError: OUT cannot be written to.
        BundleError: no such model, or a damaged one.
    """
    options, root, out = options or Options(), Path(root), Path(out)
    cases = find_sessions(root, participants, sessions)
    with locked(out):
        outcomes = segment_cases(
            lambda: cases,
            out / RESULTS,
            options,
            workers=workers,
            progress=progress,
            started=started,
            finished=finished,
        )
        scheme = Models(options.bundle).tumour.scheme
        outcomes = [_published(outcome, root, out, scheme) for outcome in outcomes]
        write_json(out / "dataset_description.json", _description(root, out))
        ignored = f"{LOCK}\n{RESULTS}\n{RESULT_NAME}\n"
        write_whole(out / ".bidsignore", lambda part: part.write_text(ignored, "utf-8"))
        write_json(out / RESULT_NAME, run_record(outcomes))
    return outcomes


def find_sessions(root: Path, participants: Collection[str] = (), sessions: Collection[str] = ()) -> list[CaseInput]:
    """The sessions of a raw data set with these labels.

    Raises:
        InputError: no BIDS data set, or no such participant or session.
    """
    if not (root / "dataset_description.json").is_file():
        remedy = "Give the folder that holds dataset_description.json and sub-*."
        raise InputError(root, "no dataset_description.json", "a BIDS data set", remedy)
    cases = raw_cases(root)
    if not cases:
        expected = "sub-*/[ses-*/]anat with T1w, ce-*_T1w, T2w or FLAIR"
        raise InputError(root, "no session with images", expected, "Check the names of its files.")
    for prefix, labels in (("sub-", participants), ("ses-", sessions)):
        wanted = {label if label.startswith(prefix) else prefix + label for label in labels}
        there = {part for case in cases for part in case.name.split("_") if part.startswith(prefix)}
        if unknown := sorted(wanted - there):
            remedy = "Correct the label; letters' case counts."
            raise InputError(root, f"no {', '.join(unknown)}", f"one of {', '.join(sorted(there))}", remedy)
        cases = [case for case in cases if not wanted or wanted & set(case.name.split("_"))]
    if not cases:
        remedy = "Give labels that belong together."
        raise InputError(root, "no session of these participants with that label", "one at least", remedy)
    return [nifti_case(case, {}) for case in cases]


def mask_name(case: str) -> str:
    """Where a session's mask goes, without its ending.

    >>> mask_name("sub-01_ses-02")
    'sub-01/ses-02/anat/sub-01_ses-02_space-orig_desc-tumour_dseg'
    """
    return str(Path(*case.split("_"), "anat", f"{case}_space-orig_desc-tumour_dseg"))


def _published(outcome: CaseOutcome, root: Path, out: Path, scheme: LabelScheme) -> CaseOutcome:
    """The outcome, with its mask in its place; where there is none, that of an earlier run goes."""
    base = out / mask_name(outcome.name)
    mask, table, sidecar = (base.with_name(base.name + ending) for ending in (".nii.gz", ".tsv", ".json"))
    try:
        with explained(mask):
            for path in (mask, table, sidecar):
                path.unlink(missing_ok=True)
            if outcome.status == "failed":
                return outcome
            mask.parent.mkdir(parents=True, exist_ok=True)
        write_label_table(table, scheme)
        write_json(sidecar, _sidecar(outcome, root))
        write_whole(mask, lambda part: shutil.copyfile(outcome.folder / "segmentation.nii.gz", part))
    except OutputError as error:
        return replace(outcome, status="failed", error=error)
    return outcome


def _sidecar(outcome: CaseOutcome, root: Path) -> dict[str, Any]:
    """Whose grid the mask has, and which files it comes from."""
    quality = read_json(outcome.folder / "quality.json")
    used = {one["sequence"]: one["series"] for one in quality["series"] if one["used"]}
    session = root.joinpath(*outcome.name.split("_"))
    links = {path.name: f"bids:raw:{path.relative_to(root).as_posix()}" for path in sorted(session.glob("*/*"))}
    return {
        "Description": f"Brain tumour, in the native grid of {quality['reference']}.",
        "SpatialReference": links[used[quality["reference"]]],
        "Sources": [links[name] for name in used.values()],
        "Manual": False,
    }


def _description(root: Path, out: Path) -> dict[str, Any]:
    raw = read_json(root / "dataset_description.json")
    return {
        "Name": f"{raw.get('Name', 'Unnamed data set')}: tumours",
        "BIDSVersion": VERSION,
        "DatasetType": "derivative",
        "GeneratedBy": [{"Name": "oncontour", "Version": oncontour.__version__}],
        "SourceDatasets": [{"URL": "bids:raw:"}],
        "DatasetLinks": {"raw": os.path.relpath(root, out)},
    }
