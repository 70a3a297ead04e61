"""The Medical Segmentation Decathlon, Task01_BrainTumour: 4-D images.

ROOT/dataset.json            "modality": {"0": "FLAIR", ...}, "labels": {"1": "edema", ...}, "training", "test"
ROOT/imagesTr/CASE.nii.gz    4-D, one sequence a channel
ROOT/labelsTr/CASE.nii.gz    1 oedema, 2 non-enhancing tumour, 3 enhancing tumour
ROOT/imagesTs/CASE.nii.gz    without masks
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from oncontour.core.errors import OncontourError
from oncontour.core.labels import SCHEMES
from oncontour.core.sequence import Sequence
from oncontour.data.datasets.dataset import SPLIT, TEST, DatasetCase, ImageFile
from oncontour.data.datasets.found import Found, NotFound, images_of
from oncontour.data.datasets.json_file import FILE, label_names
from oncontour.data.datasets.patients import patient_of
from oncontour.data.datasets.target import Destination, OutFile, Target, part_of, same_name
from oncontour.data.files import read_json, write_json
from oncontour.data.inputs import safe_name
from oncontour.data.layouts import NiftiCase, find_nifti_cases
from oncontour.data.nifti import SUFFIXES

NAME = "MSD"

MODALITIES: Mapping[Sequence, str] = {
    Sequence.FLAIR: "FLAIR", Sequence.T1: "T1w", Sequence.T1CE: "t1gd", Sequence.T2: "T2w", Sequence.ADC: "ADC",
}  # fmt: skip
"""What MSD calls each sequence, in its order of channels."""


def find(root: Path) -> Found | NotFound:
    """The data set of this layout in a folder, or why it is none."""
    if not (root / FILE).is_file() or not (root / "imagesTr").is_dir():
        return f"no {FILE} beside a folder imagesTr"
    content = read_json(root / FILE)
    if "modality" not in content:
        return f"{FILE} names no modality"
    found = find_nifti_cases(root / "imagesTr")
    if not found or any(file.channel is None for case in found for file in case.files):
        return "imagesTr holds no 4-D images"
    tests = find_nifti_cases(root / "imagesTs") if (root / "imagesTs").is_dir() else ()
    cases, left_out = listed_cases(root, found, tests)
    names = label_names(content, root / FILE)
    return Found(NAME, cases, left_out, names, root / FILE, zeros_are_absent=True)


def listed_cases(
    root: Path, training: Iterable[NiftiCase], tests: Iterable[NiftiCase]
) -> tuple[tuple[DatasetCase, ...], tuple[OncontourError, ...]]:
    """Cases of imagesTr and imagesTs with their masks of labelsTr and labelsTs, and why others were left out."""
    cases, left_out = [], []
    for part, found in (("Tr", training), ("Ts", tests)):
        for case in found:
            try:
                images = images_of(case)
            except OncontourError as error:
                left_out.append(error)
                continue
            columns = {SPLIT: TEST} if part == "Ts" else {}
            name = safe_name(case.name)
            cases.append(DatasetCase(name, patient_of(name), images, _mask(root / f"labels{part}", case.name), columns))
    return tuple(cases), tuple(left_out)


def _mask(folder: Path, name: str) -> ImageFile | None:
    paths = [folder / f"{name}{suffix}" for suffix in SUFFIXES]
    return next((ImageFile(path) for path in paths if path.is_file()), None)


def _files(case: DatasetCase, to: Destination) -> list[OutFile]:
    stored = to.stored[case.name]
    part = part_of(case)
    files = [OutFile(Path(f"images{part}/{stored}.nii.gz"), tuple(one for one in MODALITIES if one in to.sequences))]
    return files + ([OutFile(Path(f"labels{part}/{stored}.nii.gz"), ())] if case.mask else [])


def _finish(to: Destination) -> None:
    training = sorted(to.stored[case.name] for case in to.dataset.cases if part_of(case) == "Tr")
    tests = sorted(to.stored[case.name] for case in to.dataset.cases if part_of(case) == "Ts")
    channels = [name for one, name in MODALITIES.items() if one in to.sequences]
    labels = {str(label.value): label.title for label in SCHEMES[to.dataset.scheme].labels}
    content = {
        "name": to.dataset.name,
        "tensorImageSize": "4D",
        "modality": {str(n): name for n, name in enumerate(channels)},
        "labels": {"0": "background", **labels},
        "numTraining": len(training),
        "numTest": len(tests),
        "training": [{"image": f"./imagesTr/{one}.nii.gz", "label": f"./labelsTr/{one}.nii.gz"} for one in training],
        "test": [f"./imagesTs/{one}.nii.gz" for one in tests],
    }
    write_json(to.folder / FILE, content)


TARGET = Target("msd", _files, _finish, same_name, one_grid=True)
