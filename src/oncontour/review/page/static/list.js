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

export function drawList(cases, open) {
  seen.disconnect();
  waiting.clear();
  at("count").textContent = `${cases.length} case${cases.length === 1 ? "" : "s"}`;
  at("case-list").replaceChildren(...cases.map((one) => row(one, open)));
}

// Which one is open.
export function markOpen(name) {
  at("case-list").querySelector('[aria-selected="true"]')?.setAttribute("aria-selected", "false");
  const row = [...at("case-list").children].find((one) => one.dataset.case === name);
  row?.setAttribute("aria-selected", "true");
  row?.scrollIntoView({ block: "nearest" });
}

// What readers added to a case has changed.
export function updateCase(one, open) {
  const old = [...at("case-list").children].find((each) => each.dataset.case === one.name);
  const made = row(one, open);
  made.setAttribute("aria-selected", old.getAttribute("aria-selected"));
  old.replaceWith(made);
}

// The latest version, and its mark.
function reviewed({ version, mark }) {
  if (!version && !mark) return [];
  const said = [version ? element("span", {}, `corrected, version ${version}`) : "", mark ? element("span", { class: mark === "poor" ? "fail" : "ok" }, mark) : ""];
  return [element("div", { class: "reviewed" }, ...said.filter(Boolean))];
}

function row(one, open) {
  const picture = element("img", { alt: "", "data-case": one.name });
  if (one.state !== "failed") seen.observe(picture);
  const volumes = Object.entries(one.volumes_ml).flatMap(([name, ml]) => [element("span", {}, `${name} ${ml.toFixed(1)}`), " "]);
  return element(
    "li",
    { role: "option", "data-case": one.name, "aria-selected": "false", onclick: () => open(one.name) },
    element("div", { class: "picture" }, picture),
    element("div", { class: "name" }, element("span", {}, one.name), element("span", { class: `state ${one.state}` }, one.state)),
    ...reviewed(one),
    element("div", { class: "volumes", title: "mL" }, ...volumes),
  );
}
