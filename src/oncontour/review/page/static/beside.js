// Two scans of one patient beside one another: the same place, brightness and regions in both.

import { ask, at, element, swatch } from "./page.js";
import { Viewer } from "./viewer.js";

// [4][4] matrices and points in mm.
const moved = (matrix, mm) => matrix.slice(0, 3).map(([a, b, c, d]) => a * mm[0] + b * mm[1] + c * mm[2] + d);

// The way back of a rigid motion.
export function back(matrix) {
  const turned = [0, 1, 2].map((row) => [0, 1, 2].map((column) => matrix[column][row]));
  const shift = [0, 1, 2].map((axis) => matrix[axis][3]);
  return [...turned.map((row) => [...row, -row.reduce((sum, part, n) => sum + part * shift[n], 0)]), [0, 0, 0, 1]];
}

const shifted = (from, to) => [0, 1, 2].map((row) => [...[0, 1, 2].map((n) => Number(n === row)), to[row] - from[row]]).concat([[0, 0, 0, 1]]);

export class Beside {
  #first;
  #second = null;  // Made when it is first wanted.
  #motion = null;  // From the world of the first scan to that of the second.
  #leads = true;  // Whether the first scan was touched last.
  #scans = null;

  constructor(first) {
    this.#first = first;
    at("viewer").addEventListener("pointerdown", () => (this.#leads = true), { capture: true });
    at("viewer").addEventListener("wheel", () => (this.#leads = true), { capture: true });
  }

  get viewer() {
    return this.#scans && this.#second;
  }

  close() {
    this.#scans = this.#motion = null;
    for (const id of ["other", "difference", "day"]) at(id).hidden = true;
    document.body.classList.remove("beside");
  }

  // The first scan is open already. Scans are those of a follow-up: case, when, regions.
  async open(first, second, sequence, look) {
    this.#scans = [first, second];
    const current = () => this.#scans?.[1] === second;
    document.body.classList.add("beside");
    for (const id of ["other", "day"]) at(id).hidden = false;
    at("day").textContent = first.when;
    at("other-day").textContent = second.when;
    at("linked").textContent = "";
    showDifference(first, second);
    this.#second ??= this.#make();
    const address = `/api/cases/${encodeURIComponent(second.case)}`;
    const [found, images] = await Promise.all([ask(address), ask(`${address}/images`)]);
    const open = { ...found, ...images };
    const shown = open.sequences.includes(sequence) ? sequence : open.sequences[0];
    await this.#second.open(address, open, shown, current);
    if (!current()) return;
    this.#second.look = look;
    this.#motion = shifted(this.#first.middle, this.#second.middle);
    at("linked").textContent = "Linked by the middle of the heads; registering them …";
    this.follow(true);
    await this.#second.drawn();
    const linked = await ask(`/api/cases/${encodeURIComponent(first.case)}/onto/${encodeURIComponent(second.case)}`);
    if (!current()) return;
    this.#motion = linked.transform;
    at("linked").textContent = `Linked by rigid registration (normalised mutual information ${linked.similarity.toFixed(2)} of 2).`;
    this.follow(true);
    at("other").dataset.linked = second.case;
    await this.#second.loadOthers(address, open, current);
  }

  // Called when the first scan was drawn (or, `leads` false, the second): the other one follows.
  follow(leads) {
    if (!this.#motion || leads !== this.#leads) return;
    const [from, to] = leads ? [this.#first, this.#second] : [this.#second, this.#first];
    to.contrast = from.contrast;
    to.goToWorld(moved(leads ? this.#motion : back(this.#motion), from.place));
  }

  // Keys act on the first scan.
  lead() {
    this.#leads = true;
  }

  #make() {
    const canvas = at("other-viewer");
    for (const kind of ["pointerdown", "wheel"]) canvas.addEventListener(kind, () => (this.#leads = false), { capture: true });
    const made = new Viewer(canvas, at("other-marks"), () => this.follow(false));
    made.view = "axial";
    return made;
  }
}

function showDifference(first, second) {
  at("difference").hidden = false;
  const [head, body] = [at("difference").tHead, at("difference").tBodies[0]];
  head.replaceChildren(element("tr", {}, ...["mL", first.when, second.when, "Change", "%"].map((name) => element("th", { scope: "col" }, name))));
  body.replaceChildren(
    ...first.regions.map((one) => {
      const other = second.regions.find(({ region }) => region === one.region);
      const change = other.volume_ml - one.volume_ml;
      const share = one.volume_ml ? signed((100 * change) / one.volume_ml, 0) : "new";
      return element(
        "tr",
        {},
        element("th", { scope: "row" }, ...(one.colour ? [swatch(one.colour)] : []), one.region),
        element("td", { class: "number" }, one.volume_ml.toFixed(1)),
        element("td", { class: "number" }, other.volume_ml.toFixed(1)),
        element("td", { class: "number" }, signed(change, 1)),
        element("td", { class: "number" }, share),
      );
    }),
  );
}

const signed = (number, digits) => `${number < 0 ? "−" : "+"}${Math.abs(number).toFixed(digits)}`;
