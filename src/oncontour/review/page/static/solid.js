// The head as of glass, and each region as a surface in it, seen from anywhere: rays through two small textures, one of
// the head and one of the regions' own box. Few pixels while it moves, more when it rests.

import { camera, dot, letters, START, turned, words } from "./camera.js";
import { boxOf, brightness, cells, shares } from "./coarse.js";
import { begin } from "./webgl.js";

const MOVING_PIXELS = 150;  // Along the longer side.
const RESTING_PIXELS = 640;
const RESTING_MS = 500;  // No more time than this for one frame, even at rest.
const REST_AFTER_MS = 250;
const DEGREES_A_PIXEL = 0.5;
const KEY_DEGREES = 15;
const SKIN = 0.15;  // Of white: where a head begins.
const INSIDE = 0.4;  // Of a cell: where a region begins. Below one half, for rims as thin as a voxel.
const LEAST_STRIDE_MM = 0.8;
const CLICK_PIXELS = 4;

const CORNERS = `#version 300 es
out vec2 at;
void main() {
  at = vec2(gl_VertexID & 1, gl_VertexID >> 1) * 2.0 - 1.0;
  gl_Position = vec4(at, 0.0, 1.0);
}`;

const PIXELS = `#version 300 es
precision highp float;
precision highp sampler3D;
uniform sampler3D head;
uniform sampler3D first;  // Shares of regions 0 to 3,
uniform sampler3D second;  // and 4 to 7.
uniform bool many;
uniform vec3 half_head;  // Half its sides, mm.
uniform vec3 middle;  // Of the regions' box, mm from that of the head's.
uniform vec3 half_box;
uniform vec2 reach;  // Half the picture, mm.
uniform vec3 right;
uniform vec3 up;
uniform vec3 back;
uniform vec3 colours[8];
uniform uint shown;
uniform float stride;  // Through the regions, mm,
uniform float pace;  // and through the head.
in vec2 at;
out vec4 colour;

const float SKIN = ${SKIN};
const float INSIDE = ${INSIDE};

vec2 span(vec3 start, vec3 size) {  // Of a ray away from the reader within a box around 0.
  vec3 one = (start - size) / back, other = (start + size) / back;
  vec3 low = min(one, other), high = max(one, other);
  return vec2(max(max(low.x, low.y), low.z), min(min(high.x, high.y), high.z));
}

float skin(vec3 place) {
  return texture(head, place / half_head * 0.5 + 0.5).r;
}

vec3 inBox(vec3 place) {
  return (place - middle) / half_box * 0.5 + 0.5;
}

float share(vec3 place, int n) {
  return n < 4 ? texture(first, inBox(place))[n] : texture(second, inBox(place))[n - 4];
}

float lit(vec3 slope) {  // By a lamp over the reader's shoulder; slopes run inwards.
  vec3 lamp = normalize(back + 0.6 * up - 0.5 * right);
  return 0.2 + 0.8 * max(0.0, dot(normalize(-slope + 1e-6), lamp));
}

uint bits(bvec4 low, bvec4 high) {
  uvec4 place = uvec4(1u, 2u, 4u, 8u);
  uvec4 both = uvec4(low) * place + uvec4(high) * place * 16u;
  return both.x + both.y + both.z + both.w;
}

void main() {
  vec3 start = at.x * reach.x * right + at.y * reach.y * up;
  vec3 light = vec3(0.0);
  float left = 1.0;  // What still shines through.
  vec2 ends = span(start, half_head);
  for (float far = ends.x; far < ends.y; far += pace) {
    vec3 place = start - far * back;
    if (skin(place) < SKIN) continue;
    float e = pace;
    vec3 slope = vec3(
      skin(place + vec3(e, 0, 0)) - skin(place - vec3(e, 0, 0)),
      skin(place + vec3(0, e, 0)) - skin(place - vec3(0, e, 0)),
      skin(place + vec3(0, 0, e)) - skin(place - vec3(0, 0, e)));
    float facing = abs(dot(normalize(slope + 1e-6), back));
    float glass = 0.30 + 0.30 * (1.0 - facing) * (1.0 - facing);
    light += glass * vec3(0.75, 0.81, 0.90) * lit(slope);
    left -= glass;
    break;
  }
  ends = span(start - middle, half_box);
  bvec4 was = bvec4(false), was2 = bvec4(false);
  int deepest = 0;
  for (int n = 0; n < 8; n++) if ((shown >> n & 1u) == 1u) deepest = n;
  for (float far = ends.x; far < ends.y && left > 0.03; far += stride) {
    vec3 place = start - far * back;
    bvec4 now = greaterThan(texture(first, inBox(place)), vec4(INSIDE));
    bvec4 now2 = many ? greaterThan(texture(second, inBox(place)), vec4(INSIDE)) : bvec4(false);
    if (now != was || now2 != was2) {
      uint entered = bits(now, now2) & ~bits(was, was2) & shown;
      for (int n = 0; n < 8; n++) {
        if ((entered >> n & 1u) == 0u) continue;
        float e = stride * 1.5;
        vec3 slope = vec3(
          share(place + vec3(e, 0, 0), n) - share(place - vec3(e, 0, 0), n),
          share(place + vec3(0, e, 0), n) - share(place - vec3(0, e, 0), n),
          share(place + vec3(0, 0, e), n) - share(place - vec3(0, 0, e), n));
        float facing = abs(dot(normalize(slope + 1e-6), back));
        float solid = n == deepest ? 0.95 : 0.22 + 0.35 * (1.0 - facing);
        light += left * solid * colours[n] * lit(slope);
        left *= 1.0 - solid;
      }
    }
    was = now;
    was2 = now2;
  }
  colour = vec4(light, 1.0);
}`;

