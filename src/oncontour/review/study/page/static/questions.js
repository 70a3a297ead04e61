// What is asked of each mask: a card a mask, a row a question. Digits answer the row that is asked now.

import { at, element, swatch } from "/static/page.js";

const YES_NO = [[true, "Yes", "Y"], [false, "No", "N"]];
const TYPED_MS = 800;

// Values of a question, what stands on their buttons, and the key of each.
function options({ kind, choices }) {
  if (kind === "yes-no") return YES_NO;
  if (kind === "choice") return choices.map((value, n) => [value, value, String(n + 1)]);
  const [low, high] = choices;
  return Array.from({ length: high - low + 1 }, (_, n) => [low + n, String(low + n), String((low + n) % 10)]);
}

export class Questions {
  #asked;
  #scale;
  #masks = [];
  #cards = [];
  #now = [0, 0];  // mask and question
  #tell;

  // `tell`: answered(mask, question, value), moved(mask), toggled(mask).
  constructor({ questions, scale }, tell) {
    this.#asked = questions;
    this.#scale = scale;
    this.#tell = tell;
  }

  // Draw a page's masks, with what has been answered.
  show(masks, swatches) {
    this.#masks = masks.map((mask) => ({ ...mask, answers: { ...mask.answers } }));
    this.#cards = this.#masks.map((mask, m) => this.#card(mask, m, swatches[m]));
    at("questions").replaceChildren(...this.#cards.map((card) => card.node));
    this.#masks.forEach((_, m) => this.#redraw(m));
    const [m, q] = this.#open()[0] ?? [0, 0];
    this.goTo(m, q);
  }

  get mask() {
    return this.#now[0];
  }

  // How many answers are still wanted.
  get open() {
    return this.#open().length;
  }

  #open() {
    return this.#masks.flatMap(({ answers }, m) =>
      this.#asked.flatMap(({ name, required }, q) => (required && !(name in answers) ? [[m, q]] : [])),
    );
  }

  goTo(m, q) {
    const before = this.#now[0];
    this.#now = [m, q];
    this.#cards.forEach((card, n) => {
      card.node.classList.toggle("current", n === m);
      card.rows.forEach((row, p) => row.node.classList.toggle("current", n === m && p === q));
    });
    const { node, field } = this.#cards[m].rows[q];
    node.scrollIntoView({ block: "nearest" });
    (field ?? node).focus({ preventScroll: true });
    if (before !== m) this.#tell.moved(m);
  }

  move(by) {
    const [m, q] = this.#now;
    const place = m * this.#asked.length + q + by;
    if (place >= 0 && place < this.#masks.length * this.#asked.length) {
      this.goTo(Math.floor(place / this.#asked.length), place % this.#asked.length);
    }
  }

  moveMask(by) {
    const m = this.#now[0] + by;
    if (m >= 0 && m < this.#masks.length) this.goTo(m, 0);
  }

  // Answer the row that is asked now, by key.
  key(pressed) {
    const [m, q] = this.#now;
    const question = this.#asked[q];
    if (question.kind === "text") return;
    const found = options(question).find(([, , key]) => key === pressed);
    if (found) this.#answer(m, question, found[0]);
  }

  shown(m, on) {
    this.#cards[m].toggle.setAttribute("aria-pressed", String(on));
  }

  // What the server said of an answer.
  saved(token, name, state, score) {
    const m = this.#masks.findIndex(({ mask }) => mask === token);
    if (m < 0) return;
    const row = this.#cards[m].rows[this.#asked.findIndex((one) => one.name === name)];
    row.state.textContent = { saved: "saved", waiting: "…", failed: "NOT SAVED" }[state];
    row.state.className = `answer-state ${state}`;
    if (score !== undefined) this.#masks[m].score = score;
    this.#redraw(m);
  }

  #answer(m, { name }, value) {
    this.#masks[m].answers[name] = value;
    this.#masks[m].score = null;
    this.saved(this.#masks[m].mask, name, "waiting");
    this.#tell.answered(this.#masks[m].mask, name, value);
  }

  #card(mask, m, colours) {
    const key = "DFGHJK"[m];
    const title = this.#masks.length > 1 ? `Outline ${m + 1}` : "Outline";
    const toggle = element("button", { class: "toggle", "aria-pressed": "true", title: `Show ${title} (${key})`, onclick: () => this.#tell.toggled(m) }, "Shown ", element("kbd", {}, key));
    const score = element("p", { class: "score" });
    const rows = this.#asked.map((question, q) => this.#row(question, m, q));
    const node = element(
      "section", { class: "card", "aria-label": title },
      element("header", {}, element("h2", {}, ...(colours.length > 1 ? [title, ...colours] : [...colours, title])), toggle), ...rows.map((row) => row.node), this.#scale.computed ? score : "",
    );
    return { node, rows, toggle, score };
  }

  #row(question, m, q) {
    const state = element("span", { class: "answer-state" });
    const words = element("span", { class: "words" }, question.words, state);
    const focus = () => this.#now.join() === [m, q].join() || this.goTo(m, q);
    if (question.kind === "text") {
      const field = element("input", { class: "comment", maxlength: 4000, "aria-label": question.words, placeholder: question.words, onfocus: focus });
      this.#listen(field, m, question);
      return { node: element("div", { class: "row text" }, field, state), field, state };
    }
    const node = element("div", { class: `row ${question.kind}`, role: "radiogroup", "aria-label": question.words, tabindex: "0", onfocus: focus }, words);
    const buttons = options(question).map(([value, label, key]) =>
      element(
        "button",
        { role: "radio", tabindex: "-1", title: key === label ? undefined : `(${key})`, onclick: () => { this.goTo(m, q); this.#answer(m, question, value); } },
        label,
      ),
    );
    const line = element("div", { class: "options" }, ...buttons);
    if (question.kind === "number") {
      const { acceptable, means } = this.#scale;
      buttons.slice(acceptable - question.choices[0]).forEach((button) => button.classList.add("acceptable"));
      line.append(element("span", { class: "means" }, `${acceptable} and more: ${means}`));
    }
    node.append(line);
    return { node, buttons, state };
  }

  // A comment is saved when its writer pauses, or goes on.
  #listen(field, m, question) {
    let timer = null;
    const save = () => {
      clearTimeout(timer);
      if (field.value !== (this.#masks[m]?.answers[question.name] ?? "")) this.#answer(m, question, field.value);
    };
    field.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(save, TYPED_MS);
    });
    field.addEventListener("blur", save);
    field.addEventListener("keydown", (event) => {
      const by = { Enter: 1, ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (event.key === "Escape") field.blur();
      if (!by) return;
      event.preventDefault();
      event.stopPropagation();
      save();
      field.blur();
      this.move(by);
    });
  }

  #redraw(m) {
    const { answers, score } = this.#masks[m];
    this.#asked.forEach((question, q) => {
      const { buttons, field } = this.#cards[m].rows[q];
      if (field && document.activeElement !== field) field.value = answers[question.name] ?? "";
      buttons?.forEach((button, n) => button.setAttribute("aria-checked", String(options(question)[n][0] === answers[question.name])));
    });
    const { highest, acceptable, means } = this.#scale;
    const raw = score && score.raw !== score.value ? ` (raw ${score.raw})` : "";
    const good = score && score.value >= acceptable ? `: ${means}` : "";
    this.#cards[m].score.textContent = score ? `Score ${score.value} of ${highest}${raw}${good}` : "Score: follows from the answers";
  }
}

// The colours in which a mask is drawn: one, or one for each region, with its name.
export function swatchesOf(page) {
  return page.masks.map(({ colour, regions }) =>
    colour
      ? [swatch(colour)]
      : regions.map((name) => element("span", { class: "region", title: page.titles[name] }, swatch(page.colours[name]), name)),
  );
}
