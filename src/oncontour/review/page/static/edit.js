// Correcting a result: the tools, what they do to the regions shown, undo, and what is not saved yet.

import { forgetDraft, keepDraft, readDraft } from "./draft.js";
import { History, Stroke } from "./history.js";
import { at, choices, element, swatch } from "./page.js";
import { asked } from "./session.js";
import { after, between, boxOf, island, tableOf, within } from "./strokes.js";

const TOOLS = [
  ["look", "Look", "Go to places (Escape)"],
  ["brush", "Brush", "Paint the region (B)"],
  ["erase", "Eraser", "Take the region away (X)"],
  ["delete", "Delete island", "Click on an island of the region: it goes (I)"],
  ["relabel", "Relabel", "Click on an island: it becomes the other region (L)"],
];
const BRUSHES = new Set(["brush", "erase"]);
const STEP = 0.35;  // Of the brush's radius, between its marks along a stroke.
const DRAFT_AFTER_MS = 700;

export class Editor {
  #viewer;
  #changed;  // Told whenever edits are made, undone or saved.
  #open = null;  // { name, version, regions, colours, paint, erase }
  #base = null;  // States as saved.
  #history = new History();
  #tool = "look";
  #region = null;
  #other = null;
  #stroke = null;
  #last = null;
  #drafting = null;
  #said = "";
  #gained = [];  // [region, mL more than as it was saved]

