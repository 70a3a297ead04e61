// The three planes as radiologists look at them: the patient's right on the screen's left, faces to the left.
// Axes are those of the volume: 0 grows to the patient's right, 1 to the front, 2 to the head.

export const PLANES = {
  axial: { axis: 2, across: 0, up: 1, letters: { left: "R", right: "L", top: "A", bottom: "P" } },
  coronal: { axis: 1, across: 0, up: 2, letters: { left: "R", right: "L", top: "S", bottom: "I" } },
  sagittal: { axis: 0, across: 1, up: 2, letters: { left: "A", right: "P", top: "S", bottom: "I" } },
};

// A plane within a rectangle of the screen. `scale` is pixels a mm, `middle` the voxel at the rectangle's middle.
export class Tile {
  constructor(plane, rectangle, volume, scale, middle) {
    Object.assign(this, PLANES[plane], { plane, rectangle, volume, scale, middle });
  }

  // Pixels of a voxel's middle. Across, high indices come first, so that left is the patient's right (or front).
  pixelsOf(voxel) {
    const { left, top, width, height } = this.rectangle;
    const { spacing } = this.volume;
    return [
      left + width / 2 - (voxel[this.across] - this.middle[this.across]) * spacing[this.across] * this.scale,
      top + height / 2 - (voxel[this.up] - this.middle[this.up]) * spacing[this.up] * this.scale,
    ];
  }

  // The place under pixels, in voxels and parts of them, within the slice of `place`.
  placeAt([x, y], place) {
    const { left, top, width, height } = this.rectangle;
    const { spacing } = this.volume;
    const found = [...place];
    found[this.across] = this.middle[this.across] - (x - left - width / 2) / (spacing[this.across] * this.scale);
    found[this.up] = this.middle[this.up] - (y - top - height / 2) / (spacing[this.up] * this.scale);
    return found;
  }

  // The rectangle of whole pixels, within the tile, of a box [low, high] of voxels and some pixels more.
  around([low, high], margin) {
    const { left, top, width, height } = this.rectangle;
    const [right, bottom] = this.pixelsOf(low.map((at) => at - 0.5));  // High indices come first.
    const [first, above] = this.pixelsOf(high.map((at) => at + 0.5));
    const from = [Math.max(Math.floor(first) - margin, left), Math.max(Math.floor(above) - margin, top)];
    const to = [Math.min(Math.ceil(right) + margin, left + width), Math.min(Math.ceil(bottom) + margin, top + height)];
    return { left: from[0], top: from[1], width: Math.max(to[0] - from[0], 0), height: Math.max(to[1] - from[1], 0) };
  }

  holds([x, y]) {
    const { left, top, width, height } = this.rectangle;
    return x >= left && y >= top && x < left + width && y < top + height;
  }
}

// Rectangles of what is shown: one plane, or "solid" alone, or all: axial on the left, the others one above the other.
export function layout(view, width, height, others = ["coronal", "sagittal"]) {
  if (view !== "all") return { [view]: { left: 0, top: 0, width, height } };
  const gap = 2;
  const wide = Math.round(width * 0.58);
  const high = Math.floor((height - gap * (others.length - 1)) / others.length);
  const rest = { left: wide + gap, width: width - wide - gap, height: high };
  const column = others.map((name, n) => [name, { ...rest, top: n * (high + gap) }]);
  return { axial: { left: 0, top: 0, width: wide, height }, ...Object.fromEntries(column) };
}

// Pixels a mm at which the volume fits into every rectangle.
export function fitting(rectangles, { shape, spacing }) {
  const size = shape.map((count, axis) => count * spacing[axis]);
  return Object.fromEntries(
    Object.entries(rectangles).map(([plane, { width, height }]) => {
      const { across, up } = PLANES[plane];
      return [plane, 0.96 * Math.min(width / size[across], height / size[up])];
    }),
  );
}
