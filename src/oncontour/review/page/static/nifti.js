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

export const valueAt = ({ shape, voxels }, [i, j, k]) => voxels[i + shape[0] * (j + shape[1] * k)];
