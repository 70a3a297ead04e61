// A small chart of sizes over days: a line, intervals, and a mark a scan that opens it.

const NAMESPACE = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT] = [560, 246];
const EDGE = { left: 52, right: 20, top: 46, bottom: 38 };

function shape(tag, attributes, ...children) {
  const made = document.createElementNS(NAMESPACE, tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value);
  }
  made.append(...children);
  return made;
}

// About four round numbers from 0 to a bit over `top`.
export function ticks(top) {
  const rough = (top || 1) / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((one) => one * power).find((one) => one >= rough);
  return Array.from({ length: Math.ceil(top / step) + 1 }, (_, n) => n * step);
}

// `points`: { day, size, interval (or null), mark, about, open (or null) }, by day.
export function chart(title, unit, points) {
  const days = points.map(({ day }) => day);
  const [first, last] = [days[0], days.at(-1)];
  const up = ticks(Math.max(...points.map(({ size, interval }) => interval?.high ?? size)));
  const x = (day) => EDGE.left + ((WIDTH - EDGE.left - EDGE.right) * (day - first)) / (last - first || 1);
  const y = (size) => HEIGHT - EDGE.bottom - ((HEIGHT - EDGE.top - EDGE.bottom) * size) / up.at(-1);
  const text = (at, down, words, attributes = {}) => shape("text", { x: at, y: down, ...attributes }, words);
  const grid = up.flatMap((size) => [
    shape("line", { x1: EDGE.left, x2: WIDTH - EDGE.right, y1: y(size), y2: y(size), class: "grid" }),
    text(EDGE.left - 8, y(size) + 4, String(Number(size.toPrecision(6))), { "text-anchor": "end" }),
  ]);
  const line = shape("polyline", { points: points.map(({ day, size }) => `${x(day)},${y(size)}`).join(" "), class: "line" });
  const intervals = points
    .filter(({ interval }) => interval)
    .map(({ day, interval }) => shape("line", { x1: x(day), x2: x(day), y1: y(interval.low), y2: y(interval.high), class: "interval-line" }));
  return shape(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "group", "aria-label": `${title} over days since baseline; the table holds the same numbers` },
    text(EDGE.left - 44, 16, `${title}, ${unit}`, { class: "title" }),
    ...grid,
    ...points.map(({ day }) => text(x(day), HEIGHT - 19, String(day), { "text-anchor": "middle" })),
    text(WIDTH - EDGE.right, HEIGHT - 3, "days since baseline", { "text-anchor": "end" }),
    line,
    ...intervals,
    ...points.map((point) => mark(point, x(point.day), y(point.size), point.day === last ? -1 : 1)),
  );
}

// `side`: on which side of the mark its word stands.
function mark({ mark: word, about, open }, x, y, side) {
  const made = shape(
    "g",
    { class: `mark ${word}`, ...(open && { tabindex: 0, role: "link", "aria-label": about, onclick: open }) },
    shape("title", {}, about),
    shape("circle", { cx: x, cy: y, r: 6 }),
    shape("text", { x: x + 9 * side, y: y - 8, "text-anchor": side > 0 ? "start" : "end" }, word),
  );
  if (open) made.addEventListener("keydown", (event) => event.key === "Enter" && open());
  return made;
}
