// A patient over time: curves, a table of the same, and why each scan is judged as it is.

import { ask, at, element } from "./page.js";
import { chart } from "./chart.js";

const RULES = ["volume", "area"];
const UNITS = { volume: "mL", area: "mm²" };
const TITLES = { volume: "Volume", area: "Sum of products" };

export async function listFollowUps(open) {
  const names = await ask("/api/follow-ups");
  at("follow-ups").hidden = !names.length;
  at("follow-list").replaceChildren(
    ...names.map((name) => element("li", {}, element("button", { "data-name": name, onclick: () => open(name) }, name))),
  );
}

export function closeFollowUp() {
  at("follow").hidden = true;
  document.body.classList.remove("following");
}

// `open(case)` shows a scan; `beside(scan, scan)` two of them.
export async function openFollowUp(name, open, beside) {
  document.body.classList.add("following");
  at("follow").hidden = false;
  at("follow").replaceChildren(element("p", { role: "status" }, `Measuring the scans of ${name} …`));
  try {
    show(await ask(`/api/follow-ups/${encodeURIComponent(name)}`), open, beside);
    at("follow").dataset.shown = name;
  } catch (error) {
    at("follow").replaceChildren(element("p", { role: "alert" }, error.message));
  }
}

function show(found, open, beside) {
  const curves = RULES.map((rule) => {
    const points = found.scans.map((scan) => {
      const { size, role, category } = scan.assessments[rule];
      const interval = rule === "volume" ? solidInterval(scan, found.region) : null;
      const shown = scan.shown[rule];
      return {
        day: scan.day, size, interval, mark: category ?? role,
        about: `${scan.when}: ${shown.size}, ${shown.category}`, open: scan.case && (() => open(scan.case)),
      };
    });
    return chart(`${TITLES[rule]} of ${found.region}`, UNITS[rule], points);
  });
  at("follow").replaceChildren(
    element("h2", {}, `${found.name}: ${found.title}`),
    element("p", {}, found.findings),
    element("div", { class: "charts" }, ...curves),
    table(found, open, beside),
    element("h3", {}, "Why"),
    element("dl", {}, ...found.scans.flatMap((scan) => [
      element("dt", {}, scan.when),
      ...RULES.map((rule) => element("dd", {}, scan.shown[rule].words)),
    ])),
    ...(found.notes.length ? [element("h3", {}, "What to keep in mind"), element("ul", {}, ...found.notes.map((note) => element("li", {}, note)))] : []),
    element("p", { class: "small" }, `${found.criteria.name}: ${found.criteria.title}; ${found.criteria.source}. ${RULES.map((rule) => `${found.rules[rule].title}: ${found.rules[rule].source}.`).join(" ")} A measurement, not a diagnosis.`),
    element("p", { class: "small" }, `${found.not_judged} ${found.statement}`),
  );
}

const solidInterval = (scan, region) => {
  const size = scan.regions.find((one) => one.region === region);
  return size.solid_ml === size.volume_ml ? size.interval : null;
};

function table(found, open, beside) {
  const head = ["Scan", "Volume", "By volume", "Products", "By area", "Look at"];
  const [first] = found.scans;
  return element(
    "table",
    { id: "scans" },
    element("thead", {}, element("tr", {}, ...head.map((name) => element("th", { scope: "col" }, name)))),
    element("tbody", {}, ...found.scans.map((scan, n) => {
      const before = found.scans[n - 1];
      const button = (words, act) => element("button", { onclick: act }, words);
      const looks = scan.case ? [button("Open", () => open(scan.case))] : ["not among the cases"];
      if (scan.case && n && first.case) looks.push(button(`Beside ${first.when.toLowerCase()}`, () => beside(first, scan)));
      if (scan.case && n > 1 && before.case) looks.push(button(`Beside ${before.when.toLowerCase()}`, () => beside(before, scan)));
      return element(
        "tr",
        {},
        element("th", { scope: "row" }, scan.when),
        ...RULES.flatMap((rule) => {
          const { size, interval, category } = scan.shown[rule];
          return [
            element("td", {}, size, ...(interval ? [element("span", { class: "interval" }, interval)] : [])),
            element("td", { class: scan.assessments[rule].category ?? "" }, category),
          ];
        }),
        element("td", { class: "looks" }, ...looks),
      );
    })),
  );
}
