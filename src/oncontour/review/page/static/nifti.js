// The little of NIfTI-1 that the server writes: one image, little-endian, voxels along R, A and S, two bytes or one.

const KINDS = { 2: Uint8Array, 4: Int16Array };

export function readNifti(buffer) {
  const view = new DataView(buffer);
  const numbers = (places) => places.map((place) => view.getFloat32(place, true));
  const shape = [42, 44, 46].map((place) => view.getInt16(place, true));
  const start = view.getFloat32(108, true);
  const Kind = KINDS[view.getInt16(70, true)];
  return {
    shape,
    spacing: numbers([80, 84, 88]),
    window: numbers([128, 124]),  // Numbers to draw as black and as white.
    affine: [280, 296, 312].map((row) => numbers([row, row + 4, row + 8, row + 12])),
    voxels: new Kind(buffer, start, shape[0] * shape[1] * shape[2]),
  };
}

// RAS mm of a voxel.
export const world = ({ affine }, [i, j, k]) => affine.map(([a, b, c, d]) => a * i + b * j + c * k + d);

// The voxel, in parts too, at RAS mm: the affine's way back, by Cramer's rule.
export function voxelOf({ affine }, mm) {
  const column = (n) => affine.map((row) => row[n]);
  const [a, b, c] = [column(0), column(1), column(2)];
  const away = mm.map((at, axis) => at - affine[axis][3]);
  const triple = (p, q, r) => p[0] * (q[1] * r[2] - q[2] * r[1]) - p[1] * (q[0] * r[2] - q[2] * r[0]) + p[2] * (q[0] * r[1] - q[1] * r[0]);
  const whole = triple(a, b, c);
  return [triple(away, b, c) / whole, triple(a, away, c) / whole, triple(a, b, away) / whole];
}

export const valueAt = ({ shape, voxels }, [i, j, k]) => voxels[i + shape[0] * (j + shape[1] * k)];
