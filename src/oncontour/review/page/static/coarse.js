// A volume in fewer voxels, for drawing in three dimensions.

export const MOST = 96;  // Voxels along the longest side.

// Corners of the box of voxels that are not 0, [low, high) along each axis, `margin` wider; null where there is none.
export function boxOf({ shape: [wide, deep, high], voxels }, margin) {
  const low = [wide, deep, high];
  const top = [-1, -1, -1];
  for (let k = 0, n = 0; k < high; k++) {
    for (let j = 0; j < deep; j++) {
      for (let i = 0; i < wide; i++, n++) {
        if (!voxels[n]) continue;
        if (i < low[0]) low[0] = i;
        if (i > top[0]) top[0] = i;
        if (j < low[1]) low[1] = j;
        if (j > top[1]) top[1] = j;
        if (k < low[2]) low[2] = k;
        if (k > top[2]) top[2] = k;
      }
    }
  }
  if (top[0] < 0) return null;
  return { low: low.map((at) => at - margin), high: top.map((at) => at + 1 + margin) };
}

// Cells along each axis of a box: at most MOST, and no smaller than voxels.
export function cells({ low, high }, spacing) {
  const size = low.map((at, axis) => (high[axis] - at) * spacing[axis]);
  const side = Math.max(...size) / MOST;
  return size.map((mm, axis) => Math.max(1, Math.min(high[axis] - low[axis], Math.ceil(mm / side))));
}

// How much of each cell lies in each of four regions from `first` on: four bytes a cell, 255 all of it.
export function shares({ shape, voxels }, { low, high }, counts, first) {
  const [wide, deep] = counts;
  const sums = new Uint16Array(4 * counts[0] * counts[1] * counts[2]);
  const size = low.map((at, axis) => high[axis] - at);
  const from = low.map((at) => Math.max(at, 0));
  const to = high.map((at, axis) => Math.min(at, shape[axis]));
  const across = Array.from({ length: to[0] - from[0] }, (_, n) => Math.floor(((from[0] + n - low[0]) * wide) / size[0]));
  for (let k = from[2]; k < to[2]; k++) {
    const layer = Math.floor(((k - low[2]) * counts[2]) / size[2]) * deep;
    for (let j = from[1]; j < to[1]; j++) {
      const row = (layer + Math.floor(((j - low[1]) * deep) / size[1])) * wide;
      const start = shape[0] * (j + shape[1] * k);
      for (let i = from[0]; i < to[0]; i++) {
        const bits = voxels[start + i] >> first;
        if (!bits) continue;
        const cell = 4 * (row + across[i - from[0]]);
        sums[cell] += bits & 1;
        sums[cell + 1] += (bits >> 1) & 1;
        sums[cell + 2] += (bits >> 2) & 1;
        sums[cell + 3] += (bits >> 3) & 1;
      }
    }
  }
  const whole = (size[0] * size[1] * size[2]) / (counts[0] * counts[1] * counts[2]);
  return Uint8Array.from(sums, (sum) => Math.min(255, (255 * sum) / whole));
}

// Brightness of each cell, 255 where it is white: the mean of the voxels at its middle.
export function brightness({ shape, voxels, window }, counts) {
  const made = new Uint8Array(counts[0] * counts[1] * counts[2]);
  const middle = (n, axis) => Math.min(shape[axis] - 2, Math.max(0, Math.floor(((n + 0.5) * shape[axis]) / counts[axis] - 0.5)));
  const [one, row, layer] = [1, shape[0], shape[0] * shape[1]];
  const scale = 255 / (8 * window[1]);
  const across = Array.from({ length: counts[0] }, (_, i) => middle(i, 0));
  for (let k = 0, n = 0; k < counts[2]; k++) {
    for (let j = 0; j < counts[1]; j++) {
      const start = row * middle(j, 1) + layer * middle(k, 2);
      for (let i = 0; i < counts[0]; i++, n++) {
        const at = start + across[i];
        const sum =
          voxels[at] + voxels[at + one] + voxels[at + row] + voxels[at + row + one] +
          voxels[at + layer] + voxels[at + layer + one] + voxels[at + layer + row] + voxels[at + layer + row + one];
        made[n] = Math.min(255, Math.max(0, sum * scale));
      }
    }
  }
  return made;
}
