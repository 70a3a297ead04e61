"""A segmentation in a process of its own: what it leaks or breaks ends with it.

    python -m oncontour.node.work.child STUDY OUT BUNDLE

It ends when whoever began it does: when its standard input closes.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from pathlib import Path

ORPHANED = 70


def main(study: str, out: str, bundle: str) -> int:
    """Segment one study; exit code 0 where it succeeded. The last line of output is the error, as JSON."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    from oncontour.pipeline.options import Options
    from oncontour.pipeline.segment import segment

    (outcome,) = segment(Path(study), Path(out), Options(bundle=bundle, dicom=True))
    if outcome.error is not None:
        print(json.dumps(outcome.error.as_json()))
        return 1
    return 0


def _end_with_parent() -> None:
    while os.read(0, 1):  # Not sys.stdin, whose lock a thread that waits would hold when Python ends.
        pass
    os._exit(ORPHANED)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
