"""Which predicted mask belongs to which reference: by the case's name, or by a table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from collections.abc import Sequence as Listed
from dataclasses import dataclass, field
from pathlib import Path

from oncontour.core.errors import InputError, OncontourError
from oncontour.core.sequence import Sequence
from oncontour.data.datasets import read_dataset
from oncontour.data.datasets.dataset import ImageFile
from oncontour.data.datasets.labels import Convention, assumed
from oncontour.data.datasets.tables import check_once, read_table
from oncontour.data.nifti import is_nifti, stem

RESULT = "segmentation.nii.gz"
"""What `oncontour segment` calls a case's label map, in a folder named after the case."""

MEASUREMENTS, QUALITY = "measurements.json", "quality.json"
"""What it writes beside it: volumes with their certainty; what was found, assumed and missing."""

_SUFFIX = re.compile(
    r"[-_. ](seg|segmentation|mask|label|labels|gt|truth|reference|ref|pred|prediction|predicted|result|output)$",
    re.IGNORECASE,
)

TABLE_COLUMNS = ("case", "prediction", "reference")

SHOWN = 3
"""Of many names in a message, the first."""


@dataclass(frozen=True)
class Masks:
    """Label maps of many cases.

    Args:
        root: where they were looked for.
        files: case -> its file.
        conventions: what stored values may mean; a file is read by the first that has all its values.
        images: case -> the images of each sequence, where a data set has them beside its masks.
        left_out: why cases of a data set could not be used.
    """

    root: Path
    files: Mapping[str, ImageFile]
    conventions: tuple[Convention, ...]
    images: Mapping[str, Mapping[Sequence, ImageFile]] = field(default_factory=dict)
    left_out: tuple[OncontourError, ...] = ()


@dataclass(frozen=True)
class Pair:
    """What is held against what.

    Args:
        case: its name.
        prediction: None where it is missing, which counts as a miss.
        reference: of the case.
        images: what the masks were drawn on, where it is known.
    """

    case: str
    prediction: ImageFile | None
    reference: ImageFile
    images: Mapping[Sequence, ImageFile] = field(default_factory=dict)


@dataclass(frozen=True)
class Pairing:
    """All pairs of an evaluation.

    Args:
        pairs: one a reference, by name.
        missing: cases without a prediction.
        extra: predictions without a reference; not scored.
        left_out: why cases of a data set could not be used, on either side.
    """

    pairs: tuple[Pair, ...]
    missing: tuple[str, ...]
    extra: tuple[str, ...]
    left_out: tuple[OncontourError, ...] = ()


def case_of(path: Path) -> str:
    """A case's name, as its mask's file gives it: what masks are called is left out.

    >>> case_of(Path("BraTS-GLI-00000-000-seg.nii.gz")), case_of(Path("prostate_07_pred.nii"))
    ('BraTS-GLI-00000-000', 'prostate_07')
    """
    return _SUFFIX.sub("", stem(path)) or stem(path)


def beside(mask: Path, name: str) -> Path | None:
    """A file that `oncontour segment` wrote beside its label map; None for other masks, and where there is none."""
    path = mask.with_name(name)
    return path if mask.name == RESULT and path.is_file() else None


def find_masks(root: Path, scheme: str) -> Masks:
    """Find label maps, whatever they lie in.

    One NIfTI file; results of `oncontour segment`; a folder of NIfTI files, one a case; or a data set that Oncontour
    reads, whose expert masks are taken.

    Args:
        root: file or folder.
        scheme: what the label maps are read as.

    Raises:
        InputError: nothing there, no masks, or two of one case.
    """
    if root.is_file() and is_nifti(root):
        return Masks(root, {case_of(root): ImageFile(root)}, assumed(scheme))
    if not root.exists():
        raise InputError(root, "nothing of that name", "label maps: NIfTI, or a data set", "Correct the path.")
    if root.is_dir() and not any(root.iterdir()):
        raise InputError(root, "an empty folder", "label maps: NIfTI, or a data set", "Correct the path.")
    results = sorted(root.glob(f"*/{RESULT}")) if root.is_dir() else []
    flat = sorted(path for path in root.iterdir() if is_nifti(path)) if root.is_dir() else []
    if results and flat:
        folder, file = results[0].parent.name, flat[0].name
        found = f"results in folders, such as {folder}, and NIfTI files beside them, such as {file}"
        raise InputError(root, found, "either", "Put one of both elsewhere.")
    if results:
        return Masks(root, {path.parent.name: ImageFile(path) for path in results}, assumed(scheme))
    if root.is_dir() and (root / RESULT).is_file():
        return Masks(root, {root.absolute().name: ImageFile(root / RESULT)}, assumed(scheme))
    if flat and not (root / "dataset.json").is_file():
        return Masks(root, _named(root, flat), assumed(scheme))
    dataset = read_dataset(root, scheme)
    files = {case.name: case.mask for case in dataset.cases if case.mask is not None}
    if not files:
        found = f"{len(dataset.cases)} cases ({dataset.layout}), none with a mask"
        raise InputError(root, found, "expert masks", "Give the folder that holds the masks.")
    images = {case.name: case.images for case in dataset.cases if case.mask is not None}
    return Masks(root, files, dataset.conventions, images, dataset.left_out)


