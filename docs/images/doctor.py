"""Draw docs/images/doctor.png: what `oncontour doctor` draws of three synthetic cases. Run from the repository's root.

The second case's mask is flipped on purpose.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from typer.testing import CliRunner

from oncontour.cli.main import app
from oncontour.data.nifti import read_voxels, write_nifti

CASES, SEED, SPACING_MM = 3, 40, 1.5


def main() -> None:
    """Make the cohort, flip a mask, examine it."""
    with TemporaryDirectory() as folder:
        cohort = Path(folder) / "cohort"
        options = ["--cases", str(CASES), "--seed", str(SEED), "--spacing", str(SPACING_MM)]
        CliRunner().invoke(app, ["phantom", str(cohort), *options], catch_exceptions=False)
        mask = sorted(cohort.glob("cases/*/*-seg.nii.gz"))[1]
        volume, _ = read_voxels(mask)
        write_nifti(volume.with_array(np.ascontiguousarray(volume.array[::-1])), mask, "uint8")
        result = CliRunner().invoke(app, ["doctor", str(cohort), "--out", folder], catch_exceptions=False)
        print(result.output)
        shutil.copyfile(Path(folder) / "overlay.png", Path(__file__).with_name("doctor.png"))


if __name__ == "__main__":
    main()
