"""Draw docs/images/phantom.png: one synthetic case of each kind. Run from the repository's root."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
import numpy as np

mpl.use("Agg")
from matplotlib import pyplot as plt

from oncontour.data.phantom.case import PhantomCase, Spec, make_case
from oncontour.data.phantom.kinds import KINDS
from oncontour.data.phantom.mni import load_mni

ROWS = (
    ("adult", 21, True),
    ("adult", 34, False),
    ("paediatric", 47, False),
    ("postoperative", 65, True),
    ("adc", 12, True),
)
"""Kind, seed, whole head or not."""

COLOURS = np.array(
    [
        (0, 0, 0),
        (86, 180, 233),
        (240, 228, 66),
        (213, 94, 0),
        (0, 158, 115),
        (0, 114, 178),
        (204, 121, 167),
        (230, 159, 0),
    ]
)


def draw(row: list[plt.Axes], case: PhantomCase) -> None:
    """The axial slice with most tumour, patient's right on the left."""
    k = int(np.argmax((case.labels > 0).sum((0, 1))))
    pictures = [(str(sequence), image[::-1, :, k].T) for sequence, image in case.images.items()]
    for axis, (title, picture) in zip(row, pictures, strict=False):
        axis.imshow(picture, cmap="gray", origin="lower", vmin=0, vmax=np.percentile(picture, 99.5))
        axis.set_title(title, fontsize=9, color="white")
    row[4].imshow(COLOURS[case.labels[::-1, :, k].T], origin="lower", interpolation="nearest")
    row[4].set_title(f"truth, {case.kind.name}", fontsize=9, color="white")


figure, axes = plt.subplots(len(ROWS), 5, figsize=(11, 2.75 * len(ROWS)), facecolor="black")
head = load_mni()
for row, (kind, seed, skull) in zip(axes, ROWS, strict=True):
    draw(row, make_case(head, seed, Spec(skull=skull, kind=KINDS[kind]), threads=2))
for axis in axes.ravel():
    axis.axis("off")
figure.tight_layout(pad=0.3)
figure.savefig(Path(__file__).with_suffix(".png"), dpi=75)
