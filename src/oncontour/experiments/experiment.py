"""What a recipe says: cohorts, arms that are trained on them, scales, tables with published figures, findings.

A recipe is data: names, numbers and text, with no expressions. Every number of a training is a change of a plan, by
its place (`training.optimiser.learning_rate`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal, get_args

from pydantic import Field, model_validator

from oncontour.core.labels import SCHEMES
from oncontour.core.sequence import Sequence
from oncontour.evaluate.summary import SUMMARISED
from oncontour.plans.fields import Count, Frozen, Positive, Seed, Size

ScaleName = Literal["tiny", "small", "paper"]
SCALES: tuple[ScaleName, ...] = get_args(ScaleName)

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$")]
"""Of a folder."""

Changes = dict[str, Any]
"""Values of a plan by their place."""

MISSED = "missed"
"""The metric of a finding that counts cases of Dice 0 whose reference has the region."""

VOLUME_COLUMNS = ("dice", "aggregated", "rvd", "icc", "zero")
"""Of a table of volumes (paper 001, Table 2)."""


class Cohort(Frozen):
    """Cases to train or to judge on.

    Args:
        real: what the paper had, and what whoever has the data must give.
        kind: of the phantom's patients that stand for them.
        cases: how many at each scale; at "paper" those that the paper had.
        seed: of the first phantom.
        one_scanner: phantoms whose contrasts are nearly alike, as in one hospital.
        second_rater: with the masks of another reader of the same cases.
    """

    real: str
    kind: Literal["adult", "paediatric", "postoperative", "adc"]
    cases: dict[ScaleName, Count]
    seed: Seed
    one_scanner: bool = False
    second_rater: bool = False


class Arm(Frozen):
    """One model.

    Args:
        title: in a few words.
        train: cohort that it learns from.
        network: to be planned for the cohort; None: that of the arm it begins with.
        start: `from` in YAML: the arm whose weights it begins with; each fold with its own.
        scheme: of its labels.
        channels: sequences that it reads; empty: those that most cases have.
        plan: what else it has than proposed.
        test: cohorts that it is judged on; None: the experiment's.
    """

    title: str
    train: str
    network: str | None = None
    start: str | None = Field(default=None, alias="from")
    scheme: str
    channels: tuple[Sequence, ...] = ()
    plan: Changes = Field(default_factory=dict)
    test: tuple[str, ...] | None = None

    @model_validator(mode="after")
    def _check(self) -> Arm:
        if (self.network is None) == (self.start is None):
            raise ValueError("an arm has a network, or begins `from` another arm")
        _known("scheme", [self.scheme], SCHEMES)
        return self


class Grid(Frozen):
    """Arms that differ from one in a few numbers: every combination of one point of each axis.

    Args:
        base: the arm.
        title: of them all.
        axes: of each axis, what its points are called and what they change.
    """

    base: str
    title: str
    axes: tuple[dict[Name, Changes], ...]


class Scale(Frozen):
    """How large everything is.

    Args:
        said: in a sentence, for the page.
        folds: of every training; 1: one training on every case, nothing held out.
        spacing_mm: of networks' grids, and of phantoms; None: as the data have it.
        patch: voxels; None: as proposed.
        memory: of the device to train on.
        plan: changes of all arms, after their own.
        networks: changes of the arms that have this network, after those.
        arms: changes of one arm, last of all.
        only: arms that are run, as patterns (`sum-*`); empty: all.
    """

    said: str
    folds: Count
    spacing_mm: Positive | None = None
    patch: Size | None = None
    memory: str = "11GB"
    plan: Changes = Field(default_factory=dict)
    networks: dict[str, Changes] = Field(default_factory=dict)
    arms: dict[str, Changes] = Field(default_factory=dict)
    only: tuple[str, ...] = ()


class Table(Frozen):
    """A table of the paper.

    Args:
        title: with the paper's number of it.
        kind: volumes: Dice, aggregated Dice, RVD, ICC and misses of one region; regions: one metric of several.
        cohort: that arms were judged on.
        arms: names, or patterns of them, in the order of rows.
        regions: columns; of a table of volumes the one region.
        metric, statistic: of a table of regions: what is told of which column of cases.csv.
        published: by arm and column, as the paper prints it.
    """

    title: str
    kind: Literal["volumes", "regions"]
    cohort: str
    arms: tuple[str, ...]
    regions: tuple[str, ...]
    metric: str = "dice"
    statistic: Literal["mean (SD) (median)", "median / mean / SD", "mean ± SD, %", "median (quartiles)"] = (
        "mean (SD) (median)"
    )
    published: dict[str, dict[str, str]] = Field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        """What `published` may name."""
        return VOLUME_COLUMNS if self.kind == "volumes" else self.regions

    @model_validator(mode="after")
    def _check(self) -> Table:
        if self.kind == "volumes" and len(self.regions) != 1:
            raise ValueError("a table of volumes is of one region")
        _known("metric", [self.metric], SUMMARISED)
        _known("column", (column for row in self.published.values() for column in row), self.columns)
        return self


class Finding(Frozen):
    """What the paper found of two arms on the same cases.

    Args:
        statement: in a sentence.
        published: the paper's own figures.
        first, second: arms.
        expects: first is better than second, or the two are alike.
        cohort, region, metric: where; the metric is a column of cases.csv, or "missed".
    """

    statement: str
    published: str = ""
    first: str
    second: str
    expects: Literal["better", "alike"] = "better"
    cohort: str
    region: str
    metric: str = "dice"

    @model_validator(mode="after")
    def _check(self) -> Finding:
        _known("metric", [self.metric], (*SUMMARISED, MISSED))
        return self


class Experiment(Frozen):
    """A paper's experiment.

    Args:
        name: of its file.
        title, paper, question: what, whose, and what it asks.
        cohorts, arms, grids: by name; a grid's arms are called GRID-POINT-POINT.
        scales: at which it can be run.
        test: cohorts that arms are judged on, where they do not say.
        tables, findings: what is shown.
        left_out: what of the paper is not here, and why.
    """

    name: Name
    title: str
    paper: str
    question: str
    cohorts: dict[Name, Cohort]
    arms: dict[Name, Arm]
    grids: dict[Name, Grid] = Field(default_factory=dict)
    scales: dict[ScaleName, Scale]
    test: tuple[str, ...]
    tables: tuple[Table, ...]
    findings: tuple[Finding, ...]
    left_out: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Experiment:
        _known("scale", SCALES, self.scales)
        _known("cohort", self.test, self.cohorts)
        for name, cohort in self.cohorts.items():
            _known(f"scale of cohort {name}", SCALES, cohort.cases)
        for name, arm in self.arms.items():
            _known(f"cohort of arm {name}", (arm.train, *(arm.test or ())), self.cohorts)
            _known(f"arm before {name}", [arm.start] if arm.start else [], self.arms)
        for name, arm in self.arms.items():
            seen = self._learnt_from(arm) & set(self.test if arm.test is None else arm.test)
            if seen:
                raise ValueError(f"arm {name!r} is judged on what it learnt from: {', '.join(sorted(seen))}")
        for name, grid in self.grids.items():
            _known(f"base of grid {name}", [grid.base], self.arms)
        for part in (*self.tables, *self.findings):
            _known("cohort", [part.cohort], self.cohorts)
        return self

    def _learnt_from(self, arm: Arm) -> set[str]:
        """The cohorts of an arm and of those before it."""
        found, names = {arm.train}, set()
        while arm.start and arm.start not in names:
            names.add(arm.start)
            arm = self.arms[arm.start]
            found.add(arm.train)
        return found


def _known(what: str, names: Iterable[str], there: Iterable[str]) -> None:
    """Refuse names that nothing has."""
    there = list(there)
    for name in names:
        if name not in there:
            raise ValueError(f"{what} {name!r}, which is none of {', '.join(there)}")