export class Solid {
  #canvas;
  #gl;
  #program;
  #places = {};
  #textures = [];
  #angles = { ...START };
  #head = null;  // half its sides and a cell (mm), spacing
  #box = null;
  #look = { colours: [], shown: 0 };
  #asked = false;
  #rest = 0;
  #pace = 0;  // Milliseconds a pixel.
  #changed;
  #picked;
  #case = null;

  // `changed` is called when letters have to be written anew, `picked` with the voxel of a click on a region.
  constructor(canvas, changed, picked) {
    this.#canvas = canvas;
    this.#changed = changed;
    this.#picked = picked;
    const { gl, program } = begin(canvas, CORNERS, PIXELS);
    this.#gl = gl;
    this.#program = program;
    ["head", "first", "second"].forEach((name, unit) => gl.uniform1i(this.#at(name), unit));
    canvas.addEventListener("pointerdown", (event) => this.#press(event));
    canvas.addEventListener("keydown", (event) => this.#key(event));
  }

  clear() {
    this.#head = this.#case = null;
    this.#canvas.hidden = true;
  }

  // A case to draw; it is made smaller when it is first drawn.
  setCase(image, regions) {
    this.#case = { image, regions };
    this.#head = null;
  }

  setLook({ colours, shown }) {
    if (shown === this.#look.shown && colours === this.#look.colours) return;
    this.#look = { colours, shown };
    this.#ask();
  }

  // Where to draw, in CSS pixels of the stage; null: nowhere.
  setPlace(rectangle) {
    const { style } = this.#canvas;
    this.#canvas.hidden = !rectangle || !this.#case;
    if (this.#canvas.hidden) return;
    const sides = Object.fromEntries(Object.entries(rectangle).map(([side, pixels]) => [side, `${pixels}px`]));
    if (Object.keys(sides).every((side) => style[side] === sides[side]) && this.#head) return;
    Object.assign(style, sides);
    this.#ask();
  }

  turn(across, up) {
    this.#angles = turned(this.#angles, across, up);
    this.#ask();
  }

  reset() {
    this.#angles = { ...START };
    this.#ask();
  }

  get hidden() {
    return this.#canvas.hidden;
  }

  get words() {
    return words(camera(this.#angles));
  }

  // Letters, as [text, x, y, whether far] in CSS pixels from the middle of the place, y downwards.
  get letters() {
    if (!this.#head) return [];
    const scale = this.#scale();
    return letters(camera(this.#angles), this.#head.half).map(([text, x, y, far]) => [text, x * scale, -y * scale, far]);
  }

  // Where a voxel is, in CSS pixels from the middle of the place.
  pixelsOf(voxel) {
    if (!this.#head) return null;
    const { right, up } = camera(this.#angles);
    const mm = voxel.map((at, axis) => (at + 0.5) * this.#head.spacing[axis] - this.#head.half[axis]);
    return [dot(mm, right) * this.#scale(), -dot(mm, up) * this.#scale()];
  }

  // CSS pixels a mm: the head fits however it is turned.
  #scale() {
    const { clientWidth, clientHeight } = this.#canvas;
    return (0.44 * Math.min(clientWidth, clientHeight)) / Math.max(...this.#head.half);
  }

  #prepare() {
    const { image, regions } = this.#case;
    const gl = this.#gl;
    const half = image.shape.map((count, axis) => (count * image.spacing[axis]) / 2);
    const whole = { low: [0, 0, 0], high: image.shape };
    const counts = cells(whole, image.spacing);
    this.#fill(0, gl.R8, gl.RED, counts, brightness(image, counts));
    const box = boxOf(regions, 2);
    const cell = Math.max(...half.map((mm, axis) => (2 * mm) / counts[axis]));
    this.#head = { half, spacing: image.spacing, cell };
    this.#box = null;
    if (!box) return;
    const few = cells(box, regions.spacing);
    const at = (corner) => corner.map((voxel, axis) => voxel * regions.spacing[axis] - half[axis]);
    const [low, high] = [at(box.low), at(box.high)];
    const data = [0, 4].map((first) => shares(regions, box, few, first));
    data.forEach((bytes, n) => this.#fill(1 + n, gl.RGBA8, gl.RGBA, few, bytes));
    this.#box = {
      data, counts: few,
      middle: low.map((mm, axis) => (mm + high[axis]) / 2),
      half: low.map((mm, axis) => (high[axis] - mm) / 2),
      cell: Math.min(...low.map((mm, axis) => (high[axis] - mm) / few[axis])),
    };
  }

  #ask() {
    if (!this.#asked && !this.#canvas.hidden) {
      this.#asked = true;
      requestAnimationFrame(() => {
        this.#asked = false;
        if (this.#canvas.hidden || !this.#case) return;
        if (!this.#head) this.#prepare();
        this.#draw(MOVING_PIXELS);
        this.#changed();
        this.#rest = setTimeout(() => this.#finer(), REST_AFTER_MS);
      });
    }
    clearTimeout(this.#rest);
  }

  #finer() {
    if (this.#canvas.hidden || !this.#head || this.#asked) return;
    const most = Math.sqrt(RESTING_MS / Math.max(this.#pace, 1e-6));
    const longest = Math.max(this.#canvas.clientWidth, this.#canvas.clientHeight) * (window.devicePixelRatio || 1);
    const pixels = Math.round(Math.min(RESTING_PIXELS, longest, most));
    if (pixels > MOVING_PIXELS) this.#draw(pixels);
    this.#canvas.dataset.rested = this.words;
  }

  #draw(pixels) {
    const gl = this.#gl;
    const { clientWidth, clientHeight } = this.#canvas;
    const ratio = pixels / Math.max(clientWidth, clientHeight, 1);
    const [width, height] = [clientWidth, clientHeight].map((side) => Math.max(1, Math.round(side * ratio)));
    Object.assign(this.#canvas, { width, height });
    const began = performance.now();
    const eye = camera(this.#angles);
    const scale = this.#scale();
    gl.viewport(0, 0, width, height);
    const vector = (name, values) => gl.uniform3f(this.#at(name), ...values);
    vector("half_head", this.#head.half);
    vector("middle", this.#box?.middle ?? [0, 0, 0]);
    vector("half_box", this.#box?.half ?? [1, 1, 1]);
    gl.uniform2f(this.#at("reach"), clientWidth / 2 / scale, clientHeight / 2 / scale);
    for (const [name, axis] of Object.entries(eye)) vector(name, axis.map((part) => (Math.abs(part) < 1e-5 ? 1e-5 : part)));
    gl.uniform3fv(this.#at("colours"), this.#look.colours.flat().map((part) => part / 255));
    gl.uniform1ui(this.#at("shown"), this.#box ? this.#look.shown : 0);
    gl.uniform1i(this.#at("many"), this.#look.colours.length > 4);
    gl.uniform1f(this.#at("stride"), Math.max(this.#box?.cell ?? 1, LEAST_STRIDE_MM));
    gl.uniform1f(this.#at("pace"), this.#head.cell);
    gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
    gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));  // Waits, for a true time.
    const took = performance.now() - began;
    this.#pace = took / (width * height);
    this.#canvas.dataset.frame = `${Math.max(width, height)} ${Math.round(took)}`;
    this.#canvas.setAttribute("aria-label", `Head and regions ${words(eye)}; arrow keys turn it`);
  }

  #fill(unit, inner, format, [i, j, k], bytes) {
    const gl = this.#gl;
    gl.deleteTexture(this.#textures[unit] ?? null);
    this.#textures[unit] = gl.createTexture();
    gl.activeTexture(gl.TEXTURE0 + unit);
    gl.bindTexture(gl.TEXTURE_3D, this.#textures[unit]);
    for (const side of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T, gl.TEXTURE_WRAP_R]) gl.texParameteri(gl.TEXTURE_3D, side, gl.CLAMP_TO_EDGE);
    for (const size of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_3D, size, gl.LINEAR);
    gl.texImage3D(gl.TEXTURE_3D, 0, inner, i, j, k, 0, format, gl.UNSIGNED_BYTE, bytes);
  }

  #at(name) {
    return (this.#places[name] ??= this.#gl.getUniformLocation(this.#program, name));
  }

  #press(event) {
    if (event.button !== 0) return;
    event.preventDefault();
    this.#canvas.focus();
    let [x, y] = [event.clientX, event.clientY];
    let moved = 0;
    const move = ({ clientX, clientY }) => {
      moved += Math.hypot(clientX - x, clientY - y);
      this.turn((clientX - x) * -DEGREES_A_PIXEL, (clientY - y) * DEGREES_A_PIXEL);
      [x, y] = [clientX, clientY];
    };
    const place = [event.offsetX, event.offsetY];
    this.#canvas.setPointerCapture(event.pointerId);
    this.#canvas.addEventListener("pointermove", move);
    const end = () => {
      this.#canvas.removeEventListener("pointermove", move);
      if (moved < CLICK_PIXELS) this.#pick(place);
    };
    this.#canvas.addEventListener("pointerup", end, { once: true });
  }

  // The first region that is shown under a click.
  #pick([x, y]) {
    if (!this.#box) return;
    const { back, right, up } = camera(this.#angles);
    const { clientWidth, clientHeight } = this.#canvas;
    const [across, high] = [(x - clientWidth / 2) / this.#scale(), (clientHeight / 2 - y) / this.#scale()];
    const { counts, data, middle, half } = this.#box;
    const far = Math.hypot(...this.#head.half);
    for (let away = -far; away < far; away += this.#box.cell / 2) {
      const mm = right.map((part, axis) => across * part + high * up[axis] - away * back[axis]);
      const cell = mm.map((at, axis) => Math.floor(((at - middle[axis]) / half[axis] / 2 + 0.5) * counts[axis]));
      if (cell.some((at, axis) => at < 0 || at >= counts[axis])) continue;
      const place = 4 * (cell[0] + counts[0] * (cell[1] + counts[1] * cell[2]));
      for (let n = 0; n < this.#look.colours.length; n++) {
        if (!((this.#look.shown >> n) & 1) || data[n >> 2][place + (n & 3)] < 255 * INSIDE) continue;
        this.#picked(mm.map((at, axis) => Math.floor((at + this.#head.half[axis]) / this.#head.spacing[axis])));
        return;
      }
    }
  }

  #key(event) {
    const turns = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    const by = turns[event.key];
    if (!by || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    this.turn(by[0] * KEY_DEGREES, by[1] * KEY_DEGREES);
  }
}
