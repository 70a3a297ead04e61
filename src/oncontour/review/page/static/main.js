// The page: a list of cases, the viewer, and what was measured.

import { ask, at, choices } from "./page.js";
import { Beside } from "./beside.js";
import { closeFollowUp, listFollowUps, openFollowUp } from "./follow.js";
import { drawList, markOpen, pausePictures } from "./list.js";
import { showPanel } from "./panel.js";
import { bindKeys } from "./keys.js";
import { Editor } from "./edit.js";
import { Reviewed } from "./reviewed.js";
import { showAccount } from "./session.js";
import { Viewer } from "./viewer.js";

const PREFERRED = ["T1CE", "FLAIR", "T2", "T1", "ADC"];
const LOOK_AGAIN_MS = 3000;
const VIEW_TITLES = [
  ["all", "All planes", "Three planes and 3-D (V)"],
  ["axial", "Axial", "(A)"],
  ["coronal", "Coronal", "(C)"],
  ["sagittal", "Sagittal", "(S)"],
  ["solid", "3-D", "(D)"],
];

const state = { cases: [], open: null, sequence: null, view: "all", hidden: new Set() };
const viewer = new Viewer(
  at("viewer"),
  at("marks"),
  (mm, value) => {
    at("place").value = `${mm.map((at) => at.toFixed(0)).join(", ")} mm: ${value}`;
    beside.follow(true);
  },
  at("solid"),
);
const beside = new Beside(viewer);
const both = () => [viewer, beside.viewer].filter(Boolean);

const editor = new Editor(viewer, () => {
  document.body.dataset.unsaved = String(editor.changed);
});
const reviewed = new Reviewed(viewer, editor, (measurements, line) => {
  if (measurements) state.open.measurements = measurements;
  const one = state.cases.find(({ name }) => name === state.open.name);
  if (one) Object.assign(one, line);
  drawList(state.cases, actions.open);
  actions.look();
}, failed);

function say(text) {
  at("message").textContent = text;
}

function failed(error) {
  reviewed.close();
  viewer.clear();
  say(error.message);
}

function drawBar() {
  const there = PREFERRED.filter((name) => state.open?.sequences.includes(name));
  choices(at("sequences"), there.map((name, n) => [name, name, `(${n + 1})`]), state.sequence, actions.sequence);
  choices(at("views"), VIEW_TITLES, state.view, actions.view);
}

function currentLook() {
  const shown = (state.open?.regions ?? []).reduce((bits, region, n) => bits | (state.hidden.has(region) ? 0 : 1 << n), 0);
  return { shown, opacity: at("opacity").value / 100, outlined: at("outline").checked };
}

const actions = {
  async open(name) {
    if (!(await editor.mayLeave())) return;
    reviewed.close();
    say(`Reading ${name} …`);
    state.open = { name, sequences: [] };
    closeFollowUp();
    beside.close();
    markOpen(name);
    pausePictures(true);
    const began = performance.now();
    performance.mark("click");
    const address = `/api/cases/${encodeURIComponent(name)}`;
    const current = () => state.open.name === name;
    try {
      const found = await ask(address);
      if (!current()) return;
      state.open = { ...found, sequences: [] };
      showPanel(state.open, state.hidden, actions);
      if (found.error) {
        viewer.clear();
        say(found.error);
        return;
      }
      const images = await ask(`${address}/images`);
      if (!current()) return;
      Object.assign(state.open, images);
      state.sequence = PREFERRED.find((one) => images.sequences.includes(one)) ?? null;
      drawBar();
      actions.look();
      await viewer.open(address, state.open, state.sequence, current);
      await viewer.drawn();
      if (!current()) return;
      await reviewed.open(state.open, address, current);
      if (!current()) return;
      say("");
      performance.mark("drawn");
      document.body.dataset.drawn = `${name} ${Math.round(performance.now() - began)}`;
      viewer.openSolid();
      await viewer.loadOthers(address, state.open, current);
      if (!current()) return;
      performance.mark("all");
      document.body.dataset.loaded = name;
      viewer.show(state.sequence);
    } catch (error) {
      if (current()) failed(error);
    } finally {
      if (current()) pausePictures(false);
    }
  },
  follow: (name) => openFollowUp(name, actions.open, actions.beside),
  // Two scans of a follow-up.
  async beside(first, second) {
    actions.view("axial");
    const opening = actions.open(first.case);
    const [one, other] = [first, second].map((scan) => ({
      ...scan, regions: scan.regions.map((size) => ({ ...size, colour: state.cases.find(({ name }) => name === scan.case)?.colours[size.region] })),
    }));
    await opening;
    if (state.open.name !== first.case) return;
    try {
      await beside.open(one, other, state.sequence, currentLook());
    } catch (error) {
      at("linked").textContent = error.message;
    }
  },
  step(by) {
    const place = state.cases.findIndex((one) => one.name === state.open?.name);
    const next = state.cases[place + by];
    if (next) actions.open(next.name);
  },
  sequence(name) {
    state.sequence = name;
    for (const one of both()) one.show(name);
    drawBar();
  },
  nthSequence(number) {
    const name = PREFERRED.filter((one) => state.open?.sequences.includes(one))[number - 1];
    if (name) actions.sequence(name);
  },
  view(name) {
    state.view = name;
    for (const one of both()) one.view = name;
    drawBar();
  },
  toggle(region) {
    state.hidden[state.hidden.has(region) ? "delete" : "add"](region);
    actions.look();
  },
  toggleAll() {
    const regions = state.open?.regions ?? [];
    const hide = regions.some((region) => !state.hidden.has(region));
    for (const region of regions) state.hidden[hide ? "add" : "delete"](region);
    actions.look();
  },
  look() {
    for (const one of both()) one.look = currentLook();
    at("opacity-value").value = `${at("opacity").value} %`;
    showPanel(state.open, state.hidden, actions);
  },
  nthRegion(number) {
    const region = state.open?.regions?.[number - 1];
    if (region) actions.toggle(region);
  },
  outline() {
    at("outline").checked = !at("outline").checked;
    actions.look();
  },
  scroll(by) {
    beside.lead();
    viewer.scroll(by);
  },
  zoom(by) {
    for (const one of both()) one.zoom(by);
  },
  reset: () => viewer.reset(),
  help: () => at("help").showModal(),
  edit: () => editor.toggle(),
  tool: (name) => editor.choose(name),
  nextRegion: () => editor.nextRegion(),
  resize: (by) => editor.resize(by),
  undo: () => editor.undo(),
  redo: () => editor.redo(),
  save: () => reviewed.save(),
};

// The cases; those of a node come and go on while people look.
async function list(again = false) {
  try {
    const { live, cases } = await ask("/api/cases", again);
    state.cases = cases;
    drawList(cases, actions.open);
    if (!live) return;
  } catch (error) {
    if (!again) throw error;
    at("count").textContent = `not live: ${error.message}`;
  }
  setTimeout(() => list(true), LOOK_AGAIN_MS);
}

at("opacity").addEventListener("input", actions.look);
at("outline").addEventListener("change", actions.look);
at("reset").addEventListener("click", actions.reset);
at("help-button").addEventListener("click", actions.help);
at("edit-button").addEventListener("click", actions.edit);
bindKeys(actions);

drawBar();
await showAccount();
await listFollowUps(actions.follow);
await list();
performance.mark("listed");
const first = state.cases.find(({ there }) => there) ?? state.cases[0];
if (first) await actions.open(first.name);
