// Changes of voxels, a whole stroke each, to be undone and done again. A change holds only the voxels that it changed.

const MOST_VOXELS = 5_000_000;  // 30 MB; older changes can then no longer be undone.

// Collects what one stroke changes.
export class Stroke {
  #before = new Map();  // place -> state

  apply(voxels, places, table) {
    for (const place of places) {
      const state = voxels[place];
      if (table[state] === state) continue;
      if (!this.#before.has(place)) this.#before.set(place, state);
      voxels[place] = table[state];
    }
  }

  // The change, or null where there is none.
  end(voxels) {
    if (!this.#before.size) return null;
    const places = Uint32Array.from(this.#before.keys());
    return { places, before: Uint8Array.from(this.#before.values()), after: Uint8Array.from(places, (place) => voxels[place]) };
  }
}

export class History {
  #done = [];
  #undone = [];
  #saved = 0;  // How many changes were done at the last save; -1: that state cannot be reached again.

  add(change) {
    if (this.#saved > this.#done.length) this.#saved = -1;
    this.#done.push(change);
    this.#undone = [];
    let kept = this.#done.reduce((sum, { places }) => sum + places.length, 0);
    while (kept > MOST_VOXELS && this.#done.length > 1) {
      kept -= this.#done.shift().places.length;
      this.#saved = Math.max(this.#saved - 1, -1);
    }
  }

  // Gives the change that was undone, or null.
  undo(voxels) {
    const change = this.#done.pop();
    if (!change) return null;
    change.places.forEach((place, n) => (voxels[place] = change.before[n]));
    this.#undone.push(change);
    return change;
  }

  redo(voxels) {
    const change = this.#undone.pop();
    if (!change) return null;
    change.places.forEach((place, n) => (voxels[place] = change.after[n]));
    this.#done.push(change);
    return change;
  }

  saved() {
    this.#saved = this.#done.length;
  }

  get changed() {
    return this.#done.length !== this.#saved;
  }

  get canUndo() {
    return this.#done.length > 0;
  }

  get canRedo() {
    return this.#undone.length > 0;
  }
}
