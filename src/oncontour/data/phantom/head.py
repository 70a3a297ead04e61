"""A head around a brain in MNI space, by geometry alone: what a head coil sees, not an atlas.

Layers follow the distance from the brain's hull: CSF, skull with marrow, muscle, fat, skin. Face and neck are smooth
bodies joined to it, and hold orbits, nose, sinuses, jaw, airway and spine. All lengths in mm; x to the right, y to the
front, z to the top, as in MNI space, so that numbers can be compared with any atlas.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from oncontour.data.phantom.anatomy import Tissue
from oncontour.data.phantom.fields import WHOLE, Array, Box, draw_field
from oncontour.data.phantom.separable import apply, blur, interpolation_matrix

Point = tuple[float, float, float]
Tissues = NDArray[np.uint8]

_COARSE = 2
"""Distances are smooth: they are measured on every second voxel and interpolated."""

HULL_MM = 12.0
"""The hull closes gaps of the brain up to twice this wide: fissures, and the clefts around the petrous bones."""

SKIN_MM = 2.0
CSF_MM = 2.5
SKULL_MM = 6.5
TABLE_MM = 1.6
"""Thickness of the inner and of the outer table of the skull; marrow lies between them."""

JOIN_MM = 9.0
"""Over this distance face and neck round off into the cranium."""


def build_head(tissues: Tissues, origin: NDArray[np.float64]) -> None:
    """Fill the air around a brain with a head, in place.

    Args:
        tissues: (i, j, k), 1 mm, axes RAS; AIR outside the brain.
        origin: MNI position of voxel (0, 0, 0).
    """
    space = _Space(tissues, origin)
    brain = tissues > 0
    coarse = _Space(tissues[::_COARSE, ::_COARSE, ::_COARSE], origin, _COARSE)
    drawn = [draw_field(np.random.default_rng(n), tissues.shape, waves) for n, waves in enumerate((12, 30))]
    out, gap = _distances(brain)
    every = slice(None, None, _COARSE)
    head = _surface(coarse, out, drawn[0].on((every, every, every)))
    out, gap, head = (_refined(one, tissues.shape) for one in (out, gap, head))
    fields = [field.on() for field in drawn]
    _soft_tissue(space, tissues, brain, head, fields)
    _face(space, tissues, head)
    _neck(space, tissues, head)
    _skull(space, tissues, brain, out, gap, head, fields)
    _orbits(space, tissues, head)
    tissues[(head > 0) & ~brain] = Tissue.AIR


class _Space:
    """MNI coordinates of a voxel array, and shapes drawn into parts of it."""

    def __init__(self, tissues: Tissues, origin: NDArray[np.float64], spacing: int = 1) -> None:
        self.shape = tissues.shape
        self.origin = origin
        self.spacing = spacing
        self.x, self.y, self.z = self.axes(WHOLE)

    def axes(self, box: Box) -> list[Array]:
        """x, y, z of a box, open (one axis each)."""
        return [
            (np.float32(self.origin[n]) + self.spacing * np.arange(self.shape[n], dtype=np.float32)[box[n]]).reshape(
                [-1 if m == n else 1 for m in range(3)]
            )
            for n in range(3)
        ]

    def box(self, low: Sequence[float], high: Sequence[float]) -> Box:
        """The voxels between two corners."""
        first = [int(np.clip(np.floor(a - o), 0, n - 1)) for a, o, n in zip(low, self.origin, self.shape, strict=True)]
        last = [int(np.clip(np.ceil(b - o) + 1, 1, n)) for b, o, n in zip(high, self.origin, self.shape, strict=True)]
        i, j, k = (slice(a, max(b, a + 1)) for a, b in zip(first, last, strict=True))
        return i, j, k

    def ellipsoid(self, centre: Point, half: Point, margin: float = 1.3) -> tuple[Box, Array]:
        """A box around an ellipsoid, and on it the distance from its centre in units of its surface's."""
        reach = [margin * h for h in half]
        box = self.box(
            [c - r for c, r in zip(centre, reach, strict=True)], [c + r for c, r in zip(centre, reach, strict=True)]
        )
        x, y, z = self.axes(box)
        square = ((x - centre[0]) / half[0]) ** 2 + ((y - centre[1]) / half[1]) ** 2 + ((z - centre[2]) / half[2]) ** 2
        return box, np.sqrt(square)

    def rod(self, start: Point, end: Point, margin: float) -> tuple[Box, Array, Array]:
        """A box around a line; on it the distance from the line, and the place along it (0 to 1)."""
        low, high = (np.minimum(start, end) - margin).tolist(), (np.maximum(start, end) + margin).tolist()
        box = self.box(low, high)
        axes = self.axes(box)
        way = np.subtract(end, start)
        along = sum((axis - np.float32(s)) * np.float32(w) for axis, s, w in zip(axes, start, way, strict=True))
        along = np.clip(along / np.float32(way @ way), 0, 1)
        square = sum(
            (axis - np.float32(s) - along * np.float32(w)) ** 2 for axis, s, w in zip(axes, start, way, strict=True)
        )
        return box, np.sqrt(square), along


