"""Masks of several sources on the sequences of one case (paper 000, Figure 4; paper 001, Figure 3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from oncontour.core.errors import GeometryError, InputError
from oncontour.core.labels import LabelScheme, Region
from oncontour.core.overlap import overlap
from oncontour.core.sequence import Sequence
from oncontour.core.volume import Volume
from oncontour.drawing.files import hexadecimal
from oncontour.drawing.slices import DIM, PALE, draw_scale_bar, draw_slice, frame, outline, seen_mm, window, write
from oncontour.drawing.style import shortened
from oncontour.drawing.views import AXIAL, choose_slices, picture
from oncontour.evaluate.figures.samples import Drawn, Row
from oncontour.evaluate.metrics.volume import relative_volume_difference

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Masks = Mapping[str, NDArray[np.bool_]]

PICTURE_INCHES, GAP_INCHES, SIDE_INCHES, HEAD_INCHES, FOOT_INCHES = 1.9, 0.04, 1.35, 0.28, 0.46
"""A picture, between two, the words beside a row, above the columns, and the key below."""
BOARD, MARGIN_MM = "#14171a", 6.0
OUTLINE_POINTS, FILL = 1.0, 0.3
"""Width of outlines, and how much of the colour covers the tissue within."""
SOURCE_LETTERS = 17
NAME_POINTS, SMALL_POINTS = 8.0, 6.5


def overlays(
    images: Mapping[Sequence, Volume],
    sources: Mapping[str, Volume],
    scheme: LabelScheme,
    shown: tuple[str, ...] = (),
) -> Drawn:
    """A row a source, a column a sequence: the axial slice in which the first source has most, radiological.

    Beside each row but the first stand Dice and the relative difference of volume against the first, of all slices.

    Args:
        images: sequence -> image, on one grid.
        sources: name, the reference first -> label map on that grid.
        scheme: of the label maps.
        shown: names of regions or composites, outer ones first; by default the scheme's regions.

    Raises:
        GeometryError: not on one grid.
        InputError: no image or no source, or a region that the scheme does not have.
    """
    if not images or not sources:
        found = f"{len(images)} images, {len(sources)} masks"
        raise InputError("overlays", found, "one of each at least", "Give both.")
    upright, labels = _upright(images, sources)
    regions = [scheme.region(name) for name in shown] if shown else list(scheme.regions)
    masks = {
        name: {region.name: np.isin(volume.array, scheme.values(region)) for region in regions}
        for name, volume in labels.items()
    }
    grid = next(iter(upright.values())).grid
    index = _slice(masks, upright)
    figure = _board(len(images), len(sources))
    inside = {sequence: _head(image) for sequence, image in upright.items()}
    middle, side = _field_of_view(np.any([one[:, :, index] for one in inside.values()], axis=0), grid.spacing)
    for row, own in enumerate(masks.values()):
        for column, (sequence, image) in enumerate(upright.items()):
            axes = _axes(figure, row, column)
            frame(axes, middle, side)
            draw_slice(axes, image, AXIAL, index, window(image.array, inside[sequence]))
            _draw_regions(axes, own, regions, index, grid.spacing)
            write(axes, 0.02, 0.5, AXIAL.left, NAME_POINTS - 1, PALE, ha="left", va="center", weight="bold")
            write(axes, 0.98, 0.5, AXIAL.right, NAME_POINTS - 1, PALE, ha="right", va="center", weight="bold")
            if row == 0:
                axes.set_title(str(sequence), fontsize=NAME_POINTS, color=PALE, weight="bold", pad=4)
            if row == column == 0:
                draw_scale_bar(axes, SMALL_POINTS)
    rows = _rows(masks, grid.voxel_volume_mm3 / 1000)
    _write_sides(figure, list(masks), rows)
    place = AXIAL.position(float(grid.to_world((0, 0, index))[2]))
    _write_key(figure, regions, f"n = 1 case, axial slice {place}")
    return figure, rows


def _upright(
    images: Mapping[Sequence, Volume], sources: Mapping[str, Volume]
) -> tuple[dict[Sequence, Volume], dict[str, Volume]]:
    first = next(iter(images.values())).grid
    for name, volume in (*images.items(), *sources.items()):
        if not volume.grid.same_as(first):
            found = f"{name} on another grid than {next(iter(images))}"
            raise GeometryError("overlays", found, "all on one grid", "Resample them first.")
    upright = {sequence: image.reoriented("RAS") for sequence, image in images.items()}
    return upright, {name: volume.reoriented("RAS") for name, volume in sources.items()}


def _slice(masks: Mapping[str, Masks], images: Mapping[Sequence, Volume]) -> int:
    """Where the first source that has anything has its largest area, else the middle of the head."""
    areas = [np.any(list(own.values()), axis=0) for own in masks.values()]
    tumour = next((area for area in areas if area.any()), areas[0])
    return choose_slices(tumour[None], _head(next(iter(images.values()))))[2]


def _head(image: Volume) -> NDArray[np.bool_]:
    """What is not background: in a stripped image the brain."""
    return image.array > image.array.min()


def _field_of_view(seen: NDArray[np.bool_], spacing: tuple[float, float, float]) -> tuple[tuple[float, float], float]:
    """Middle, in mm from the slice's low corner, and side of a square that holds what is seen (i, j)."""
    low, high = seen_mm(seen, spacing)
    return (float(low[0] + high[0]) / 2, float(low[1] + high[1]) / 2), float(np.max(high - low)) + 2 * MARGIN_MM


