// The viewer: slices of a case, their marks (crosshair, letters, scale), and what mouse and wheel do to them.

import { readNifti, valueAt, voxelOf, world } from "./nifti.js";
import { fitting, layout, Tile } from "./planes.js";
import { Slices } from "./slices.js";
import { Solid } from "./solid.js";

const CROSSHAIR_GAP = 10;
const BAR_MM = 50;
const MOST_ZOOM = 12;
const OUTLINE_PIXELS = 4;  // As far as a changed voxel changes outlines.

// The smallest rectangle around two.
function together(one, other) {
  const [left, top] = [Math.min(one.left, other.left), Math.min(one.top, other.top)];
  const right = Math.max(one.left + one.width, other.left + other.width);
  return { left, top, width: right - left, height: Math.max(one.top + one.height, other.top + other.height) - top };
}

async function read(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).error ?? `The server answered ${answer.status}.`);
  return readNifti(await answer.arrayBuffer());
}

export class Viewer {
  #canvas;
  #marks;  // A canvas above, for lines and letters.
  #slices;
  #solid = null;
  #changed;
  #images = new Map();  // sequence -> volume
  #windows = {};
  #regions = null;
  #sequence = null;
  #place = [0, 0, 0];
  #centre = [0, 0, 0];
  #view = "all";
  #zoom = 1;
  #middle = null;
  #look = { colours: [], shown: 0, opacity: 0.45, outlined: false };
  #asked = false;
  #part = null;  // What to draw at the next frame; null: all.
  #tool = null;  // What a press of the left button does in place of going there: see Editor.
  #hovered = null;  // Pixels under the pointer.

