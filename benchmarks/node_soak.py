"""Whole heads through a real node, one after the other, for an hour: seconds besides the segmentation, and memory.

    python benchmarks/node_soak.py [--studies 200] [--minutes 60] [--heads 4] [--write docs/node-soak.md]

Needs the extra `node` and the Debian package orthanc; all listen on 127.0.0.1. Ends with exit code 1 where a study was
not delivered, or was delivered twice.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from soak.node import NODE
from soak.page import Setting, page
from soak.run import end, soaked

KEEP_MINUTES = 10.0


def main() -> None:
    """Send, wait, look, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--studies", type=int, default=200)
    parser.add_argument("--minutes", type=float, default=60.0, help="no study is begun after these")
    parser.add_argument("--heads", type=int, default=4, help="phantom heads that take turns")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", type=Path, metavar="MD", help="page to write")
    given = parser.parse_args()
    soak = soaked(NODE, given.studies, given.minutes, given.heads, given.seed, KEEP_MINUTES)
    cores = len(os.sched_getaffinity(0))
    text = page(soak.taken, Setting(soak.minutes, cores, soak.images, soak.size_mb, given.heads, KEEP_MINUTES))
    end(text, given.write, soak.taken)


if __name__ == "__main__":
    main()
