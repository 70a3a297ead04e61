// A rater's way through a study: instructions, page after page, each locked for good, the end.

import { at, choices } from "/static/page.js";
import { bindKeys } from "/static/keys.js";
import { Viewer } from "/static/viewer.js";
import { KEYS } from "./keys.js";
import { Questions, swatchesOf } from "./questions.js";
import { Saver } from "./saver.js";
import { asked, duration, leave, told } from "./server.js";

const PREFERRED = ["T1CE", "FLAIR", "T2", "T1", "ADC", "no image"];
const VIEW_TITLES = [
  ["all", "All planes", "Three planes (V)"],
  ["axial", "Axial", "(A)"],
  ["coronal", "Coronal", "(C)"],
  ["sagittal", "Sagittal", "(S)"],
];

const state = { page: null, sequence: null, view: "all", hidden: new Set(), alone: false, drawn: false };
const study = await asked("/api/study");
const viewer = new Viewer(at("viewer"), at("marks"), (mm) => {
  at("place").value = `x ${mm[0].toFixed(0)}  y ${mm[1].toFixed(0)}  z ${mm[2].toFixed(0)} mm`;
});
const questions = new Questions(study, {
  answered: (mask, question, value) => {
    saver.put(`${mask} ${question}`, { mask, question, value });
    drawFoot();
  },
  moved: () => look(),
  toggled: (m) => actions.toggle(m),
});
const saver = new Saver((answer) => told("/api/answers", answer), saved, notSaved);

function saved({ mask, question }, { score }) {
  questions.saved(mask, question, "saved", score);
  if (!saver.waiting) say("");
  drawFoot();
}

function notSaved({ mask, question }, error, again) {
  if (error.code === 409) return lost();
  questions.saved(mask, question, "failed");
  say(`NOT SAVED. ${error.message}${again ? " It is tried again; leave this page open." : ""}`);
  drawFoot();
}

// The page was locked elsewhere.
function lost() {
  saver.drop();
  cover("Go on", "This page has been locked in another window.", "Next page");
}

function say(text) {
  at("saving").textContent = text;
  at("saving").className = text ? "fail" : "";
}

function drawFoot() {
  const open = questions.open;
  at("lock").disabled = !state.drawn || open > 0 || saver.waiting > 0;
  at("open").textContent = open ? `${open} answer${open === 1 ? "" : "s"} to go` : saver.waiting ? "saving …" : "all saved";
  document.body.dataset.saving = saver.waiting ? "waiting" : "done";
}

function cover(title, text, button) {
  document.body.dataset.state = button ? "begin" : "end";
  at("cover-title").textContent = title;
  at("cover-text").textContent = text;
  at("go").textContent = button;
  at("go").hidden = !button;
  (button ? at("go") : document.querySelector("#cover .leave")).focus();
}

async function begin() {
  const { rater, locked, of, seconds } = await asked("/api/progress");
  document.querySelector(".study-name").textContent = `${study.name}, ${rater}`;
  if (locked === of) return cover("All pages are locked", `You have read ${of} page${of === 1 ? "" : "s"} in ${duration(seconds)}. Thank you.`, null);
  const far = locked ? `You have locked ${locked} of ${of} pages.` : `${of} page${of === 1 ? "" : "s"}, one after the other. Each answer is saved at once; you may stop and come back at any time.`;
  cover("Instructions", `${study.instructions}\n\n${far}`, locked ? `Go on with page ${locked + 1}` : "Begin");
}

function drawBar() {
  const there = PREFERRED.filter((name) => state.page?.sequences.includes(name));
  choices(at("sequences"), there.map((name) => [name, name, "(Q: next)"]), state.sequence, actions.sequence);
  choices(at("views"), VIEW_TITLES, state.view, actions.view);
}

async function nextPage() {
  try {
    at("go").disabled = true;
    const page = await asked("/api/page");
    at("go").disabled = false;
    if (!page.item) return await begin();
    await show(page);
  } catch (error) {
    at("go").disabled = false;
    cover("Not yet", error.message, "Try again");
  }
}

