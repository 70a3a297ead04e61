"""A reader study as its plan says it: a YAML file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from oncontour.core.labels import SCHEMES
from oncontour.core.sequence import Sequence
from oncontour.data.settings import read_settings
from oncontour.plans.fields import Count, Frozen, Seed

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._-]{0,62}$")]
Kind = Literal["expert", "model"]
KINDS: tuple[Kind, Kind] = ("expert", "model")
Bounds = tuple[Annotated[int, Field(ge=0)], Annotated[int, Field(ge=0)]]

WHOLE_MAP = "all"
"""In place of a region: the label map with all its labels, as paper 003's readers saw it."""

COLOURS = ("#e69f00", "#56b4e9", "#009e73", "#f0e442", "#cc79a7", "#d55e00")
"""Of masks on grey images: Okabe and Ito's, which the colour-blind tell apart."""


class SourceSettings(Frozen):
    """One who drew masks.

    Args:
        kind: a person or a model.
        masks: where they are (`evaluate.pairs.find_masks`).
    """

    kind: Kind
    masks: Path


class RaterSettings(Frozen):
    """One who judges masks.

    Args:
        own: the source that this rater drew, and is never shown.
        cases: all, or only those that all raters read, as paper 003's second reader.
    """

    own: Name | None = None
    cases: Literal["all", "read by all"] = "all"


class DrawSettings(Frozen):
    """What is drawn for each rater and case; the defaults are paper 001's.

    Args:
        masks: of a case, fewer where fewer are there.
        experts, models: the fewest and the most of each kind.
        at_once: masks on one page, overlaid; None: all of the case.
        read_by_all: cases, chosen by chance, of which all raters get the same masks as far as none of them drew one:
            for the agreement between raters (paper 003: 30). Fewer where there are fewer cases.
        read_twice: pages of each rater that come again, the first in the first third of all, the second in the last:
            for the agreement of raters with themselves. At most a third of the pages.
        seed: of all that chance decides.
    """

    masks: Count = 3
    experts: Bounds = (1, 2)
    models: Bounds = (1, 2)
    at_once: Count | None = None
    read_by_all: Annotated[int, Field(ge=0)] = 30
    read_twice: Annotated[int, Field(ge=0)] = 0
    seed: Seed = 0

    @property
    def page(self) -> int:
        """Masks on one page."""
        return min(self.at_once or self.masks, self.masks)

    @model_validator(mode="after")
    def _can_be_drawn(self) -> Self:
        for name, (fewest, most) in (("experts", self.experts), ("models", self.models)):
            if fewest > most:
                raise ValueError(f"{name}: from {fewest} to {most} is none")
        if self.experts[0] + self.models[0] > self.masks:
            raise ValueError(f"masks: {self.masks} cannot hold the fewest experts and models")
        if self.page > len(COLOURS):
            raise ValueError(f"at_once: at most {len(COLOURS)} masks can be told apart by colour")
        return self


class StudyPlan(Frozen):
    """A reader study.

    Args:
        name: of the study, as raters see it.
        scale: "likert", 1 to 10 (paper 001), or "two-step", 5 points (paper 003).
        ask_origin: ask of each mask whether a computer made it.
        instructions: written, for raters; None: those of the scale.
        images: a data set to show masks on; None: masks alone.
        scheme: label scheme of all masks.
        region: shown; None: the scheme's first. "all": the whole label map, one mask a page.
        resample: bring masks onto the grid of the case's first (nearest), rather than leave them out.
        cases: by name; None: all of which a source has a mask (and, with `images`, that are there).
        sequences: of which the two-step scale asks what is missing; the default is paper 003's.
        sources: by name.
        raters: by name.
        draw: what is drawn.
    """

    name: Annotated[str, Field(min_length=1, max_length=64)]
    scale: Literal["likert", "two-step"] = "likert"
    ask_origin: bool = True
    instructions: str | None = None
    images: Path | None = None
    scheme: str = "brats"
    region: str | None = None
    resample: bool = False
    cases: tuple[str, ...] | None = None
    sequences: tuple[Sequence, ...] = (Sequence.FLAIR, Sequence.T1CE, Sequence.ADC)
    sources: Mapping[Name, SourceSettings]
    raters: Annotated[Mapping[Name, RaterSettings], Field(min_length=1)]
    draw: DrawSettings = DrawSettings()

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        for rater, settings in self.raters.items():
            if settings.own is not None and settings.own not in self.sources:
                raise ValueError(f"raters.{rater}.own: no source {settings.own!r} among {', '.join(self.sources)}")
        for kind, (fewest, _) in zip(KINDS, (self.draw.experts, self.draw.models), strict=True):
            if fewest > len(self.of_kind(kind)):
                raise ValueError(f"draw: {fewest} or more of kind {kind} a case, but {len(self.of_kind(kind))} sources")
        if self.scheme not in SCHEMES:
            raise ValueError(f"scheme: {self.scheme!r} is none of {', '.join(SCHEMES)}")
        known = [region.name for region in SCHEMES[self.scheme].all_regions]
        if self.region not in (None, WHOLE_MAP, *known):
            raise ValueError(f"region: {self.region!r} is none of {', '.join(known)}, {WHOLE_MAP}")
        if self.region == WHOLE_MAP and self.draw.page > 1:
            raise ValueError("region: whole label maps cannot be overlaid; set draw.at_once to 1")
        return self

    @property
    def shown(self) -> str:
        """Name of the region that is shown, or "all"."""
        return self.region or SCHEMES[self.scheme].regions[0].name

    def of_kind(self, kind: Kind) -> tuple[str, ...]:
        """Names of the sources of a kind."""
        return tuple(name for name, source in self.sources.items() if source.kind == kind)


def load_study_plan(path: Path) -> StudyPlan:
    """Read a plan; paths in it are relative to its folder.

    Raises:
        InputError: no YAML, or a field that is wrong, which is named.
    """
    remedy = "docs/reader-studies.md has a plan to begin with."
    return read_settings(path, StudyPlan, ("masks", "images"), "the plan of a reader study", remedy)
