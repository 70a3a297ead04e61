"""Many studies through one node whose segmentation is a stand-in: does its memory end to grow?

    python benchmarks/node_memory.py [--studies 120] [--write docs/node-memory.md]

All but the segmentation, a process of its own, is the real node's: images come from a real Orthanc and results go back
to it. Needs what benchmarks/node_soak.py needs; ends with exit code 1 where a study was not delivered once.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from soak.node import STAND_IN
from soak.page import held_table, slope
from soak.run import end, soaked

KEEP_MINUTES = 2.0

PAGE = """# A node's memory

```
python benchmarks/node_memory.py --write docs/node-memory.md
```

{studies} studies of {images} images ({size:.0f} MB) one after the other through one node, in {minutes:.0f} minutes. The
segmentation, which is a process of its own, is a stand-in that writes four small objects; all else is as in
[an hour of the node](node-soak.md), but that images and results are removed {keep:.0f} minutes after delivery.

Memory of the node's own (resident, shared with no other program) after so many studies; "with segmentation" and "disk"
as on that page.

{held}

By a straight line through the second half: **{slope:+.3f} MiB a study**. What grows is SQLite's caches, up to
2 MiB for each connection; connections are opened as threads need them, and have two files each.
"""


def main() -> None:
    """Send, wait, look, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=120)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", type=Path, metavar="MD", help="page to write")
    given = parser.parse_args()
    soak = soaked(STAND_IN, given.studies, float("inf"), 2, given.seed, KEEP_MINUTES)
    text = PAGE.format(
        studies=len(soak.taken), images=soak.images, size=soak.size_mb, minutes=soak.minutes, keep=KEEP_MINUTES,
        held=held_table(soak.taken), slope=slope(soak.taken),
    )  # fmt: skip
    end(text, given.write, soak.taken)


if __name__ == "__main__":
    main()
