// What was measured in a case, and what the checks say.

import { at, element, swatch } from "./page.js";

const WORST_FIRST = ["fail", "warn", "ok"];

export function showPanel(open, hidden, actions) {
  const measured = open.measurements ?? {};
  at("case-name").textContent = open.name;
  at("findings").textContent = measured.findings ?? open.error ?? "";
  at("regions").tBodies[0].replaceChildren(
    ...(measured.regions ?? []).map((region) => row(region, open.colours[region.name], !hidden.has(region.name), actions)),
  );
  at("checks-of").textContent = measured.corrected ? "Checks of the model's own result" : "Checks";
  const checks = [...(open.checks ?? [])].sort((a, b) => WORST_FIRST.indexOf(a.verdict) - WORST_FIRST.indexOf(b.verdict));
  at("checks").replaceChildren(
    ...checks.map((check) =>
      element("li", { title: `${check.name}: ${check.limit}` }, element("span", { class: `verdict ${check.verdict}` }, check.verdict), check.message),
    ),
  );
  const missing = (open.missing ?? []).map(({ sequence, cost }) => `No ${sequence}: ${cost}`);
  const notes = [...missing, ...(open.notes ?? []), measured.certainty_note, measured.model].filter(Boolean);
  at("notes").replaceChildren(...notes.map((note) => element("li", {}, note)));
}

function row(region, colour, shown, actions) {
  const interval = region.certainty?.interval_ml;
  const volume = element("td", { class: "number" }, region.volume_ml.toFixed(1));
  if (interval) volume.append(element("span", { class: "interval" }, `${interval[0].toFixed(1)} to ${interval[1].toFixed(1)}`));
  const tick = element("input", {
    type: "checkbox", "aria-label": `Show ${region.title}`, onchange: () => actions.toggle(region.name),
  });
  tick.checked = shown;
  return element(
    "tr",
    {},
    element("th", { scope: "row", title: region.title }, swatch(colour), region.name),
    volume,
    element("td", { class: "number" }, region.longest_diameter_mm ? region.longest_diameter_mm.toFixed(0) : ""),
    element("td", {}, tick),
  );
}
