// The list of cases. Pictures come one at a time, as the list is scrolled, and wait while a case is opened.

import { at, element } from "./page.js";

const waiting = new Set();
let busy = false;
let paused = false;
const seen = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) waiting[isIntersecting ? "add" : "delete"](target);
  next();
});

const address = (name) => `/api/cases/${encodeURIComponent(name)}/thumbnail.png`;

async function next() {
  const [picture] = waiting;
  if (busy || paused || !picture) return;
  busy = true;
  waiting.delete(picture);
  seen.unobserve(picture);
  picture.src = address(picture.dataset.case);
  await picture.decode().then(
    () => picture.classList.add("there"),
    () => picture.removeAttribute("src"),
  );
  busy = false;
  next();
}

// While a case is opened, nothing else is asked of the server.
export function pausePictures(still) {
  paused = still;
  next();
}

// A row stays as it is, with its picture, while nothing new is said of its case.
export function drawList(cases, open) {
  const before = new Map([...at("case-list").children].map((row) => [row.dataset.case, row]));
  const rows = cases.map((one) => {
    const old = before.get(one.name);
    if (old?.dataset.said === JSON.stringify(one)) return old;
    const made = row(one, open);
    made.setAttribute("aria-selected", old?.getAttribute("aria-selected") ?? "false");
    return made;
  });
  at("count").textContent = `${cases.length} case${cases.length === 1 ? "" : "s"}`;
  if (rows.some((row, place) => at("case-list").children[place] !== row) || rows.length < before.size) {
    at("case-list").replaceChildren(...rows);
  }
}

// Which one is open.
export function markOpen(name) {
  at("case-list").querySelector('[aria-selected="true"]')?.setAttribute("aria-selected", "false");
  const row = [...at("case-list").children].find((one) => one.dataset.case === name);
  row?.setAttribute("aria-selected", "true");
  row?.scrollIntoView({ block: "nearest" });
}

// The latest version, and its mark.
function reviewed({ version, mark }) {
  if (!version && !mark) return [];
  const said = [version ? element("span", {}, `corrected, version ${version}`) : "", mark ? element("span", { class: mark === "poor" ? "fail" : "ok" }, mark) : ""];
  return [element("div", { class: "reviewed" }, ...said.filter(Boolean))];
}

const SHORT = { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" };

// When the images of a node's case came, by the clock of this machine.
function came({ came_at }) {
  if (came_at === null) return [];
  const at = new Date(1000 * came_at);
  return [element("time", { datetime: at.toISOString(), title: `Came ${at.toLocaleString()}` }, at.toLocaleString([], SHORT))];
}

function row(one, open) {
  const picture = element("img", { alt: "", "data-case": one.name });
  if (one.there) seen.observe(picture);
  const volumes = Object.entries(one.volumes_ml).flatMap(([name, ml]) => [element("span", {}, `${name} ${ml.toFixed(1)}`), " "]);
  return element(
    "li",
    { role: "option", "data-case": one.name, "data-said": JSON.stringify(one), "aria-selected": "false", onclick: () => open(one.name) },
    element("div", { class: "picture" }, picture),
    element("div", { class: "name" }, element("span", { title: one.name }, one.name), element("span", { class: `state ${one.state}` }, one.state)),
    ...came(one),
    ...reviewed(one),
    element("div", { class: "volumes", title: "mL" }, ...volumes),
  );
}
