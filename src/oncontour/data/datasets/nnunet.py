"""nnU-Net's raw data, versions 1 and 2: a file a channel.

    ROOT/dataset.json                 2: "channel_names", "labels": {"edema": 2, ...}, or regions {"WT": [1, 2, 3], ...}
                                      1: "modality", "labels": {"2": "edema", ...}
    ROOT/imagesTr/CASE_0000.nii.gz    channel 0 of a case
    ROOT/labelsTr/CASE.nii.gz         its mask
    ROOT/imagesTs/, labelsTs/         the same for tests

A "dataset" in dataset.json that lists files elsewhere (version 2) is followed too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from oncontour.core.errors import InputError
from oncontour.core.labels import SCHEMES
from oncontour.data.datasets.dataset import DatasetCase, ImageFile
from oncontour.data.datasets.found import Found, NotFound
from oncontour.data.datasets.json_file import FILE, label_names
from oncontour.data.datasets.msd import listed_cases
from oncontour.data.datasets.patients import patient_of
from oncontour.data.datasets.target import Destination, OutFile, Target, part_of, same_name
from oncontour.data.files import read_json, write_json
from oncontour.data.inputs import safe_name
from oncontour.data.layouts import find_nifti_cases
from oncontour.data.names import read_name

NAME = "nnU-Net raw"


def find(root: Path) -> Found | NotFound:
    """The data set of this layout in a folder, or why it is none."""
    if not (root / FILE).is_file():
        return f"no {FILE} in it"
    content = read_json(root / FILE)
    channels = content.get("channel_names") or content.get("modality")
    if not isinstance(channels, dict):
        return f"{FILE} names no channels"
    if isinstance(content.get("dataset"), dict):
        cases, left_out = tuple(_listed(root, content["dataset"], channels)), ()
    else:
        if not (root / "imagesTr").is_dir():
            return f"{FILE} without a folder imagesTr"
        training = find_nifti_cases(root / "imagesTr")
        if not training or any(file.channel is not None for case in training for file in case.files):
            return "imagesTr holds no files CASE_0000.nii.gz"
        tests = find_nifti_cases(root / "imagesTs") if (root / "imagesTs").is_dir() else ()
        cases, left_out = listed_cases(root, training, tests)
    if not cases:
        named = ", ".join(str(name) for name in channels.values())
        raise InputError(
            root / FILE, f"channels named {named}", "names of sequences (T1, T1ce, T2, FLAIR, ADC)", "Name them so."
        )
    names = label_names(content, root / FILE)
    return Found(NAME, cases, left_out, names, root / FILE, zeros_are_absent=True)


def _listed(root: Path, listed: Mapping[str, Any], channels: Mapping[str, str]) -> Iterator[DatasetCase]:
    """Cases whose files dataset.json lists, relative to its folder."""
    for name, entry in listed.items():
        try:
            paths = [root / str(path) for path in entry["images"]]
            label = entry.get("label")
            readings = [read_name(str(channels[str(n)])).sequence for n in range(len(paths))]
        except (TypeError, KeyError, AttributeError) as error:
            expected = f'"images" and "label", and as many images as channels ({len(channels)})'
            raise InputError(root / FILE, f"case {name!r} without them", expected, "Correct it.") from error
        images = {one: ImageFile(path) for one, path in zip(readings, paths, strict=True) if one is not None}
        mask = ImageFile(root / str(label)) if label else None
        yield DatasetCase(safe_name(name), patient_of(safe_name(name)), images, mask)


def _files(case: DatasetCase, to: Destination) -> list[OutFile]:
    stored = to.stored[case.name]
    part = part_of(case)
    files = [OutFile(Path(f"images{part}/{stored}_{n:04d}.nii.gz"), (one,)) for n, one in enumerate(to.sequences)]
    return files + ([OutFile(Path(f"labels{part}/{stored}.nii.gz"), ())] if case.mask else [])


def _finish(to: Destination) -> None:
    """Write dataset.json, version 2. Schemes of several regions train by region, as ours do."""
    scheme = SCHEMES[to.dataset.scheme]
    by_region = len(scheme.regions) > 1
    labels = {
        "background": 0,
        **({one.name: list(scheme.values(one)) for one in scheme.regions} if by_region else {}),
        **({} if by_region else {one.name: one.value for one in scheme.labels}),
    }
    order = {"regions_class_order": list(scheme.painting().values())} if by_region else {}
    content = {
        "name": to.dataset.name,
        "channel_names": {str(n): str(one) for n, one in enumerate(to.sequences)},
        "labels": labels,
        **order,
        "numTraining": sum(part_of(case) == "Tr" for case in to.dataset.cases),
        "file_ending": ".nii.gz",
    }
    write_json(to.folder / FILE, content)


TARGET = Target("nnunet", _files, _finish, same_name, one_grid=True)
