"""Where the program keeps what it can make again."""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "ONCONTOUR_HOME"
"""The one environment variable that is heeded."""


def home() -> Path:
    """The folder that `ONCONTOUR_HOME` names, or ~/.cache/oncontour; it may not be there yet, and may be removed."""
    return Path(os.environ.get(VARIABLE) or Path.home() / ".cache" / "oncontour")
