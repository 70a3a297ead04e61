// The page: a list of cases, the viewer, and what was measured.

import { ask, at, choices, element } from "./page.js";
import { showPanel } from "./panel.js";
import { bindKeys } from "./keys.js";
import { Viewer } from "./viewer.js";

const PREFERRED = ["T1CE", "FLAIR", "T2", "T1", "ADC"];
const VIEW_TITLES = [
  ["all", "All", "Three planes and the solid head (V)"],
  ["axial", "Axial", "(A)"],
  ["coronal", "Coronal", "(C)"],
  ["sagittal", "Sagittal", "(S)"],
  ["solid", "3-D", "(D)"],
];

const state = { cases: [], open: null, sequence: null, view: "all", hidden: new Set() };
const viewer = new Viewer(at("viewer"), (place) => { at("place").value = where(place); });

function where({ mm, values }) {
  const value = values?.[0] ? `  ${state.sequence ?? ""} ${Math.round(values[0].value)}` : "";
  const sides = [mm[0] < 0 ? "L" : "R", mm[1] < 0 ? "P" : "A", mm[2] < 0 ? "I" : "S"];
  return `${sides.map((side, axis) => `${side} ${Math.abs(mm[axis]).toFixed(0)}`).join("  ")} mm${value}`;
}

function say(text) {
  at("message").textContent = text;
}

function drawBar() {
  const there = PREFERRED.filter((name) => state.open?.sequences[name]);
  choices(at("sequences"), there.map((name, n) => [name, name, `(${n + 1})`]), state.sequence, actions.sequence);
  choices(at("views"), VIEW_TITLES, state.view, actions.view);
}

function drawList() {
  at("count").textContent = `${state.cases.length} case${state.cases.length === 1 ? "" : "s"}`;
  at("case-list").replaceChildren(
    ...state.cases.map((one) =>
      element(
        "li",
        { role: "option", "aria-selected": String(one.name === state.open?.name), onclick: () => actions.open(one.name) },
        element("div", { class: "name" }, element("span", {}, one.name), element("span", { class: `state ${one.state}` }, one.state)),
        element("div", { class: "volumes" }, Object.entries(one.volumes_ml).map(([name, ml]) => `${name} ${ml.toFixed(1)}`).join("   ")),
      ),
    ),
  );
  at("case-list").querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" });
}

const actions = {
  async open(name) {
    say(`Reading ${name} …`);
    state.open = { name, sequences: {} };
    drawList();
    const began = performance.now();
    const address = `/api/cases/${encodeURIComponent(name)}`;
    const current = () => state.open.name === name;
    try {
      const found = await ask(address);
      if (!current()) return;
      state.open = { ...found, sequences: {} };
      showPanel(state.open, state.hidden, actions);
      if (found.error) {
        viewer.clear();
        say(found.error);
        return;
      }
      const images = await ask(`${address}/images`);
      if (!current()) return;
      Object.assign(state.open, images);
      state.sequence = PREFERRED.find((one) => images.sequences[one]) ?? null;
      drawBar();
      await viewer.open(address, state.open, state.sequence, current);
      if (!current()) return;
      say("");
      document.body.dataset.drawn = `${name} ${Math.round(performance.now() - began)}`;
      await viewer.loadOthers(address, state.open, current);
      if (current()) viewer.show(state.sequence);
    } catch (error) {
      if (!current()) return;
      viewer.clear();
      say(error.message);
    }
  },
  step(by) {
    const place = state.cases.findIndex((one) => one.name === state.open?.name);
    const next = state.cases[place + by];
    if (next) actions.open(next.name);
  },
  sequence(name) {
    state.sequence = name;
    viewer.show(name);
    drawBar();
  },
  nthSequence(number) {
    const name = PREFERRED.filter((one) => state.open?.sequences[one])[number - 1];
    if (name) actions.sequence(name);
  },
  view(name) {
    state.view = name;
    viewer.view(name);
    drawBar();
  },
  toggle(region) {
    const hide = !state.hidden.has(region);
    state.hidden[hide ? "add" : "delete"](region);
    viewer.hide(region, hide);
    showPanel(state.open, state.hidden, actions);
  },
  toggleAll() {
    const regions = Object.keys(state.open?.colours ?? {});
    const hide = regions.some((region) => !state.hidden.has(region));
    for (const region of regions) {
      state.hidden[hide ? "add" : "delete"](region);
      viewer.hide(region, hide);
    }
    showPanel(state.open, state.hidden, actions);
  },
  nthRegion(number) {
    const region = Object.keys(state.open?.colours ?? {})[number - 1];
    if (region) actions.toggle(region);
  },
  outline() {
    at("outline").checked = !at("outline").checked;
    viewer.outlined = at("outline").checked;
  },
  scroll: (by) => viewer.move(0, 0, by),
  reset() {
    if (state.sequence) viewer.reset(state.sequence, state.open.sequences[state.sequence].window, state.open.centre);
  },
  help: () => at("help").showModal(),
};

at("opacity").addEventListener("input", () => {
  viewer.opacity = at("opacity").value / 100;
  at("opacity-value").value = `${at("opacity").value} %`;
});
at("opacity-value").value = `${at("opacity").value} %`;
at("outline").addEventListener("change", () => { viewer.outlined = at("outline").checked; });
at("reset").addEventListener("click", actions.reset);
at("help-button").addEventListener("click", actions.help);
bindKeys(actions);

drawBar();
state.cases = await ask("/api/cases");
drawList();
if (state.cases.length) await actions.open(state.cases[0].name);
