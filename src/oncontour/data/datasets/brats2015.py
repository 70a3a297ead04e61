"""BraTS 2012 to 2016, as the Virtual Skeleton Database gave it out: MetaImages, a folder an image.

ROOT/[HGG|LGG/]CASE/VSD.Brain.XX.O.MR_T1c.NUMBER/VSD.Brain.XX.O.MR_T1c.NUMBER.mha   also MR_T1, MR_T2, MR_Flair
ROOT/[HGG|LGG/]CASE/VSD.Brain_3more.XX.O.OT.NUMBER/...OT.NUMBER.mha                 the expert's mask
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from oncontour.core.errors import InputError, OncontourError
from oncontour.core.sequence import Sequence
from oncontour.data.datasets.brats import grade_of
from oncontour.data.datasets.dataset import DatasetCase, ImageFile
from oncontour.data.datasets.found import Found, NotFound, few
from oncontour.data.datasets.labels import BRATS_2015
from oncontour.data.datasets.patients import patient_of
from oncontour.data.inputs import safe_name

NAME = "BraTS 2015"

_FILE = re.compile(r"VSD\..*\.(OT|MR_T1|MR_T1c|MR_T2|MR_Flair)\.\d+", re.IGNORECASE)

_KINDS: Mapping[str, Sequence | None] = {
    "ot": None, "mr_t1": Sequence.T1, "mr_t1c": Sequence.T1CE, "mr_t2": Sequence.T2, "mr_flair": Sequence.FLAIR,
}  # fmt: skip
"""What a file's name calls it -> its sequence; None: the mask ("observer truth")."""


def find(root: Path) -> Found | NotFound:
    """The data set of this layout under a folder, or why it is none."""
    by_case: dict[Path, list[Path]] = {}
    for path in sorted(root.rglob("VSD.*.mha")):
        by_case.setdefault(path.parents[1] if path.parent.name == path.stem else path.parent, []).append(path)
    if not by_case:
        return "no VSD.*.mha in it"
    cases, left_out = [], []
    for folder, paths in by_case.items():
        try:
            cases.append(_case(folder, paths, root))
        except OncontourError as error:
            left_out.append(error)
    return Found(NAME, tuple(cases), tuple(left_out), conventions=(BRATS_2015,))


def _case(folder: Path, paths: list[Path], root: Path) -> DatasetCase:
    files: dict[Sequence | None, list[Path]] = {}
    for path in paths:
        match = _FILE.fullmatch(path.stem)
        if match:
            files.setdefault(_KINDS[match.group(1).lower()], []).append(path)
    for what, offers in files.items():
        if len(offers) > 1:
            found = f"{len(offers)} files for {what or 'the mask'}: {few(path.name for path in offers)}"
            raise InputError(folder, found, "one file of each kind", "Move the others out of the folder.")
    images = {sequence: ImageFile(files[sequence][0]) for sequence in Sequence if sequence in files}
    if not images:
        raise InputError(folder, "no image", "MR_T1, MR_T1c, MR_T2 or MR_Flair", "Add the images.")
    name = safe_name(folder.name)
    mask = ImageFile(files[None][0]) if None in files else None
    return DatasetCase(name, patient_of(name), images, mask, grade_of(folder, root))
