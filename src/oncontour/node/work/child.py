"""A segmentation in a process of its own: what it leaks or breaks ends with it.

    python -m oncontour.node.work.child

It waits for a line of JSON on its standard input, [STUDY, OUT, BUNDLE], and loads its modules meanwhile, but not at
once: when it begins, the study before is on its way to its peers and needs the cores more. It ends when whoever began
it does: when its standard input closes.
"""

from __future__ import annotations

import json
import os
import select
import sys
import threading
from importlib import import_module
from pathlib import Path

ORPHANED = 70

QUIET_S = 8.0
"""Before its modules are loaded, where nothing is to be done yet."""

MODULES = (
    "oncontour.pipeline.segment",
    "oncontour.inference.bundle",
    "oncontour.preprocess.run",
    "oncontour.dicom.segmentation",
    "highdicom",
    "matplotlib.figure",
    "reportlab.platypus",
)
"""What every study needs, five seconds of loading in all; whatever else is loaded when it is needed."""


def main() -> int:
    """Segment one study; exit code 0 where it succeeded. The last line of output is the error, as JSON."""
    select.select([sys.stdin], [], [], QUIET_S)
    for module in MODULES:
        import_module(module)
    line = sys.stdin.readline()
    if not line:
        return ORPHANED
    study, out, bundle = json.loads(line)
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
    code = main()
    sys.stdout.flush()
    os._exit(code)  # All is on disk; to take torch and its threads down in good order took two seconds more.
