"""How long images and results stay, as the node's configuration says it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from oncontour.plans.fields import Frozen, Positive


class KeepSettings(Frozen):
    """What is removed when. Days count from a case's end, or from a study's last image where that came later.

    Whatever is said here, nothing is removed of a case that has not ended; what the ledger knows of a case remains.

    Args:
        images_days: images of a study whose cases are delivered or ignored; None: for ever.
        results_days: results of a delivered case; None: for ever.
        unfinished_days: images and results of a case that is held or in quarantine, in place of these; None: for ever.
        archive: results of delivered cases are moved into this folder, not removed; it must be there.
        free_mb: where the disk has less left, images of delivered and ignored cases go sooner, the oldest first; None:
            they never do.
        least_days: that images stay even then.
        look_every_s: between two looks.
    """

    images_days: Positive | None = None
    results_days: Positive | None = None
    unfinished_days: Positive | None = None
    archive: Path | None = None
    free_mb: Positive | None = None
    least_days: Annotated[float, Field(ge=0)] = 1.0
    look_every_s: Positive = 600.0

    @model_validator(mode="after")
    def _unfinished_stays_longer(self) -> Self:
        others = [days for days in (self.images_days, self.results_days) if days is not None]
        if self.unfinished_days is not None and self.unfinished_days < max(others, default=0.0):
            raise ValueError("unfinished_days: what waits for a person stays no shorter than what is delivered")
        if self.archive is not None and self.results_days is None:
            raise ValueError("archive: say with results_days when results are moved there")
        return self
