"""Checks against the program that scored BraTS 2023, which is not ours to ship: a folder of it is given.

Saluja's BraTS-2023-Metrics on GitHub; `eval.py` at commit 0e272e6.
"""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import nibabel
import numpy as np
import surface_distance

from agreement.check import Check, Figures, Reason
from agreement.masks import MaskPair
from agreement.page import SOURCE
from oncontour.evaluate import metrics as own

CHALLENGES = {"glioma": "BraTS-GLI", "meningioma": "BraTS-MEN", "metastasis": "BraTS-MET"}
"""Ours and its names; those of paediatric tumours and of Africa have the rules of glioma in both programs."""

ENHANCING = 3
"""The label whose region the program reads from a label map alone."""


def checks(folder: Path) -> Iterator[Check]:
    """Lesion-wise scores of each set of rules, and the whole image's.

    Args:
        folder: holds the program's eval.py.
    """
    program = _program(folder)
    for rules, challenge in CHALLENGES.items():
        yield Check(
            f"lesion-wise Dice, HD95; TP, FP, FN ({rules})", f'lesionwise(rules="{rules}")', "BraTS 2023",
            f"get_LesionWiseResults({challenge!r})", _lesions(rules),
            _theirs(program, challenge, "LesionWise_Score_Dice", "LesionWise_Score_HD95", "Num_TP", "Num_FP", "Num_FN"),
        )  # fmt: skip
    one = Reason("one mask empty: ours {own} (a summary counts 374 mm), theirs {theirs}", lambda pair: pair.one_empty)
    legacy = _theirs(program, "BraTS-GLI", "Legacy_HD95")
    yield Check("HD95, brats2023", 'hd95(convention="brats2023")', "BraTS 2023", "Legacy_HD95",
                lambda pair: own.hd95(pair.pred, pair.ref, pair.spacing, "brats2023"), legacy, (one,))  # fmt: skip
    full = Reason("nothing lies outside the reference: ours {own}, theirs {theirs}", lambda pair: bool(pair.ref.all()))
    for name in ("Dice", "Sensitivity", "Specificity"):
        function = getattr(own, name.lower())
        column = "Legacy_Dice" if name == "Dice" else name
        yield Check(name.lower(), name.lower(), "BraTS 2023", column,
                    lambda pair, function=function: function(pair.pred, pair.ref),
                    _theirs(program, "BraTS-GLI", column), (full,) if name == "Specificity" else ())  # fmt: skip


def _program(folder: Path) -> Any:
    found = importlib.util.spec_from_file_location("brats_2023_eval", folder / "eval.py")
    if found is None or found.loader is None or not (folder / "eval.py").is_file():
        raise SystemExit(f"{folder}: no eval.py; expected {SOURCE}.")
    program = importlib.util.module_from_spec(found)
    found.loader.exec_module(program)
    program.surface_distance = SimpleNamespace(  # pyright: ignore[reportAttributeAccessIssue]
        compute_surface_distances=_of_booleans, compute_robust_hausdorff=surface_distance.compute_robust_hausdorff
    )
    return program


def _of_booleans(ref: np.ndarray, pred: np.ndarray, spacing: tuple[float, float, float]) -> Any:
    """Its version 0.1 refuses the program's whole numbers."""
    return surface_distance.compute_surface_distances(ref.astype(bool), pred.astype(bool), spacing)


def _lesions(rules: Any) -> Any:
    def ours(pair: MaskPair) -> Figures:
        found = own.lesionwise(pair.pred, pair.ref, pair.spacing, rules)
        return found.dice, found.hd95, found.tp, found.fp, found.fn

    return ours


def _theirs(program: Any, challenge: str, *columns: str) -> Any:
    return lambda pair: tuple(float(_row(program, challenge, pair)[column]) for column in columns)


@cache
def _row(program: Any, challenge: str, pair: MaskPair) -> Any:
    with TemporaryDirectory() as folder, warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        paths = []
        for name, mask in (("pred", pair.pred), ("ref", pair.ref)):
            paths.append(str(Path(folder) / f"{name}.nii.gz"))
            image = nibabel.Nifti1Image(mask.astype(np.uint8) * ENHANCING, np.diag([*pair.spacing, 1.0]))
            nibabel.save(image, paths[-1])
        results = program.get_LesionWiseResults(*paths, challenge)
    return results.set_index("Labels").loc["ET"]