def _named(root: Path, files: Iterable[Path]) -> dict[str, ImageFile]:
    named: dict[str, ImageFile] = {}
    for path in files:
        case = case_of(path)
        if case in named:
            found = f"{named[case].path.name} and {path.name}, both of case {case!r}"
            raise InputError(root, found, "one mask a case", "Leave one out, or name pairs in a table (--map).")
        named[case] = ImageFile(path)
    return named


def pair_by_name(predictions: Masks, references: Masks) -> Pairing:
    """Pair by case.

    Where both sides hold a single mask, they are a pair whatever they are called.

    Raises:
        InputError: no name occurs on both sides.
    """
    found, wanted = predictions.files, references.files
    left_out = (*predictions.left_out, *references.left_out)
    if len(found) == len(wanted) == 1 and references.root.is_file():
        (prediction,), ((case, reference),) = found.values(), wanted.items()
        return Pairing((Pair(case, prediction, reference),), (), (), left_out)
    both = set(found) & set(wanted)
    if not both:
        names = f"cases such as {_few(found)}; references such as {_few(wanted)}"
        remedy = "Name the files alike, or give a table of pairs: --map with case, prediction, reference."
        raise InputError(predictions.root, names, "names that occur on both sides", remedy)
    seen = references.images
    pairs = tuple(Pair(case, found.get(case), wanted[case], seen.get(case, {})) for case in sorted(wanted))
    return Pairing(pairs, tuple(sorted(set(wanted) - both)), tuple(sorted(set(found) - both)), left_out)


def pair_by_table(table: Path) -> Pairing:
    """Pair as a CSV says: columns case, prediction, reference; paths as seen from the table.

    An empty prediction is a missing one.

    Raises:
        InputError: another table, no row, a case twice or without a name, no reference, or files that are not there.
    """
    content = read_table(table)
    lacking = [name for name in TABLE_COLUMNS if name not in content.columns]
    if lacking:
        found = f"columns {', '.join(content.columns)}"
        raise InputError(table, found, f"columns {', '.join(TABLE_COLUMNS)}", f"Add {', '.join(lacking)}.")
    _check_rows(table, content.rows)
    pairs = []
    for row in content.rows:
        prediction = ImageFile(table.parent / row["prediction"]) if row["prediction"] else None
        pairs.append(Pair(row["case"], prediction, ImageFile(table.parent / row["reference"])))
    missing = tuple(pair.case for pair in pairs if pair.prediction is None)
    return Pairing(tuple(pairs), missing, ())


def _check_rows(table: Path, rows: Listed[Mapping[str, str]]) -> None:
    """Refuse a table of pairs that leaves anything open.

    Raises:
        InputError: as of `pair_by_table`.
    """
    if not rows:
        raise InputError(table, "no row below the names of the columns", "a row a case", "Add the cases.")
    for number, row in enumerate(rows, start=2):
        if not row["case"]:
            raise InputError(table, f"no case in row {number}", "a name in each row", "Name the case.")
        if not row["reference"]:
            remedy = "Give its reference, or leave the row out."
            raise InputError(table, f"no reference for case {row['case']!r}", "one in each row", remedy)
    check_once(table, (row["case"] for row in rows))
    listed = [(row[name], row["case"]) for row in rows for name in TABLE_COLUMNS[1:] if row[name]]
    gone = [f"{text!r} for case {case!r}" for text, case in listed if not (table.parent / text).is_file()]
    if gone:
        more = f" and {len(gone) - SHOWN} more" if len(gone) > SHOWN else ""
        found = f"{', '.join(gone[:SHOWN])}{more}, which {'is' if len(gone) == 1 else 'are'} not there"
        remedy = "Correct the path; leave the cell empty where there is no prediction: it counts as missed."
        raise InputError(table, found, "files, as seen from the table's folder", remedy)


def _few(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)[:SHOWN])
