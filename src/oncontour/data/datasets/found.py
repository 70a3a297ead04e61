"""What a layout's reader gives, and how `read_dataset` asks for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from oncontour.core.errors import OncontourError
from oncontour.core.sequence import Sequence
from oncontour.data.datasets.dataset import DatasetCase, ImageFile
from oncontour.data.datasets.labels import Convention
from oncontour.data.layouts import NiftiCase, check_one_patient, choose_files
from oncontour.data.names import read_name
from oncontour.data.nifti import stem


@dataclass(frozen=True)
class Found:
    """A data set of one layout.

    Args:
        layout: its name.
        cases: what could be used.
        left_out: why other cases could not.
        names: the data set's own names of its labels, or regions, and their values; None: it states none.
        source: the file that holds these names.
        conventions: what the values mean by the layout itself; empty: nothing is certain.
        scheme: of the values, where neither names nor conventions say so; None: that cannot be told.
        zeros_are_absent: see `Dataset`.
    """

    layout: str
    cases: tuple[DatasetCase, ...]
    left_out: tuple[OncontourError, ...] = ()
    names: Mapping[str, int | list[int]] | None = None
    source: Path | None = None
    conventions: tuple[Convention, ...] = ()
    scheme: str | None = "brats"
    zeros_are_absent: bool = False


NotFound = str
"""Why a folder is not of a layout, in words that follow its name."""


def images_of(case: NiftiCase) -> dict[Sequence, ImageFile]:
    """The file of each sequence.

    Raises:
        NotAStudyError, SequenceError, MixedPatientsError: as `data.layouts.read_case`, but few sequences are enough.
    """
    chosen = choose_files(case, {})
    check_one_patient(case, chosen.values())
    return {sequence: ImageFile(file.path, file.channel) for sequence, file in chosen.items()}


_NO_TRUTH = frozenset(
    {"brain", "brainmask", "skull", "head", "roi", "bias", "biasfield", "warp", "warpfield", "deformation", "jacobian"}
    | {"pred", "prediction", "predictions", "prob", "probs", "probability", "parc", "parcellation", "bet"}
    | {f"seg{n}" for n in range(2, 10)}
)
"""Words of masks that are no expert's tumour mask: brains, fields, predictions, and a second reader's (seg2)."""


def may_be_truth(path: Path) -> bool:
    """Whether a file is by its name an expert's mask of the tumour.

    >>> [may_be_truth(Path(f"{name}.nii.gz")) for name in ("B-seg", "brainmask", "B-seg2", "B-t1c")]
    [True, False, False, False]
    """
    words = stem(path).lower().replace(".", "_").replace("-", "_").split("_")
    return read_name(stem(path)).mask and not _NO_TRUTH.intersection(words)


def few(values: Iterable[str]) -> str:
    """A few of many names, for a message.

    >>> few(["a", "b", "c", "d"])
    'a, b, c and 1 more'
    """
    names = list(values)
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
