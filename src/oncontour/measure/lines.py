"""Straight lines inside a mask: which stay in it, which cross, which are perpendicular."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FIRST_BATCH = 64
"""Lines are tried from the longest on; in round masks one of the first fits."""

PROBES = np.arange(1, 8)
"""Eighths of a line that are looked at first: most lines across a ring leave the mask at one of them."""

BATCH_CELLS = 2_000_000
"""At most so many pixels are looked up at once, which bounds the memory."""


@dataclass(frozen=True)
class Lines:
    """All lines between boundary pixels of one mask, longest first.

    Args:
        start: (n, 2) pixel index of one end.
        end: (n, 2) pixel index of the other end.
        length: (n,) mm, descending.
        angle: (n,) direction in the plane, 0 to pi.
    """

    start: NDArray[np.int32]
    end: NDArray[np.int32]
    length: NDArray[np.float64]
    angle: NDArray[np.float64]

    def take(self, chosen: NDArray | slice) -> Lines:
        """Some of the lines, by boolean mask, slice or indices that keep the order."""
        return Lines(self.start[chosen], self.end[chosen], self.length[chosen], self.angle[chosen])


def boundary_lines(mask: NDArray[np.bool_], plane: NDArray[np.float64]) -> Lines:
    """Every line between two boundary pixel centres of a mask (i, j).

    Args:
        mask: (i, j).
        plane: (2, 2) matrix from pixel steps to mm in the slice's own plane.
    """
    boundary = np.argwhere(mask & ~_interior(mask)).astype(np.int32)
    a, b = np.triu_indices(len(boundary), k=1)
    start, end = boundary[a], boundary[b]
    x, y = plane @ (end - start).T
    length = np.hypot(x, y)
    order = np.argsort(-length, kind="stable")
    return Lines(start[order], end[order], length[order], np.mod(np.arctan2(y, x), np.pi)[order])


def _interior(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pixels whose four neighbours are all in the mask."""
    padded = np.pad(mask, 1)
    return padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]


def stay_inside(mask: NDArray[np.bool_], start: NDArray[np.int32], end: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Whether lines between pixel centres run through set pixels alone.

    Exact, in whole numbers: a line passes a pixel when it meets the pixel's open square, so that a diagonal step
    between two pixels that share a corner stays inside.

    Args:
        mask: (i, j).
        start: (n, 2) pixel indices inside the mask.
        end: (n, 2) pixel indices inside the mask.
    """
    steps = np.abs(end - start).max(axis=1, initial=0)[:, None]
    inside = _set_at(mask, start, end, steps * PROBES // (PROBES[-1] + 1))
    likely = np.flatnonzero(inside)
    every = np.minimum(np.arange(int(steps[likely].max(initial=0)) + 1), steps[likely])
    inside[likely] = _set_at(mask, start[likely], end[likely], every)
    return inside


def _set_at(
    mask: NDArray[np.bool_], start: NDArray[np.int32], end: NDArray[np.int32], step: NDArray[np.int32]
) -> NDArray[np.bool_]:
    """Whether all pixels that lines (n) meet at some steps (n, s) along their longer axis are set."""
    delta = end - start
    steep = (np.abs(delta[:, 1]) > np.abs(delta[:, 0]))[:, None]
    major = np.where(steep, delta[:, 1:], delta[:, :1])
    minor = np.where(steep, delta[:, :1], delta[:, 1:])
    steps, rise = np.abs(major), np.abs(minor)
    twice = np.maximum(2 * steps, 1)
    # Within a step the line climbs from (2 step - 1) to (2 step + 1) half steps: the lowest and highest pixel it meets.
    low = np.maximum(((2 * step - 1) * rise + steps) // twice, 0)
    high = np.maximum(np.minimum(((2 * step + 1) * rise + steps - 1) // twice, rise), low)
    along = step * np.sign(major)
    inside = np.ones(len(start), dtype=bool)
    for across in (low * np.sign(minor), high * np.sign(minor)):
        i = start[:, :1] + np.where(steep, across, along)
        j = start[:, 1:] + np.where(steep, along, across)
        inside &= mask[i, j].all(axis=1)
    return inside


def first_inside(mask: NDArray[np.bool_], lines: Lines) -> int | None:
    """Index of the first line that stays inside the mask, None if there is none."""
    largest = max(FIRST_BATCH, BATCH_CELLS // (sum(mask.shape) + 1))
    begin, batch = 0, FIRST_BATCH
    while begin < len(lines.length):
        part = slice(begin, begin + batch)
        inside = stay_inside(mask, lines.start[part], lines.end[part])
        if inside.any():
            return begin + int(inside.argmax())
        begin, batch = begin + batch, min(4 * batch, largest)
    return None


def all_inside(mask: NDArray[np.bool_], lines: Lines) -> Lines:
    """The lines that stay inside the mask."""
    batch = max(FIRST_BATCH, BATCH_CELLS // (sum(mask.shape) + 1))
    parts = [
        stay_inside(mask, lines.start[begin : begin + batch], lines.end[begin : begin + batch])
        for begin in range(0, len(lines.length), batch)
    ]
    return lines.take(np.concatenate(parts)) if parts else lines


def crossing(lines: Lines, start: NDArray[np.int32], end: NDArray[np.int32]) -> NDArray[np.bool_]:
    """Which lines meet the line from `start` to `end`, ends included; none of them may be parallel to it."""
    p, q = lines.start.astype(np.int64), lines.end.astype(np.int64)
    s, e = start.astype(np.int64), end.astype(np.int64)
    apart = _cross(e - s, p - s) * _cross(e - s, q - s) <= 0
    return apart & (_cross(q - p, s - p) * _cross(q - p, e - p) <= 0)


def _cross(a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.int64]:
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]


def perpendicular(lines: Lines, angle: float, tolerance_rad: float) -> NDArray[np.bool_]:
    """Which lines make a right angle with a direction, within the tolerance."""
    turn = np.mod(lines.angle - angle, np.pi)
    return np.abs(turn - np.pi / 2) <= tolerance_rad