async function show(page) {
  const { rater, seconds, locked } = await asked("/api/progress");
  Object.assign(state, { page, sequence: PREFERRED.find((name) => page.sequences.includes(name)), drawn: false, alone: false });
  state.hidden.clear();
  document.body.dataset.state = "rating";
  at("number").textContent = `Page ${page.number} of ${page.of}`;
  at("time").textContent = `${rater}, ${duration(seconds)} so far`;
  at("far").max = page.of;
  at("far").value = locked;
  at("message").textContent = "Reading the images …";
  viewer.clear();
  say("");
  for (const { mask, question, value } of saver.unsent) {
    const own = page.masks.find((one) => one.mask === mask);
    if (own) own.answers[question] = value;
  }
  questions.show(page.masks, swatchesOf(page));
  at("questions").inert = true;
  drawBar();
  drawFoot();
  const current = () => state.page === page;
  const address = `/api/pages/${page.item}`;
  await viewer.open(address, page, state.sequence, current);
  look();
  await viewer.loadOthers(address, page, current);  // Before anything is asked: no sequence is judged by another's image.
  viewer.show(state.sequence);
  at("message").textContent = "";
  await told("/api/shown", { item: page.item });  // The rater's time runs from here.
  state.drawn = true;
  at("questions").inert = false;
  questions.move(0);
  document.body.dataset.page = page.number;
  drawFoot();
}

// Which masks are drawn, and how.
function look() {
  const { page } = state;
  if (!page) return;
  const on = page.masks.map((_, m) => (state.alone ? m === questions.mask : !state.hidden.has(m)));
  on.forEach((yes, m) => questions.shown(m, yes));
  const names = new Set(page.masks.flatMap(({ regions }, m) => (on[m] ? regions : [])));
  const shown = page.regions.reduce((bits, name, n) => bits | (names.has(name) ? 1 << n : 0), 0);
  viewer.look = { shown, opacity: at("opacity").value / 100, outlined: at("outline").getAttribute("aria-pressed") === "true" };
  at("alone").setAttribute("aria-pressed", String(state.alone));
}

const press = (id) => at(id).setAttribute("aria-pressed", String(at(id).getAttribute("aria-pressed") !== "true"));

const actions = {
  key: (key) => state.drawn && questions.key(key),
  move: (by) => questions.move(by),
  moveMask: (by) => questions.moveMask(by),
  toggle(m) {
    if (!state.page?.masks[m]) return;
    state.alone = false;
    state.hidden[state.hidden.has(m) ? "delete" : "add"](m);
    look();
  },
  toggleAll() {
    const hide = state.alone || state.hidden.size < state.page.masks.length;
    state.alone = false;
    state.page.masks.forEach((_, m) => state.hidden[hide ? "add" : "delete"](m));
    look();
  },
  alone() {
    state.alone = !state.alone;
    look();
  },
  outline() {
    press("outline");
    look();
  },
  sequence(name) {
    state.sequence = name;
    viewer.show(name);
    drawBar();
  },
  nextSequence() {
    const there = PREFERRED.filter((name) => state.page?.sequences.includes(name));
    actions.sequence(there[(there.indexOf(state.sequence) + 1) % there.length]);
  },
  view(name) {
    state.view = name;
    viewer.view = name;
    drawBar();
  },
  scroll: (by) => viewer.scroll(by),
  zoom: (by) => viewer.zoom(by),
  reset: () => viewer.reset(),
  help: () => at("help").showModal(),
  lock() {
    if (at("lock").disabled) return;
    at("sure-title").textContent = `Lock page ${state.page.number}?`;
    at("sure").returnValue = "";
    at("sure").showModal();
  },
};

at("sure").addEventListener("close", async () => {
  if (at("sure").returnValue !== "lock") return;
  at("lock").disabled = true;
  try {
    await told("/api/locks", { item: state.page.item });
  } catch (error) {
    if (error.code === 409) return lost();
    say(`NOT LOCKED. ${error.message}`);
    return drawFoot();
  }
  await nextPage();
});
at("opacity").addEventListener("input", look);
at("opacity").addEventListener("change", () => at("opacity").blur());
for (const [id, act] of [["outline", actions.outline], ["alone", actions.alone], ["reset", actions.reset], ["help-button", actions.help], ["lock", actions.lock], ["go", nextPage]]) {
  at(id).addEventListener("click", act);
}
for (const button of document.querySelectorAll(".leave")) button.addEventListener("click", leave);
bindKeys(actions, KEYS, () => document.body.dataset.state === "rating");

document.title = study.name;
at("instructions").textContent = study.instructions;
await begin();
