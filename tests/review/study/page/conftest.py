"""A study whose sources, cases and files have names that are found wherever they come out."""

from __future__ import annotations

import nibabel
import numpy as np
import pytest

from oncontour.review.study.make import make_study
from oncontour.review.study.plan import StudyPlan
from oncontour.review.study.study import open_study
from oncontour.web.guard import Door
from oncontour.web.sessions import Person

SHAPE = (40, 44, 24)
AFFINE = np.diag([-1.0, -1.0, 2.0, 1.0])
SOURCES = {"zebra": "expert", "ibis": "expert", "heron": "model", "capybara": "model"}
CASES = ("walrus-1", "walrus-2")
RATERS = ("anna", "ben")
TELLING = (*SOURCES, "walrus", "quokka", "sketched by", "meerkat")
"""Sources, cases, folders, and words in headers: what no browser may be told."""

LINKS = {f"link-of-{name}": Person(name, "reader") for name in RATERS}


def save(array, path, words) -> None:
    image = nibabel.Nifti1Image(array, AFFINE)
    image.header["descrip"], image.header["aux_file"] = words, "meerkat"
    path.parent.mkdir(parents=True, exist_ok=True)
    nibabel.save(image, path)


@pytest.fixture
def make_pages(tmp_path):
    """A study of two raters and two cases, drawn."""

    def made(**settings):
        folder = tmp_path / "quokka"
        chance = np.random.default_rng(0)
        for c, case in enumerate(CASES):
            for name in ("t1ce", "flair"):
                save(
                    chance.normal(300, 40, SHAPE).astype(np.float32),
                    folder / "scans" / case / f"{name}.nii.gz",
                    "sketched by a scanner",
                )
            for n, source in enumerate(SOURCES):
                labels = np.zeros(SHAPE, np.uint8)
                labels[8 : 14 + 3 * n, 10 : 20 + c, 6:14] = 2
                labels[9:12, 12:16, 8:12] = 3
                save(labels, folder / source / f"{case}.nii.gz", f"sketched by {source}")
        plan = {
            "name": "Acceptability", "images": folder / "scans",
            "sources": {name: {"kind": kind, "masks": folder / name} for name, kind in SOURCES.items()},
            "raters": {"anna": {"own": "zebra"}, "ben": {}},
            "draw": {"masks": 2, "experts": (1, 1), "models": (1, 1), "read_by_all": 0},
        }  # fmt: skip
        place = str(tmp_path / "study.sqlite")
        make_study(StudyPlan.model_validate(plan | settings), place)
        return open_study(place)

    return made


@pytest.fixture
def door():
    return Door("oncontour study serve", LINKS)
