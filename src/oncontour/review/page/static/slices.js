// Slices on the graphics card: brightness in one texture, regions as bits of another, so that window, slice, colours
// and outlines change without touching a voxel.

import { begin } from "./webgl.js";

const CORNERS = `#version 300 es
out vec2 at;
void main() {
  at = vec2(gl_VertexID & 1, gl_VertexID >> 1);
  gl_Position = vec4(at * 2.0 - 1.0, 0.0, 1.0);
}`;

const PIXELS = `#version 300 es
precision highp float;
precision highp int;
precision highp sampler3D;
precision highp usampler3D;
uniform sampler3D image;
uniform usampler3D regions;
uniform vec3 shape;
uniform vec3 origin;  // Voxel at the tile's lower left corner; its first voxel reaches from -0.5 to 0.5.
uniform vec3 across;  // From there to the lower right corner,
uniform vec3 up;  // and to the upper left one.
uniform vec2 window;  // Black and white.
uniform vec2 step;  // Width of an outline, as a share of the tile.
uniform float dash;  // Length of an outline's dash, in pixels, where several run.
uniform vec3 colours[8];
uniform uint shown;
uniform float opacity;
uniform bool outlined;
uniform usampler3D compared;
uniform bool comparing;
in vec2 at;
out vec4 colour;

bool outside(vec3 place) {
  return any(lessThan(place, vec3(0.0))) || any(greaterThanEqual(place, shape));
}

uint bits(usampler3D regions, vec2 there) {
  vec3 place = origin + there.x * across + there.y * up + 0.5;
  return outside(place) ? 0u : texelFetch(regions, ivec3(place), 0).r & shown;
}

int count(uint set) {
  int found = 0;
  for (int n = 0; n < 8; n++) found += int(set >> n & 1u);
  return found;
}

// Regions whose outline runs here.
uint edges(usampler3D regions) {
  uint inside = bits(regions, at + vec2(step.x, 0.0)) & bits(regions, at - vec2(step.x, 0.0));
  inside &= bits(regions, at + vec2(0.0, step.y)) & bits(regions, at - vec2(0.0, step.y));
  return bits(regions, at) & ~inside;
}

void main() {
  vec3 place = origin + at.x * across + at.y * up + 0.5;
  colour = vec4(0.0, 0.0, 0.0, 1.0);
  if (outside(place)) return;
  float grey = (texture(image, place / shape).r - window.x) / (window.y - window.x);
  colour.rgb = vec3(clamp(grey, 0.0, 1.0));
  if (comparing && edges(compared) != 0u) {
    colour.rgb = vec3(1.0);
    return;
  }
  uint here = outlined ? edges(regions) : bits(regions, at);
  int before = 0;  // The innermost region has the last word, but outlines that coincide take turns.
  if (outlined && here != 0u) before = int((gl_FragCoord.x + gl_FragCoord.y) / dash) % count(here);
  for (int n = 7; n >= 0; n--) {
    if ((here >> n & 1u) == 1u && before-- == 0) {
      colour.rgb = mix(colour.rgb, colours[n], outlined ? 1.0 : opacity);
      return;
    }
  }
}`;

export class Slices {
  #gl;
  #program;
  #places = {};
  #textures = {};

