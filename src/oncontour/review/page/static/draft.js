// Edits that are not saved yet, kept in the tab's own storage: a reload or a crash of the page does not lose them, and
// they go with the tab. They are runs of voxels: where each begins, how long it is, its state.

const MOST_RUNS = 150_000;  // About 3 MB of text; the tab's storage holds 5.

const keyOf = (name, version) => `draft ${name} ${version}`;

export function keepDraft(name, version, voxels, base) {
  const runs = [];
  for (let at = 0; at < voxels.length; at++) {
    if (voxels[at] === base[at]) continue;
    const start = at;
    while (at + 1 < voxels.length && voxels[at + 1] === voxels[start] && voxels[at + 1] !== base[at + 1]) at++;
    runs.push(start, at + 1 - start, voxels[start]);
    if (runs.length > 3 * MOST_RUNS) return forgetDraft(name, version);
  }
  if (!runs.length) return forgetDraft(name, version);
  try {
    sessionStorage.setItem(keyOf(name, version), JSON.stringify(runs));
  } catch {
    forgetDraft(name, version);  // No room: half a draft would be worse than none.
  }
}

export const forgetDraft = (name, version) => sessionStorage.removeItem(keyOf(name, version));

// Places and states of a draft; none where there is no draft.
export function readDraft(name, version) {
  const runs = JSON.parse(sessionStorage.getItem(keyOf(name, version)) ?? "[]");
  const found = [];
  for (let n = 0; n < runs.length; n += 3) {
    for (let at = runs[n]; at < runs[n] + runs[n + 1]; at++) found.push([at, runs[n + 2]]);
  }
  return found;
}