  constructor(viewer, changed) {
    this.#viewer = viewer;
    this.#changed = changed;
    viewer.tool = this;
    at("undo").addEventListener("click", () => this.undo());
    at("redo").addEventListener("click", () => this.redo());
    at("size").addEventListener("input", () => this.#draw());
    addEventListener("beforeunload", (event) => this.changed && event.preventDefault());
    addEventListener("pagehide", () => this.#draft());
  }

  // Another case or version is shown. `painting` has the tables of every region, or says why there are none.
  open(name, version, regions, colours, painting) {
    const tables = (pairs) => Object.fromEntries(Object.entries(pairs).map(([region, one]) => [region, tableOf(one)]));
    this.#stroke = null;
    this.#history = new History();
    this.#base = this.#viewer.regions.voxels.slice();
    this.#said = painting.refused ?? "";
    this.#open = painting.refused ? null : { name, version, regions, colours, paint: tables(painting.paint), erase: tables(painting.erase) };
    if (!regions.includes(this.#region)) this.#region = regions[0];
    if (!regions.includes(this.#other)) this.#other = regions[1] ?? regions[0];
    if (this.#open) this.#restore();
    this.#weigh();
  }

  close() {
    clearTimeout(this.#drafting);
    this.#open = this.#stroke = null;
    this.#history = new History();
    this.#weigh();
  }

  get changed() {
    return this.#open !== null && (this.#history.changed || this.#stroke !== null);
  }

  get states() {
    return this.#viewer.regions.voxels;
  }

  // Whether what is shown may be left: nothing is unsaved, or the reader lets it go.
  async mayLeave() {
    if (!this.changed) return true;
    if ((await asked(at("leave"))) !== "discard") return false;
    forgetDraft(this.#open.name, this.#open.version);
    this.close();
    return true;
  }

  // What is shown was saved as a version.
  saved(version) {
    clearTimeout(this.#drafting);
    forgetDraft(this.#open.name, this.#open.version);
    this.#open.version = version;
    this.#base = this.states.slice();
    this.#history.saved();
    this.#weigh();
  }

  choose(tool) {
    if (tool !== "look") at("edit-bar").hidden = false;
    this.#tool = tool;
    this.#draw();
  }

  // The bar with the tools, there or not.
  toggle() {
    at("edit-bar").hidden = !at("edit-bar").hidden;
    this.#tool = at("edit-bar").hidden ? "look" : "brush";
    this.#draw();
  }

  nextRegion() {
    const regions = this.#open?.regions ?? [];
    this.#region = regions[(regions.indexOf(this.#region) + 1) % regions.length] ?? null;
    this.#draw();
  }

  resize(by) {
    at("size").value = Number(at("size").value) + by;
    this.#draw();
  }

  undo() {
    if (!this.#stroke) this.#travel(this.#history.undo(this.states));
  }

  redo() {
    if (!this.#stroke) this.#travel(this.#history.redo(this.states));
  }

  // For the viewer: whether a press of the button is the tool's.
  get active() {
    return this.#open !== null && this.#tool !== "look";
  }

  press(tile, place) {
    this.#said = "";
    if (BRUSHES.has(this.#tool)) {
      this.#stroke = new Stroke();
      this.#last = place;
      this.#stamp(tile, [place]);
    } else this.#change(this.#islandAt(place.map(Math.round)));
  }

  move(tile, place) {
    if (!this.#stroke) return;
    this.#stamp(tile, between(this.#last, place, this.#viewer.regions, this.#radius * STEP));
    this.#last = place;
  }

  release() {
    if (!this.#stroke) return;
    const change = this.#stroke.end(this.states);
    this.#stroke = null;
    if (change) this.#keep(change);
  }

  // The brush's outline, around pixels of a tile.
  outline(pen, tile, [x, y], ratio) {
    if (!this.active || !BRUSHES.has(this.#tool)) return;
    pen.beginPath();
    pen.arc(x, y, Math.max(this.#radius * tile.scale, ratio), 0, 2 * Math.PI);
    pen.lineWidth = ratio;
    pen.strokeStyle = this.#tool === "erase" ? "#ffffff" : `rgb(${this.#open.colours[this.#region].join(" ")})`;
    pen.stroke();
  }

  get #radius() {
    return Number(at("size").value) / 2;
  }

  get #bit() {
    return 1 << this.#open.regions.indexOf(this.#region);
  }

  get #table() {
    const { paint, erase } = this.#open;
    if (this.#tool === "brush") return paint[this.#region];
    if (this.#tool === "relabel") return after(erase[this.#region], paint[this.#other]);
    return erase[this.#region];
  }

  #stamp(tile, places) {
    const { regions } = this.#viewer;
    const covered = places.flatMap((place) => within(regions, place, this.#radius, at("sphere").checked ? null : tile.axis));
    if (!covered.length) return;
    this.#stroke.apply(regions.voxels, covered, this.#table);
    this.#viewer.regionsChanged(boxOf(covered, regions.shape), tile);
  }

  #islandAt(place) {
    const { regions } = this.#viewer;
    const places = place.every((index, axis) => index >= 0 && index < regions.shape[axis]) ? island(regions, place, this.#bit) : [];
    if (!places.length) this.#said = `No ${this.#region} there.`;
    const stroke = new Stroke();
    stroke.apply(regions.voxels, places, this.#table);
    return stroke.end(regions.voxels);
  }

  #change(change) {
    if (change) {
      this.#viewer.regionsChanged(boxOf(change.places, this.#viewer.regions.shape));
      this.#keep(change);
    } else this.#draw();
  }

  #keep(change) {
    this.#history.add(change);
    this.#weigh();
    this.#draftSoon();
  }

  #travel(change) {
    if (!change) return;
    this.#viewer.regionsChanged(boxOf(change.places, this.#viewer.regions.shape));
    this.#weigh();
    this.#draftSoon();
  }

  #draftSoon() {
    clearTimeout(this.#drafting);
    this.#drafting = setTimeout(() => this.#draft(), DRAFT_AFTER_MS);
  }

  #draft() {
    if (this.#open) keepDraft(this.#open.name, this.#open.version, this.states, this.#base);
  }

  #restore() {
    const kept = readDraft(this.#open.name, this.#open.version);
    if (!kept.length) return;
    const places = Uint32Array.from(kept, ([place]) => place);
    const change = { places, before: Uint8Array.from(places, (place) => this.states[place]), after: Uint8Array.from(kept, ([, state]) => state) };
    change.places.forEach((place, n) => (this.states[place] = change.after[n]));
    this.#said = "Edits that were not saved are here again.";
    at("edit-bar").hidden = false;
    this.#change(change);
  }

  // After a whole stroke, not at every mark of the brush: it looks at all voxels.
  #weigh() {
    this.#gained = this.changed ? this.#difference() : [];
    this.#viewer.openSolid();
    this.#draw();
  }

  #difference() {
    const { spacing, voxels } = this.#viewer.regions;
    const counts = this.#open.regions.map(() => 0);
    for (let n = 0; n < voxels.length; n++) {
      if (voxels[n] === this.#base[n]) continue;
      counts.forEach((_, bit) => (counts[bit] += ((voxels[n] >> bit) & 1) - ((this.#base[n] >> bit) & 1)));
    }
    const ml = (spacing[0] * spacing[1] * spacing[2]) / 1000;
    return counts.map((count, bit) => [this.#open.regions[bit], count * ml]).filter(([, by]) => by !== 0);
  }

  #draw() {
    choices(at("tools"), TOOLS, this.#tool, (tool) => this.choose(tool));
    this.#choice("region", this.#region, (name) => (this.#region = name));
    this.#choice("becomes-region", this.#other, (name) => (this.#other = name));
    at("becomes").hidden = this.#tool !== "relabel";
    at("brush").hidden = !BRUSHES.has(this.#tool);
    at("size-value").value = `${at("size").value} mm`;
    at("undo").disabled = !this.#history.canUndo;
    at("redo").disabled = !this.#history.canRedo;
    at("save").disabled = !this.changed;
    at("edit-button").setAttribute("aria-pressed", String(!at("edit-bar").hidden));
    const parts = this.#gained.map(([name, by]) => `${name} ${by < 0 ? "−" : "+"}${Math.abs(by).toFixed(2)} mL`);
    at("edit-state").value = [this.#said, this.changed ? `Not saved: ${parts.join(", ") || "no volume changed"}` : ""].filter(Boolean).join(" ");
    this.#viewer.redraw();
    this.#changed();
  }

  #choice(id, chosen, choose) {
    at(id).replaceChildren(
      ...(this.#open?.regions ?? []).map((name) =>
        element(
          "button",
          { role: "radio", "aria-checked": String(name === chosen), onclick: () => (choose(name), this.#draw()) },
          swatch(this.#open.colours[name]),
          name,
        ),
      ),
    );
  }
}