  // `changed` is told the place in mm and what the image holds there; `solid`: a canvas for three dimensions, or none.
  constructor(canvas, marks, changed, solid = null) {
    this.#canvas = canvas;
    this.#marks = marks;
    this.#slices = new Slices(canvas);
    this.#changed = changed;
    if (solid) this.#solid = new Solid(solid, () => this.#draw(), (place) => this.goTo(place));
    new ResizeObserver(() => this.#draw()).observe(canvas);
    canvas.addEventListener("pointerdown", (event) => this.#press(event));
    canvas.addEventListener("wheel", (event) => this.#turn(event), { passive: false });
    canvas.addEventListener("pointermove", (event) => this.#hover(this.#pixels(event)));
    canvas.addEventListener("pointerleave", () => this.#hover(null));
    canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  }

  // Draw a case: one sequence and all regions. `current` tells whether the case is still the one wanted.
  async open(address, { colours, regions, centre }, first, current) {
    const [image, masks] = await Promise.all([read(`${address}/images/${first}.nii`), read(`${address}/regions.nii`)]);
    if (!current()) return;
    performance.mark("first");
    this.#images = new Map([[first, image]]);
    this.#windows = { [first]: [...image.window] };
    this.#regions = masks;
    this.#look.colours = regions.map((name) => colours[name]);
    this.#centre = centre;
    this.#slices.setRegions(masks);
    this.#slices.setCompared(null);
    this.#solid?.clear();
    this.#sequence = null;
    this.show(first);
    this.reset();
  }

  // The other sequences, so that going from one to another does not wait.
  async loadOthers(address, { sequences }, current) {
    for (const name of sequences) {
      if (this.#images.has(name)) continue;
      const image = await read(`${address}/images/${name}.nii`);
      if (!current()) return;
      this.#images.set(name, image);
      this.#windows[name] = [...image.window];
    }
  }

  set tool(tool) {
    this.#tool = tool;
  }

  get regions() {
    return this.#regions;
  }

  // Other regions of the same case, read from the server.
  async readRegions(address, current) {
    const masks = await read(address);
    if (!current()) return;
    this.#regions = masks;
    this.#slices.setRegions(masks);
    this.openSolid();
  }

  // Voxels of the regions were changed in place, within a box [low, high]; seen at once in a tile, if one is given.
  regionsChanged(box, tile = null) {
    this.#slices.updateRegions(this.#regions, box);
    if (tile) this.#drawPart(tile.around(box, OUTLINE_PIXELS));
    else this.#draw();
  }

  // Outlines of other regions of the same case, over all else; null: none.
  async compare(address, current) {
    const masks = address ? await read(address) : null;
    if (!current()) return;
    this.#slices.setCompared(masks);
    this.#draw();
  }

  redraw() {
    this.#draw();
  }

  // Three dimensions too, from now on.
  openSolid() {
    this.#solid?.setCase(this.#images.get(this.#sequence), this.#regions);
    this.#draw();
  }

  // Once what is shown now has been drawn, by the graphics card too.
  drawn() {
    this.#draw();
    return new Promise((done) => requestAnimationFrame(() => done(this.#slices.finish())));
  }

  clear() {
    this.#images.clear();
    this.#regions = this.#sequence = null;
    this.#solid?.clear();
    this.#draw();
  }

  show(sequence) {
    const image = this.#images.get(sequence);
    if (!image || sequence === this.#sequence) return;
    this.#sequence = sequence;
    this.#slices.setImage(image);
    this.#draw();
  }

  set view(name) {
    this.#view = name;
    this.#middle = null;
    this.#zoom = 1;
    this.#draw();
  }

  // Look: opacity (0 to 1), outlined, shown (a bit for each region).
  set look(changes) {
    Object.assign(this.#look, changes);
    this.#draw();
  }

  reset() {
    const image = this.#images.get(this.#sequence);
    if (!image) return;
    this.#windows[this.#sequence] = [...image.window];
    this.#zoom = 1;
    this.#middle = null;
    this.#solid?.reset();
    this.goTo(this.#centre);
  }

  goTo(place) {
    this.#place = place.map((at, axis) => Math.min(Math.max(at, 0), this.#regions.shape[axis] - 1));
    this.#draw();
  }

  goToWorld(mm) {
    if (this.#regions) this.goTo(voxelOf(this.#regions, mm));
  }

  // RAS mm of the crosshair, and of the middle of what is shown of the head.
  get place() {
    return world(this.#regions, this.#place);
  }

  get middle() {
    return world(this.#regions, this.#regions.shape.map((count) => (count - 1) / 2));
  }

  // The window as shares of the one that the image came with, so that another scan can be given the same.
  get contrast() {
    const [low, high] = this.#images.get(this.#sequence).window;
    return this.#window.map((at) => (at - low) / (high - low));
  }

  set contrast(shares) {
    const [low, high] = this.#images.get(this.#sequence).window;
    this.#windows[this.#sequence] = shares.map((share) => low + share * (high - low));
    this.#draw();
  }

  scroll(by, axis = this.#tiles()[0]?.axis ?? 2) {
    if (this.#regions) this.goTo(this.#place.map((at, n) => Math.round(at) + (n === axis ? by : 0)));
  }

  zoom(by) {
    this.#zoom = Math.min(Math.max(this.#zoom * by, 1), MOST_ZOOM);
    this.#middle = this.#zoom === 1 ? null : (this.#middle ?? [...this.#place]);
    this.#draw();
  }

  get #window() {
    return this.#windows[this.#sequence];
  }

  #layout() {
    const others = ["coronal", "sagittal", ...(this.#solid ? ["solid"] : [])];
    return layout(this.#view, this.#canvas.width, this.#canvas.height, others);
  }

  #tiles() {
    if (!this.#regions) return [];
    const { solid: _, ...rectangles } = this.#layout();
    const scales = fitting(rectangles, this.#regions);
    const whole = this.#regions.shape.map((count) => (count - 1) / 2);
    return Object.entries(rectangles).map(
      ([plane, rectangle]) => new Tile(plane, rectangle, this.#regions, scales[plane] * this.#zoom, this.#middle ?? whole),
    );
  }

  #draw() {
    this.#part = null;
    this.#ask();
  }

  // Only what lies in a rectangle, unless more is drawn anyway.
  #drawPart(part) {
    if (!this.#asked) this.#part = part;
    else if (this.#part) this.#part = together(this.#part, part);
    this.#ask();
  }

  // At the next frame, once, however often it is asked for.
  #ask() {
    if (this.#asked) return;
    this.#asked = true;
    requestAnimationFrame(() => {
      this.#asked = false;
      this.#drawNow(this.#part);
    });
  }

  #drawNow(part) {
    const ratio = window.devicePixelRatio || 1;
    for (const canvas of [this.#canvas, this.#marks]) {
      const [width, height] = [Math.round(this.#canvas.clientWidth * ratio), Math.round(this.#canvas.clientHeight * ratio)];
      if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    }
    const tiles = this.#sequence ? this.#tiles() : [];
    this.#slices.draw(tiles, this.#place, { ...this.#look, window: this.#window ?? [0, 1] }, part);
    this.#placeSolid(ratio);
    this.#drawMarks(tiles, ratio);
    if (this.#sequence) this.#changed(world(this.#regions, this.#place), valueAt(this.#images.get(this.#sequence), this.#place.map(Math.round)));
  }

  // The tool's outline follows the pointer; only letters and lines are drawn again.
  #hover(pixels) {
    if (!this.#tool?.active && !this.#hovered) return;
    this.#hovered = this.#tool?.active ? pixels : null;
    if (!this.#asked) this.#drawMarks(this.#sequence ? this.#tiles() : [], window.devicePixelRatio || 1);
  }

  #placeSolid(ratio) {
    if (!this.#solid) return;
    const { solid } = this.#sequence ? this.#layout() : {};
    this.#solid.setLook(this.#look);
    this.#solid.setPlace(solid && Object.fromEntries(Object.entries(solid).map(([side, pixels]) => [side, pixels / ratio])));
  }

  #drawMarks(tiles, ratio) {
    const pen = this.#marks.getContext("2d");
    pen.clearRect(0, 0, this.#marks.width, this.#marks.height);
    const size = Math.round(parseFloat(getComputedStyle(this.#marks).fontSize) * ratio);
    pen.font = `600 ${size}px system-ui, "DejaVu Sans", sans-serif`;
    for (const tile of tiles) {
      const { left, top, width, height } = tile.rectangle;
      const [x, y] = tile.pixelsOf(this.#place);
      pen.save();
      pen.beginPath();
      pen.rect(left, top, width, height);
      pen.clip();
      pen.strokeStyle = "rgb(108 182 255 / 75%)";
      pen.lineWidth = ratio;
      const gap = CROSSHAIR_GAP * ratio;
      for (const [a, b, c, d] of [[left, y, x - gap, y], [x + gap, y, left + width, y], [x, top, x, y - gap], [x, y + gap, x, top + height]]) {
        pen.beginPath();
        pen.moveTo(a, b);
        pen.lineTo(c, d);
        pen.stroke();
      }
      const edge = size * 0.9;
      const letter = (text, across, up) => {
        pen.textAlign = "center";
        pen.textBaseline = "middle";
        this.#write(pen, text, across, up);
      };
      letter(tile.letters.left, left + edge, top + height / 2);
      letter(tile.letters.right, left + width - edge, top + height / 2);
      letter(tile.letters.top, left + width / 2, top + edge);
      letter(tile.letters.bottom, left + width / 2, top + height - edge);
      pen.textAlign = "left";
      this.#write(pen, `${tile.plane} ${Math.round(this.#place[tile.axis]) + 1}/${this.#regions.shape[tile.axis]}`, left + edge / 2, top + edge);
      const bar = BAR_MM * tile.scale;
      pen.fillStyle = "#dfe3e8";
      pen.fillRect(left + width - bar - edge, top + height - edge, bar, 2 * ratio);
      pen.textAlign = "right";
      this.#write(pen, "5 cm", left + width - edge, top + height - 2 * edge);
      if (this.#hovered && tile.holds(this.#hovered)) this.#tool.outline(pen, tile, this.#hovered, ratio);
      pen.restore();
    }
    if (this.#solid && !this.#solid.hidden) this.#markSolid(pen, size, ratio);
  }

  // Letters around the head, and where the crosshair is.
  #markSolid(pen, size, ratio) {
    const { solid } = this.#layout();
    const { left, top, width, height } = solid;
    const middle = [left + width / 2, top + height / 2];
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    for (const [letter, x, y, far] of this.#solid.letters) {
      pen.globalAlpha = far ? 0.45 : 1;
      this.#write(pen, letter, middle[0] + x * ratio, middle[1] + y * ratio);
    }
    pen.globalAlpha = 1;
    const place = this.#solid.pixelsOf(this.#place);
    if (place) {
      const [x, y] = [middle[0] + place[0] * ratio, middle[1] + place[1] * ratio];
      pen.strokeStyle = "rgb(108 182 255 / 75%)";
      pen.lineWidth = ratio;
      pen.beginPath();
      pen.arc(x, y, CROSSHAIR_GAP * ratio * 0.7, 0, 2 * Math.PI);
      pen.stroke();
    }
    pen.textAlign = "left";
    this.#write(pen, `3-D ${this.#solid.words}`, left + size * 0.45, top + size * 0.9);
  }

  #write(pen, text, x, y) {
    pen.lineWidth = 3;
    pen.strokeStyle = "#000";
    pen.strokeText(text, x, y);
    pen.fillStyle = "#dfe3e8";
    pen.fillText(text, x, y);
  }

  #pixels(event) {
    const ratio = window.devicePixelRatio || 1;
    return [event.offsetX * ratio, event.offsetY * ratio];
  }

  #tileAt(pixels) {
    return this.#tiles().find((tile) => tile.holds(pixels));
  }

  // Left: go there. Right: window. Middle, or left with Ctrl: move the image.
  #press(event) {
    const began = this.#pixels(event);
    const tile = this.#tileAt(began);
    if (!tile) return;
    event.preventDefault();
    this.#canvas.focus();
    const start = { middle: this.#middle ?? [...tile.middle], window: [...this.#window] };
    const acts = { 0: event.ctrlKey ? "pan" : this.#tool?.active ? "tool" : "go", 1: "pan", 2: "window" };
    const act = acts[event.button];
    const move = (moved) => {
      const [x, y] = this.#pixels(moved);
      if (act === "go") this.goTo(tile.placeAt([x, y], this.#place));
      if (act === "tool") return this.#tool.move(tile, tile.placeAt([x, y], this.#place.map(Math.round)));
      if (act === "pan") {
        const [from, to] = [tile.placeAt(began, this.#place), tile.placeAt([x, y], this.#place)];
        this.#middle = start.middle.map((at, axis) => at - (to[axis] - from[axis]));
      }
      if (act === "window") {
        const [low, high] = start.window;
        const wide = Math.max((high - low) * 2 ** ((x - began[0]) / 250), 1);
        const level = (low + high) / 2 + ((y - began[1]) / 500) * (high - low);
        this.#windows[this.#sequence] = [level - wide / 2, level + wide / 2];
      }
      this.#draw();
    };
    this.#canvas.setPointerCapture(event.pointerId);
    this.#canvas.addEventListener("pointermove", move);
    const end = () => {
      this.#canvas.removeEventListener("pointermove", move);
      if (act === "tool") this.#tool.release();
    };
    this.#canvas.addEventListener("lostpointercapture", end, { once: true });
    if (act === "go") move(event);
    if (act === "tool") this.#tool.press(tile, tile.placeAt(began, this.#place.map(Math.round)));
  }

  #turn(event) {
    const tile = this.#tileAt(this.#pixels(event));
    if (!tile) return;
    event.preventDefault();
    if (event.ctrlKey) this.zoom(event.deltaY < 0 ? 1.15 : 1 / 1.15);
    else this.scroll(event.deltaY < 0 ? 1 : -1, tile.axis);
  }
}
