"""Log lines: JSON, one a line, to standard error; what they say names no patient."""

from __future__ import annotations

import json
import logging
import warnings
from datetime import UTC, datetime

OWN = "oncontour"


class _Lines(logging.Formatter):
    def __init__(self, node: str) -> None:
        super().__init__()
        self._node = node

    def format(self, record: logging.LogRecord) -> str:
        """A record without its traceback, whose lines may hold what a header said."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {"at": at, "level": record.levelname.lower(), "node": self._node, "what": record.getMessage()}
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
        return json.dumps(line, ensure_ascii=False)


def log_lines(node: str) -> None:
    """Log what Oncontour says; other libraries are silent, since what they log holds UIDs and headers."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Lines(node))
    own = logging.getLogger(OWN)
    own.handlers, own.propagate = [handler], False
    own.setLevel(logging.INFO)
    logging.getLogger().handlers = [logging.NullHandler()]
    warnings.simplefilter("ignore")  # pydicom's quote what a header says.
