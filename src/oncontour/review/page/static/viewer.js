// The images: NiiVue, as radiologists look at heads (the patient's right on the screen's left, faces to the left).

import { NVImage, Niivue } from "/static/vendor/niivue-0.69.0.js";

export const VIEWS = { all: 3, axial: 0, coronal: 1, sagittal: 2, solid: 4 };

const LEFT_BUTTON = { primary: 8, withShift: 9, withCtrl: 3 };  // Crosshair; window; pan.
const OUTLINE = 0.75;

// NiiVue, left to fetch by itself, asks for the start of a file first and then for all of it.
async function read(address, options) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`The server answered ${answer.status}.`);
  return NVImage.loadFromUrl({ url: await answer.arrayBuffer(), name: address.split("/").at(-1), ...options });
}

export class Viewer {
  #niivue;
  #images = new Map();  // sequence -> NVImage, all on one grid
  #regions = new Map();  // region -> NVImage
  #hidden = new Set();
  #opacity = 0.45;
  #outlined = false;

  constructor(canvas, moved) {
    this.#niivue = new Niivue({
      isRadiologicalConvention: true,
      sagittalNoseLeft: true,
      isOrientationTextVisible: true,
      isCornerOrientationText: false,
      multiplanarShowRender: 0,
      multiplanarLayout: 2,
      multiplanarPadPixels: 2,
      backColor: [0, 0, 0, 1],
      crosshairColor: [0.42, 0.71, 1, 0.7],
      crosshairWidth: 0.6,
      crosshairGap: 6,
      fontColor: [0.87, 0.89, 0.91, 1],
      fontMinPx: 14,
      mouseEventConfig: { leftButton: LEFT_BUTTON, rightButton: 9, centerButton: 3 },
      dragAndDropEnabled: false,
      isColorbar: false,
      isOrientCube: false,
      loadingText: "",
      logLevel: "error",
      viewModeHotKey: "",
      clipPlaneHotKey: "",
      cycleClipPlaneHotKey: "",
    });
    this.#niivue.onLocationChange = moved;
    this.ready = this.#niivue.attachToCanvas(canvas);
  }

  // Draw a case: one sequence and all regions. `current` tells whether the case is still the one wanted.
  async open(address, { sequences, regions, colours, centre }, first, current) {
    await this.ready;
    const image = await this.#image(address, first, sequences[first].window);
    const masks = await Promise.all(
      regions.map((name) => read(`${address}/regions/${name}.nii`, { cal_min: 0, cal_max: 1 })),
    );
    if (!current()) return;
    this.clear();
    this.#images.set(first, image);
    this.#shown = first;
    regions.forEach((name, n) => {
      const [red, green, blue] = colours[name];
      masks[n].setColormapLabel({ R: [0, red], G: [0, green], B: [0, blue], A: [0, 255], I: [0, 1] });
      this.#regions.set(name, masks[n]);
    });
    this.#put([image, ...masks]);
    this.#apply();
    this.goTo(centre);
  }

  // The other sequences, so that going from one to another does not wait.
  async loadOthers(address, { sequences }, current) {
    for (const [name, { window }] of Object.entries(sequences)) {
      if (!this.#images.has(name)) {
        const image = await this.#image(address, name, window);
        if (!current()) return;
        this.#images.set(name, image);
      }
    }
  }

  #image = (address, name, [low, high]) =>
    read(`${address}/images/${name}.nii`, { colormap: "gray", cal_min: low, cal_max: high });

  #shown = null;

  clear() {
    this.#images.clear();
    this.#regions.clear();
    this.#put([]);
  }

  // All at once: NiiVue's own addVolume and removeVolume work through all volumes for each that comes or goes.
  #put(volumes) {
    this.#niivue.back = volumes[0] ?? null;
    this.#niivue.volumes = volumes;
    this.#niivue.overlays = volumes.slice(1);
    if (!volumes.length) this.#niivue.drawScene();
  }


  show(sequence) {
    const image = this.#images.get(sequence);
    if (!image || sequence === this.#shown) return;
    this.#put([image, ...this.#niivue.overlays]);
    this.#shown = sequence;
    this.#niivue.updateGLVolume();
  }

  view(name) {
    this.#niivue.setSliceType(VIEWS[name]);
  }

  set opacity(value) {
    this.#opacity = value;
    this.#apply();
  }

  set outlined(value) {
    this.#outlined = value;
    this.#apply();
  }

  hide(region, hidden) {
    this.#hidden[hidden ? "add" : "delete"](region);
    this.#apply();
  }

  goTo([i, j, k]) {
    this.#niivue.scene.crosshairPos = this.#niivue.vox2frac([i, j, k]);
    this.#niivue.createOnLocationChange();
    this.#niivue.drawScene();
  }

  move(x, y, z) {
    this.#niivue.moveCrosshairInVox(x, y, z);
  }

  reset(sequence, window, centre) {
    const image = this.#images.get(sequence);
    [image.cal_min, image.cal_max] = window;
    this.#niivue.setPan2Dxyzmm([0, 0, 0, 1]);
    this.#niivue.updateGLVolume();
    this.goTo(centre);
  }

  #apply() {
    this.#niivue.overlayOutlineWidth = this.#outlined ? OUTLINE : 0;
    for (const [name, image] of this.#regions) image.opacity = this.#hidden.has(name) ? 0 : this.#outlined ? 1 : this.#opacity;
    if (this.#niivue.volumes.length) this.#niivue.updateGLVolume();
  }
}
