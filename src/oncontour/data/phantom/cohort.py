"""A synthetic cohort on disk, as NIfTI in BraTS naming or as DICOM, with its truth and how it was made.

    OUT/manifest.json                    every case's record
    OUT/cases/CASE/CASE-t1c.nii.gz, ...  NIfTI: images, and CASE-seg.nii.gz (CASE-seg2.nii.gz: the second reader's)
    OUT/cases/CASE/1/001-0001.dcm, ...   DICOM: one folder a series
    OUT/truth/CASE.json                  the case's record
    OUT/truth/CASE-seg.nii.gz            DICOM: the truth in the grid of the reference sequence

Images and truth are apart, so that `oncontour segment OUT/cases` meets nothing but cases.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from oncontour.core.errors import InputError, OutputError
from oncontour.data.files import explained, write_json
from oncontour.data.parallel import each
from oncontour.data.phantom.anatomy import list_folder
from oncontour.data.phantom.settings import MNI, Settings, case_name, made_with
from oncontour.data.phantom.write import case_folder, record_path, write_case


def write_cohort(
    folder: Path,
    count: int,
    seed: int = 0,
    settings: Settings | None = None,
    anatomies: Path | None = None,
    workers: int = 1,
    progress: Callable[[int], None] = lambda _: None,
) -> Path:
    """Make a cohort; cases already there are kept.

    Args:
        folder: where it goes; made if needed.
        count: number of cases.
        seed: of the first case; case n has seed + n.
        settings: how cases are made.
        anatomies: folder of label maps to draw heads from, beside the MNI152 brain; None: that brain alone.
        workers: processes. One process works on the sequences of a case with two threads.
        progress: called with the number of cases done.

    Returns:
        The manifest's path.

    Raises:
        InputError: no anatomy to start from.
        OutputError: a case of that name was made otherwise, or a file cannot be written.
    """
    settings = settings or Settings()
    if count < 1:
        raise InputError("cases", str(count), "1 or more", "Give the number of cases to make.")
    sources: tuple[str, ...] = (MNI, *(str(path) for path in list_folder(anatomies))) if anatomies else (MNI,)
    with explained(folder):
        for room in ("cases", "truth"):
            (folder / room).mkdir(parents=True, exist_ok=True)
    seeds = range(seed, seed + count)
    missing = [one for one in seeds if not _is_there(folder, one, settings, sources)]
    progress(count - len(missing))
    threads = 2 if workers == 1 or len(missing) < 2 else 1
    write = partial(write_case, folder, settings=settings, sources=sources, threads=threads)
    for done, _ in enumerate(each(write, missing, workers), start=count - len(missing) + 1):
        progress(done)
    manifest = folder / "manifest.json"
    write_json(
        manifest,
        {"made_by": "oncontour phantom", "cases": [_record(folder, case_name(settings, one)) for one in seeds]},
    )
    return manifest


def _record(folder: Path, name: str) -> dict[str, Any]:
    return json.loads(record_path(folder, name).read_text("utf-8"))


def _is_there(folder: Path, seed: int, settings: Settings, sources: tuple[str, ...]) -> bool:
    """Whether a case is finished; refuses one that was made otherwise."""
    name = case_name(settings, seed)
    known = record_path(folder, name).exists()
    place = case_folder(folder, name)
    if not place.exists():
        return False
    if known and _record(folder, name)["made_with"] == made_with(settings, sources):
        return True
    found = "a case of that name made with other settings" if known else "a folder that no phantom was written to"
    raise OutputError(place, found, "no such case, or the same one", "Give another folder or another seed.")