def _distances(brain: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Distance outside the brain's smooth hull, and outside the brain itself, in mm, on every second voxel."""
    import edt

    small = np.ascontiguousarray(brain[::_COARSE, ::_COARSE, ::_COARSE])
    step = (float(_COARSE),) * 3
    gap = edt.edt(~small, anisotropy=step, black_border=False, parallel=1)
    hull = edt.edt(gap < HULL_MM, anisotropy=step, black_border=False, parallel=1) > HULL_MM
    return blur(edt.edt(~(hull | small), anisotropy=step, black_border=False, parallel=1), 1.0), gap


def _refined(values: Array, shape: tuple[int, ...]) -> Array:
    """Values on every second voxel, interpolated."""
    return apply(
        values, [interpolation_matrix(np.arange(n) / _COARSE, m) for n, m in zip(shape, values.shape, strict=True)]
    )


def _join(a: Array, b: Array, width: float = JOIN_MM) -> Array:
    """Smooth union of two signed distances (negative inside): a polynomial minimum."""
    share = np.clip(0.5 + (b - a) / np.float32(2 * width), 0, 1)
    return b + share * (a - b) - np.float32(width) * share * (1 - share)


def _body(space: _Space, centre: Point, half: Point) -> Array:
    """Signed distance, nearly, from an ellipsoid, on the whole grid."""
    scaled = [
        (axis - np.float32(c)) / np.float32(h)
        for axis, c, h in zip((space.x, space.y, space.z), centre, half, strict=True)
    ]
    return (np.sqrt(scaled[0] ** 2 + scaled[1] ** 2 + scaled[2] ** 2) - 1) * np.float32(min(half))


def _surface(space: _Space, out: Array, field: Array) -> Array:
    """Signed distance, nearly, from the skin: negative inside."""
    x, y, z = space.x, space.y, space.z
    temple = np.exp(-(((np.abs(x) - 66) / 16) ** 2) - ((y - 18) / 36) ** 2 - ((z + 10) / 36) ** 2)
    top = np.clip(z / 70, 0, 1)
    head = out - (15.5 + 3.0 * top + 4.0 * temple + 0.5 * field)
    face = _body(space, (0, 20, -72), (70, 65, 80))
    chin = _body(space, (0, 48, -104), (46, 42, 34))
    nape = np.sqrt((x / 1.12) ** 2 + (y + 46 - 0.15 * (z + 60)) ** 2) - (54 + 0.05 * (z + 60))
    nape = np.maximum(nape, z + 40)
    head = _join(_join(head, face), _join(nape, chin))
    nose = _body(space, (0, 84, -54), (13, 15, 20))
    head = _join(head, nose, 6.0)
    for side in (-1, 1):
        ear = _body(space, (side * 74, -34, -34), (9, 15, 27))
        head = _join(head, np.maximum(ear, -_body(space, (side * 84, -31, -34), (5, 9, 18))), 4.0)
    return head


def _soft_tissue(
    space: _Space, tissues: Tissues, brain: NDArray[np.bool_], head: Array, fields: Sequence[Array]
) -> None:
    """Muscle with fat in its clefts, fat under the skin, skin."""
    x, y, z = space.x, space.y, space.z
    tissues[~brain & (head < 0)] = Tissue.MUSCLE
    low = np.s_[:, :, : np.count_nonzero(z < -35)]  # clefts between the muscles of face and neck
    around = np.arctan2(x, y + 44)
    radius = np.sqrt(x**2 + (y + 44) ** 2)
    cleft = (np.abs(np.sin(4 * around + 0.5 * fields[0][low])) * radius < 2.2) & (radius > 16)
    cleft |= np.abs(radius - 34 - 4 * np.sin(3 * around) - 3 * fields[0][low]) < 1.3
    tissues[low][cleft & (tissues[low] == Tissue.MUSCLE)] = Tissue.FAT
    cheek = np.exp(-(((z + 62) / 30) ** 2) - ((y - 25) / 45) ** 2)
    fat = 5.0 + 5.0 * cheek + 3.0 * np.clip((-50 - z) / 40, 0, 1) + 0.8 * fields[0]
    under = ~brain & (head > -fat)
    tissues[under] = Tissue.FAT
    tissues[under & (fields[1] > 1.7)] = Tissue.SOFT  # vessels and fibres
    tissues[~brain & (head > -SKIN_MM)] = Tissue.SKIN


def _skull(
    space: _Space,
    tissues: Tissues,
    brain: NDArray[np.bool_],
    out: Array,
    gap: Array,
    head: Array,
    fields: Sequence[Array],
) -> None:
    """CSF, then bone with marrow, around the brain's hull; petrous bones and air cells in its clefts."""
    x, y, z = space.x, space.y, space.z
    side = np.abs(x)
    temple = np.exp(-(((side - 66) / 18) ** 2) - ((z + 5) / 30) ** 2)
    poles = np.clip((np.abs(y + 15) - 60) / 30, 0, 1)
    csf = CSF_MM + 1.2 * np.exp(-((x / 12) ** 2)) * np.clip(z / 40, 0, 1)
    thick = SKULL_MM + 1.5 * poles - 3.0 * temple + 0.8 * fields[0]
    outside = ~brain & (head < -SKIN_MM)
    foramen = (x**2 + (y + 43) ** 2 < 15.0**2) & (z < -48)
    shell = outside & (out > csf) & (out < csf + thick) & ~foramen
    inner = (out > csf + TABLE_MM) & (out < csf + thick - TABLE_MM)
    inside = outside & (out <= csf)
    tissues[inside] = Tissue.CSF
    tissues[inside & (np.abs(x) < 4) & (gap > 1.5) & (z > 20)] = Tissue.SOFT  # the sagittal sinus
    cleft = inside & (gap > 4.5) & (side > 16) & (z < -18)
    bone = shell | cleft
    tissues[bone] = Tissue.BONE
    spongy = (fields[1] > -0.6) & ((z > -30) | (side < 14) | (y < -75))
    tissues[shell & inner & spongy] = Tissue.MARROW
    cells = (side > 38) & (y > -65) & (y < -8) & (z < -28) & (z > -66) & outside & (out < 16) & (gap > 3)
    tissues[cells & (head < -8)] = Tissue.BONE
    tissues[cells & (head < -10) & (fields[1] > 0.1)] = Tissue.CAVITY
    for sign in (-1, 1):  # frontal sinuses lie within the bone
        box, place = space.ellipsoid((sign * 11, 76, -8), (11, 7, 14))
        air = (place < 1) & (tissues[box] != Tissue.SKIN) & ~brain[box] & (out[box] > csf[box[0], :, box[2]] + 1.0)
        tissues[box][(place < 1.25) & ~brain[box] & (out[box] > 1.5) & (head[box] < -5)] = Tissue.BONE
        tissues[box][air & (head[box] < -7)] = Tissue.CAVITY


def _fill(
    space: _Space, tissues: Tissues, head: Array, centre: Point, half: Point, inside: Tissue, wall_mm: float
) -> None:
    """An ellipsoid with a wall of bone, not through the skin."""
    box, place = space.ellipsoid(centre, half, 1.6)
    part = tissues[box]
    free = (part > Tissue.CSF) & (head[box] < -4)
    part[free & (place < 1 + wall_mm / min(half))] = Tissue.BONE
    part[free & (place < 1)] = inside


def _face(space: _Space, tissues: Tissues, head: Array) -> None:
    """Upper jaw, cheek bones, nose, sinuses and lower jaw."""
    _fill(space, tissues, head, (0, 58, -84), (26, 22, 9), Tissue.BONE, 0.0)
    _fill(space, tissues, head, (0, 54, -84), (20, 18, 6), Tissue.MARROW, 1.0)
    for side in (-1, 1):
        _fill(space, tissues, head, (side * 31, 42, -62), (14, 18, 14), Tissue.CAVITY, 1.5)
        _arch(space, tissues, head, [(side * 44, 56, -56), (side * 60, 36, -54), (side * 66, -5, -50)], 3.5)
        _arch(
            space,
            tissues,
            head,
            [(side * 50, -2, -54), (side * 49, 2, -92), (side * 30, 50, -108), (side * 2, 72, -112)],
            5.0,
        )
    _fill(space, tissues, head, (0, 44, -58), (15, 34, 19), Tissue.CAVITY, 1.5)
    _fill(space, tissues, head, (0, 38, -38), (13, 22, 9), Tissue.CAVITY, 1.0)
    _fill(space, tissues, head, (0, 6, -36), (13, 11, 9), Tissue.CAVITY, 1.5)
    _fill(space, tissues, head, (0, 4, -88), (13, 8, 34), Tissue.CAVITY, 0.0)
    box = space.box((-16, 10, -80), (16, 80, -28))
    x, y, z = space.axes(box)
    shelf = np.abs(np.sin((z + 28) / 4.6) + 0.4 * np.sin(y / 9)) < 0.33
    conchae = shelf & (np.abs(x) > 4) | (np.abs(x) < 1.2) | (np.abs(np.sin(y / 5)) < 0.2) & (z > -48)
    part = tissues[box]
    part[(part == Tissue.CAVITY) & conchae] = Tissue.SOFT


def _arch(space: _Space, tissues: Tissues, head: Array, points: Sequence[Point], radius: float) -> None:
    """A bone along a line of points, marrow inside."""
    for start, end in pairwise(points):
        box, distance, _ = space.rod(start, end, radius + 1)
        part = tissues[box]
        free = (part > Tissue.CSF) & (part != Tissue.CAVITY) & (head[box] < -4)
        part[free & (distance < radius)] = Tissue.BONE
        part[free & (distance < radius - 2)] = Tissue.MARROW


def _neck(space: _Space, tissues: Tissues, head: Array) -> None:
    """Vertebrae, spinal canal and cord below the foramen magnum."""
    box = space.box((-34, -90, -400), (34, 10, -50))
    x, y, z = space.axes(box)
    middle = -44 + 0.2 * (z + 60)
    part = tissues[box]
    free = (part == Tissue.MUSCLE) | (part == Tissue.FAT)
    free &= head[box] < -6
    body = np.sqrt((x / 13) ** 2 + ((y - middle - 21) / 9) ** 2)
    below = z < -62
    disc = np.abs((z + 92) % 17 - 8.5) < 2
    part[free & below & (body < 1)] = Tissue.MARROW
    part[free & below & (body < 1) & (body > 0.8)] = Tissue.BONE
    part[free & below & (body < 0.95) & disc & (z < -84)] = Tissue.SOFT
    round_canal = np.sqrt(x**2 + (y - middle) ** 2)
    arch = (round_canal < 15) & ~disc & below
    process = (np.abs(x) < 3) & (y < middle - 10) & (y > middle - 32) & (np.abs((z + 92) % 17 - 8.5) > 5) & (z < -74)
    mass = ((np.abs(x) - 20) / 8) ** 2 + ((y - middle - 8) / 8) ** 2 + ((z + 68) / 7) ** 2 < 1
    part[free & (arch | process | mass)] = Tissue.BONE
    part[(free | (part == Tissue.BONE)) & (round_canal < 11)] = Tissue.CSF
    part[(part == Tissue.CSF) & (round_canal < 6) & below] = Tissue.SOFT


def _orbits(space: _Space, tissues: Tissues, head: Array) -> None:
    """Eyes in cones of fat, with their muscles and optic nerves, in thin walls of bone."""
    for side in (-1, 1):
        eye, apex = (side * 32.0, 59.0, -40.0), (side * 13.0, 20.0, -33.0)
        box, distance, along = space.rod(eye, apex, 20)
        part = tissues[box]
        free = (part > Tissue.CSF) & (head[box] < -4)
        radius = 16 - 12 * along
        part[free & (distance < radius + 1.5)] = Tissue.BONE
        part[free & (distance < radius)] = Tissue.FAT
        x, _, z = space.axes(box)
        angle = np.arctan2(z - (eye[2] + along * (apex[2] - eye[2])), x - (eye[0] + along * (apex[0] - eye[0])))
        strap = (np.abs(distance - 0.72 * radius) < 1.6) & (np.cos(4 * angle) > 0.3) & (along > 0.12)
        part[free & strap] = Tissue.MUSCLE
        part[free & (distance < 2.2)] = Tissue.SOFT
        box, place = space.ellipsoid(eye, (12, 12, 12))
        part = tissues[box]
        part[(place < 1.08) & (part > Tissue.CSF) & (head[box] < -1.5)] = Tissue.SOFT
        part[(place < 0.96) & (part > Tissue.CSF) & (head[box] < -1.5)] = Tissue.EYE
        box, place = space.ellipsoid((eye[0], eye[1] + 8, eye[2]), (4.5, 2.2, 4.5))
        tissues[box][(place < 1) & (tissues[box] == Tissue.EYE)] = Tissue.SOFT
