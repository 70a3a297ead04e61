"""What all parts of a plan are made of: numbers with bounds, and models that refuse unknown keys."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=0)]
Size = tuple[Count, Count, Count]


class Frozen(BaseModel):
    """A part of a plan: no unknown keys, no change after loading."""

    model_config = ConfigDict(frozen=True, extra="forbid")
