// What each key does. The list is what the help shows.

import { at, element } from "./page.js";

export const KEYS = [
  [["1", "2", "3", "4", "5"], "sequence", (actions, key) => actions.nthSequence(Number(key))],
  [["W", "T", "E"], "first, second, third region on or off", (actions, key) => actions.nthRegion("WTE".indexOf(key) + 1)],
  [["Space"], "all regions on or off", (actions) => actions.toggleAll()],
  [["O"], "outlines only", (actions) => actions.outline()],
  [["V"], "three planes and 3-D", (actions) => actions.view("all")],
  [["A"], "axial", (actions) => actions.view("axial")],
  [["C"], "coronal", (actions) => actions.view("coronal")],
  [["S"], "sagittal", (actions) => actions.view("sagittal")],
  [["D"], "3-D", (actions) => actions.view("solid")],
  [["PageUp"], "a slice up", (actions) => actions.scroll(1)],
  [["PageDown"], "a slice down", (actions) => actions.scroll(-1)],
  [["+"], "nearer", (actions) => actions.zoom(1.25)],
  [["-"], "farther", (actions) => actions.zoom(0.8)],
  [["J"], "next case", (actions) => actions.step(1)],
  [["K"], "case before", (actions) => actions.step(-1)],
  [["R"], "window, zoom and place as they were", (actions) => actions.reset()],
  [["M"], "correct the regions, or no longer", (actions) => actions.edit()],
  [["B", "X"], "brush, eraser", (actions, key) => actions.tool({ B: "brush", X: "erase" }[key])],
  [["I", "L"], "delete an island, relabel an island", (actions, key) => actions.tool({ I: "delete", L: "relabel" }[key])],
  [["N"], "next region to correct", (actions) => actions.nextRegion()],
  [["[", "]"], "smaller, larger brush", (actions, key) => actions.resize(key === "]" ? 1 : -1)],
  [["Escape"], "put the tool away", (actions) => actions.tool("look")],
  [["Ctrl+Z", "Ctrl+Shift+Z"], "undo, redo", (actions, key) => (key === "Ctrl+Z" ? actions.undo() : actions.redo())],
  [["Ctrl+S"], "save a new version", (actions) => actions.save()],
  [["?"], "these keys", (actions) => actions.help()],
];

const MOUSE = [
  ["Arrow keys, left button", "in 3-D: turn; a click on a region goes there"],
  ["Left button", "go to a place; with Ctrl, move the image"],
  ["Right button", "window: left and right for width, up and down for level"],
  ["Wheel", "scroll through slices; with Ctrl, zoom"],
];

function named(event) {
  const key = event.key === " " ? "Space" : event.key.length === 1 ? event.key.toUpperCase() : event.key;
  return event.ctrlKey || event.metaKey ? `Ctrl+${event.shiftKey ? "Shift+" : ""}${key}` : key;
}

const TYPING = "input:not([type=range], [type=checkbox]), textarea, select";

// `heard`: whether keys are for the viewer now.
export function bindKeys(actions, known = KEYS, heard = () => true) {
  at("keys").replaceChildren(
    ...known.flatMap(([keys, does]) => [element("dt", {}, ...keys.map((key) => element("kbd", {}, key))), element("dd", {}, does)]),
    ...MOUSE.flatMap(([what, does]) => [element("dt", {}, what), element("dd", {}, does)]),
  );
  document.addEventListener("keydown", (event) => {
    if (event.altKey || document.querySelector("dialog[open]") || event.target.matches(TYPING) || !heard()) return;
    const key = named(event);
    const found = known.find(([keys]) => keys.includes(key));
    if (!found) return;
    event.preventDefault();
    found[2](actions, key);
  });
}
