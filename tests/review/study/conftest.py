"""Plans of small studies, and masks for them."""

from __future__ import annotations

import numpy as np
import pytest

from oncontour.core.volume import Volume
from oncontour.data.nifti import write_nifti
from oncontour.review.study.make import make_study
from oncontour.review.study.plan import StudyPlan
from oncontour.review.study.study import open_study

SHAPE = (12, 10, 6)


def study_plan(experts=3, models=2, owners=None, scale="likert", raters=None, **settings) -> StudyPlan:
    """Experts e1, e2, ..., models m1, m2, ..., and raters of whom the first `owners` drew the experts' masks."""
    sources = {f"e{n + 1}": {"kind": "expert", "masks": f"masks/e{n + 1}"} for n in range(experts)}
    sources |= {f"m{n + 1}": {"kind": "model", "masks": f"masks/m{n + 1}"} for n in range(models)}
    owners = experts if owners is None else owners
    raters = raters or {f"r{n + 1}": {"own": f"e{n + 1}" if n < owners else None} for n in range(max(experts, 1))}
    plan = {"name": "a study", "scale": scale, "sources": sources, "raters": raters, **settings}
    return StudyPlan.model_validate(plan)


def box(offset: int) -> Volume:
    """A tumour of its own for each source."""
    labels = np.zeros(SHAPE, np.uint8)
    labels[2 : 6 + offset % 3, 2 : 5 + offset % 4, 1:4] = 3
    return Volume(labels, np.diag([-1.0, -1.0, 2.0, 1.0]))


@pytest.fixture
def make_plan(tmp_path):
    """A plan whose masks are there."""

    def made(cases=6, lost=(), **settings) -> StudyPlan:
        plan = study_plan(**settings)
        sources = {name: one.model_copy(update={"masks": tmp_path / one.masks}) for name, one in plan.sources.items()}
        for number, (name, source) in enumerate(sources.items()):
            source.masks.mkdir(parents=True, exist_ok=True)
            for case in range(cases):
                if (name, f"c{case}") not in lost:
                    write_nifti(box(number + case), source.masks / f"c{case}.nii.gz", "uint8")
        return plan.model_copy(update={"sources": sources})

    return made


@pytest.fixture
def make(make_plan, tmp_path):
    """A study, drawn and ready to be read."""

    def made(**settings):
        place = str(tmp_path / "study.sqlite")
        return make_study(make_plan(**settings), place), open_study(place)

    return made
