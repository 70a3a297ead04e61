"""How fast the node receives, beside Orthanc and dcmtk's storescp.

    python benchmarks/receive_rate.py [--images 760] [--rounds 5] [--folder DIR] [--write docs/receive-rate.md]

Needs the extra `node` and the Debian packages dcmtk and orthanc; all listen on 127.0.0.1. Prints the table; with
`--write` a page is written.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, generate_uid
from receivers.page import Run, page, rates
from receivers.programs import NODELAY, RECEIVERS, arrived, receiver

SIZE = 512
"""Rows and columns of an image of two bytes a pixel: 0.52 MB."""

SERIES = 4
ASSOCIATIONS = (1, 8)

SETTLE_S = 6.0
"""ext4 looks through all files of a group that were deleted within five seconds whenever it makes one there: what a
receiver left would cost the next one up to a millisecond an image."""


def main() -> None:
    """Make, send, count, print, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=760, help="of the study")
    parser.add_argument("--rounds", type=int, default=5, help="of each receiver")
    parser.add_argument("--folder", type=Path, help="where receivers write; default: the system's temporary folder")
    parser.add_argument("--write", type=Path, metavar="MD", help="page to write")
    given = parser.parse_args()
    missing = [name for name in ("storescu", "storescp", "echoscu", "Orthanc") if not shutil.which(name)]
    if missing:
        raise SystemExit(f"Install the Debian packages dcmtk and orthanc: {', '.join(missing)} is missing.")
    runs: dict[tuple[int, str], list[Run]] = {(number, name): [] for number in ASSOCIATIONS for name in RECEIVERS}
    with TemporaryDirectory(dir=given.folder) as folder:
        study = make_study(Path(folder) / "study", given.images)
        for _ in range(given.rounds):
            for number, name in runs:
                runs[number, name].append(send(study, number, name, Path(folder) / "received"))
            print(rates(runs), flush=True)
        size = sum(path.stat().st_size for path in study) / len(study) / 1e6
    if given.write:
        given.write.write_text(page(given.images, size, given.rounds, runs), "utf-8")


def make_study(folder: Path, images: int) -> list[Path]:
    """A study of noise."""
    folder.mkdir()
    draw, study, series = np.random.default_rng(0), generate_uid(), [generate_uid() for _ in range(SERIES)]
    paths = []
    for number in range(images):
        image = Dataset()
        image.SOPClassUID, image.SOPInstanceUID = MRImageStorage, generate_uid()
        image.StudyInstanceUID, image.SeriesInstanceUID = study, series[number % SERIES]
        image.PatientID, image.Modality, image.InstanceNumber = "RATE", "MR", number
        image.Rows = image.Columns = SIZE
        image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 16, 12, 11, 0
        image.SamplesPerPixel, image.PhotometricInterpretation = 1, "MONOCHROME2"
        image.PixelData = draw.integers(0, 4096, (SIZE, SIZE), dtype=np.uint16).tobytes()
        image.file_meta = FileMetaDataset()
        image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        paths.append(folder / f"{number:04d}.dcm")
        image.save_as(paths[-1], enforce_file_format=True)
    return paths


def send(study: list[Path], associations: int, name: str, folder: Path) -> Run:
    """Send it to a receiver that is started for it.

    Raises:
        SystemExit: something did not arrive.
    """
    with receiver(name, folder) as running:
        command = ["storescu", "127.0.0.1", str(running.port)]
        began = time.perf_counter()
        senders = [
            subprocess.Popen([*command, *map(str, study[k::associations])], env=NODELAY) for k in range(associations)
        ]
        failed = sum(sender.wait() != 0 for sender in senders)
        took = time.perf_counter() - began
    count = arrived(folder)
    shutil.rmtree(folder)
    time.sleep(SETTLE_S)
    if failed or count != len(study):
        raise SystemExit(f"{name}: {count} of {len(study)} images arrived.")
    return Run(len(study) / took, running.peak_mib)


if __name__ == "__main__":
    main()