  constructor(canvas) {
    const { gl, program } = begin(canvas, CORNERS, PIXELS);
    this.#gl = gl;
    this.#program = program;
    gl.uniform1i(this.#place("image"), 0);
    gl.uniform1i(this.#place("regions"), 1);
    gl.uniform1i(this.#place("compared"), 2);
    this.setCompared(null);
  }

  setImage({ shape, voxels }) {
    const gl = this.#gl;
    this.#fill(0, "image", gl.R16F, gl.RED, gl.FLOAT, gl.LINEAR, shape, new Float32Array(voxels));
    gl.uniform3f(this.#place("shape"), ...shape);
  }

  setRegions({ shape, voxels }) {
    const gl = this.#gl;
    this.#fill(1, "regions", gl.R8UI, gl.RED_INTEGER, gl.UNSIGNED_BYTE, gl.NEAREST, shape, voxels);
  }

  // Send a box [low, high] of voxels that were changed in place.
  updateRegions({ shape, voxels }, [low, high]) {
    const gl = this.#gl;
    const [wide, deep, thick] = high.map((to, axis) => to + 1 - low[axis]);
    const window = [["ROW_LENGTH", shape[0]], ["IMAGE_HEIGHT", shape[1]], ["SKIP_PIXELS", low[0]], ["SKIP_ROWS", low[1]], ["SKIP_IMAGES", low[2]]];
    for (const [name, value] of window) gl.pixelStorei(gl[`UNPACK_${name}`], value);
    gl.activeTexture(gl.TEXTURE1);
    gl.texSubImage3D(gl.TEXTURE_3D, 0, ...low, wide, deep, thick, gl.RED_INTEGER, gl.UNSIGNED_BYTE, voxels);
    for (const [name] of window) gl.pixelStorei(gl[`UNPACK_${name}`], 0);
  }

  // Regions whose outlines are drawn over all else, in white; null: none.
  setCompared(regions) {
    const gl = this.#gl;
    const { shape, voxels } = regions ?? { shape: [1, 1, 1], voxels: new Uint8Array(1) };
    this.#fill(2, "compared", gl.R8UI, gl.RED_INTEGER, gl.UNSIGNED_BYTE, gl.NEAREST, shape, voxels);
    gl.uniform1i(this.#place("comparing"), regions ? 1 : 0);
  }

  // Draw one slice for each tile. `look`: window, colours (0 to 255), shown (bits), opacity, outlined. With `part`, a
  // rectangle, nothing else is drawn anew: what a brush changes is small, and drawing in software is not.
  draw(tiles, place, look, part = null) {
    const gl = this.#gl;
    const { height } = gl.canvas;
    if (part) {
      gl.enable(gl.SCISSOR_TEST);
      gl.scissor(part.left, height - part.top - part.height, part.width, part.height);
    } else gl.disable(gl.SCISSOR_TEST);
    gl.clearColor(0, 0, 0, 1);
    gl.clear(gl.COLOR_BUFFER_BIT);
    if (!tiles.length) return;
    gl.uniform2f(this.#place("window"), ...look.window);
    gl.uniform3fv(this.#place("colours"), look.colours.flat().map((part) => part / 255));
    gl.uniform1ui(this.#place("shown"), look.shown);
    gl.uniform1f(this.#place("opacity"), look.opacity);
    gl.uniform1i(this.#place("outlined"), look.outlined);
    for (const tile of tiles) {
      const { left, top, width: wide, height: high } = tile.rectangle;
      const corner = (x, y) => tile.placeAt([left + x * wide, top + high - y * high], place.map(Math.round));
      const [origin, right, above] = [corner(0, 0), corner(1, 0), corner(0, 1)];
      gl.viewport(left, height - top - high, wide, high);
      gl.uniform3f(this.#place("origin"), ...origin);
      gl.uniform3f(this.#place("across"), ...right.map((to, axis) => to - origin[axis]));
      gl.uniform3f(this.#place("up"), ...above.map((to, axis) => to - origin[axis]));
      const line = Math.max(1, Math.round(height / 800));
      gl.uniform2f(this.#place("step"), line / wide, line / high);
      gl.uniform1f(this.#place("dash"), 6 * line);
      gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
    }
  }

  // Wait for the graphics card.
  finish() {
    this.#gl.readPixels(0, 0, 1, 1, this.#gl.RGBA, this.#gl.UNSIGNED_BYTE, new Uint8Array(4));
  }

  #fill(unit, name, inner, format, type, filter, [i, j, k], voxels) {
    const gl = this.#gl;
    gl.deleteTexture(this.#textures[name] ?? null);
    this.#textures[name] = gl.createTexture();
    gl.activeTexture(gl.TEXTURE0 + unit);
    gl.bindTexture(gl.TEXTURE_3D, this.#textures[name]);
    for (const side of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T, gl.TEXTURE_WRAP_R]) gl.texParameteri(gl.TEXTURE_3D, side, gl.CLAMP_TO_EDGE);
    for (const size of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_3D, size, filter);
    gl.texImage3D(gl.TEXTURE_3D, 0, inner, i, j, k, 0, format, type, voxels);
  }

  #place(name) {
    return (this.#places[name] ??= this.#gl.getUniformLocation(this.#program, name));
  }
}
