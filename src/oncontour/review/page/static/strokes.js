// What tools do to voxels: which places a shape covers, and how a table leads from a voxel's state to its next one.

// The server's pairs of states as an array; a state without a pair stays.
export function tableOf(pairs) {
  const table = Uint8Array.from({ length: 256 }, (_, state) => state);
  for (const [from, to] of Object.entries(pairs)) table[from] = to;
  return table;
}

// First one table, then the other.
export const after = (first, second) => first.map((state) => second[state]);

// Places within `radius` mm of a place: of its slice along `axis`, or of all slices where that is null.
export function within({ shape, spacing }, place, radius, axis) {
  const low = [];
  const high = [];
  for (const n of [0, 1, 2]) {
    const reach = n === axis ? 0 : radius / spacing[n];
    const middle = n === axis ? Math.round(place[n]) : place[n];
    low[n] = Math.max(Math.ceil(middle - reach), 0);
    high[n] = Math.min(Math.floor(middle + reach), shape[n] - 1);
  }
  const covered = [];
  const far = (n, at) => (n === axis ? 0 : ((at - place[n]) * spacing[n]) ** 2);
  for (let k = low[2]; k <= high[2]; k++) {
    for (let j = low[1]; j <= high[1]; j++) {
      const rest = radius ** 2 - far(2, k) - far(1, j);
      for (let i = low[0]; i <= high[0]; i++) if (far(0, i) <= rest) covered.push(i + shape[0] * (j + shape[1] * k));
    }
  }
  if (covered.length) return covered;
  const [i, j, k] = place.map(Math.round);  // A brush smaller than a voxel paints one.
  const inside = [i, j, k].every((index, n) => index >= 0 && index < shape[n]);
  return inside ? [i + shape[0] * (j + shape[1] * k)] : [];
}

// Places from one to another, so near each other that a brush leaves no gaps; without the first.
export function between(from, to, { spacing }, step) {
  const length = Math.hypot(...to.map((at, n) => (at - from[n]) * spacing[n]));
  const count = Math.max(Math.ceil(length / step), 1);
  return Array.from({ length: count }, (_, n) => from.map((at, axis) => at + ((to[axis] - at) * (n + 1)) / count));
}

// The voxels that are 26-connected with a place and lie in a region (a bit); none where the place does not.
export function island({ shape: [wide, deep, high], voxels }, [i, j, k], bit) {
  const start = i + wide * (j + deep * k);
  if (!(voxels[start] & bit)) return [];
  const seen = new Uint8Array(voxels.length);
  const found = [start];
  seen[start] = 1;
  for (let next = 0; next < found.length; next++) {
    const here = found[next];
    const x = here % wide;
    const y = Math.floor(here / wide) % deep;
    const z = Math.floor(here / (wide * deep));
    for (let c = Math.max(z - 1, 0); c <= Math.min(z + 1, high - 1); c++) {
      for (let b = Math.max(y - 1, 0); b <= Math.min(y + 1, deep - 1); b++) {
        for (let a = Math.max(x - 1, 0); a <= Math.min(x + 1, wide - 1); a++) {
          const there = a + wide * (b + deep * c);
          if (seen[there] || !(voxels[there] & bit)) continue;
          seen[there] = 1;
          found.push(there);
        }
      }
    }
  }
  return found;
}

// The smallest box [low, high] of places, both ends within.
export function boxOf(places, [wide, deep]) {
  const low = [Infinity, Infinity, Infinity];
  const high = [-1, -1, -1];
  for (const place of places) {
    const at = [place % wide, Math.floor(place / wide) % deep, Math.floor(place / (wide * deep))];
    for (const n of [0, 1, 2]) {
      if (at[n] < low[n]) low[n] = at[n];
      if (at[n] > high[n]) high[n] = at[n];
    }
  }
  return [low, high];
}