def _board(columns: int, rows: int) -> Figure:
    from matplotlib.figure import Figure

    step = PICTURE_INCHES + GAP_INCHES
    return Figure(figsize=(SIDE_INCHES + columns * step, HEAD_INCHES + rows * step + FOOT_INCHES), facecolor=BOARD)


def _axes(figure: Figure, row: int, column: int) -> Axes:
    width, height = figure.get_size_inches()
    left = SIDE_INCHES + column * (PICTURE_INCHES + GAP_INCHES)
    bottom = height - HEAD_INCHES - row * (PICTURE_INCHES + GAP_INCHES) - PICTURE_INCHES
    size = PICTURE_INCHES / width, PICTURE_INCHES / height
    return figure.add_axes((left / width, bottom / height, *size), facecolor="black")


def _draw_regions(
    axes: Axes, masks: Masks, regions: list[Region], index: int, spacing: tuple[float, float, float]
) -> None:
    """Later regions cover earlier ones."""
    plane = next(iter(masks.values()))[:, :, index]
    fill = np.zeros((*plane.shape, 4), np.float32)
    for region in regions:
        fill[masks[region.name][:, :, index]] = (*(part / 255 for part in region.colour), FILL)
    painted = np.stack([picture(fill[:, :, None, channel], AXIAL, 0) for channel in range(4)], axis=-1)
    extent = (plane.shape[0] * spacing[0], 0, 0, plane.shape[1] * spacing[1])
    axes.imshow(painted, extent=extent, interpolation="nearest", aspect="auto")
    for region in regions:
        mask = masks[region.name][:, :, index]
        outline(axes, mask, (spacing[0], spacing[1]), hexadecimal(region.colour), OUTLINE_POINTS)


def _rows(masks: Mapping[str, Masks], voxel_ml: float) -> list[Row]:
    """A row a source and region, of the whole mask."""
    reference = next(iter(masks.values()))
    rows: list[Row] = []
    for name, own in masks.items():
        for region, mask in own.items():
            shared = overlap(mask, reference[region])
            volumes = shared.pred * voxel_ml, shared.ref * voxel_ml
            first = own is reference
            scores = None if first else shared.dice, None if first else relative_volume_difference(*volumes)
            rows.append(
                {"source": name, "region": region, "volume_ml": volumes[0], "dice": scores[0], "rvd": scores[1]}
            )
    return rows


def _write_sides(figure: Figure, names: list[str], rows: list[Row]) -> None:
    width, height = figure.get_size_inches()
    for number, name in enumerate(names):
        top = height - HEAD_INCHES - number * (PICTURE_INCHES + GAP_INCHES) - 0.12
        text = shortened(name, SOURCE_LETTERS)
        figure.text(0.08 / width, top / height, text, fontsize=NAME_POINTS, color=PALE, weight="bold", va="top")
        lines = [_told(row) for row in rows if row["source"] == name]
        figure.text(0.08 / width, (top - 0.2) / height, "\n".join(lines), fontsize=SMALL_POINTS, color=DIM, va="top")


def _told(row: Row) -> str:
    said = f"{row['region']}  {row['volume_ml']:.1f} mL"
    if row["dice"] is None:
        return said
    said, change = f"{said}\n  Dice {row['dice']:.2f}", row["rvd"]
    if not isinstance(change, float) or not np.isfinite(change):
        return said
    return said + f", volume {100 * change:+.0f} %".replace("-", "−")


def _write_key(figure: Figure, regions: list[Region], place: str) -> None:
    width, height = figure.get_size_inches()
    y, x = 0.31 / height, SIDE_INCHES
    for region in regions:
        colour = hexadecimal(region.colour)
        figure.text(x / width, y, "■", color=colour, fontsize=NAME_POINTS + 1, va="center")
        figure.text((x + 0.16) / width, y, region.name, color=PALE, fontsize=NAME_POINTS - 0.5, va="center")
        x += 0.34 + 0.085 * len(region.name)
    figure.text(SIDE_INCHES / width, 0.12 / height, place, color=DIM, fontsize=SMALL_POINTS, va="center")
