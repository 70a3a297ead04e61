"""`python stand_in.py NODE.YAML`: `oncontour node run` whose segmentation writes four small objects at once."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from faults import node

if __name__ == "__main__":
    with TemporaryDirectory(prefix="oncontour-orders-") as orders:  # To fail: none.
        node.main(sys.argv[1], orders, real=False, clock=None)
