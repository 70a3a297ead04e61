// What readers said of a case and which versions they made: marks, the list of versions, saving, comparing, downloads.

import { ask, at, element } from "./page.js";
import { asked, change, reader } from "./session.js";

const WORDS = { useful: "Useful", poor: "Poor" };
const FILES = [["NIfTI", "segmentation.nii.gz"], ["SEG", "seg.dcm"]];
const when = (at) => new Date(at).toLocaleString("en-GB", { dateStyle: "medium", timeStyle: "short" });

export class Reviewed {
  #viewer;
  #editor;
  #failed;  // Told an error after which nothing may be shown.
  #shown;  // Told the measurements of the version that is shown, and of what the list should say.
  #case = null;  // { name, address, regions, colours, own }
  #found = { versions: [], marks: [] };
  #version = 0;
  #compared = null;
  #asks = 0;  // Of a version to be shown: an answer that comes after a later question is not heard.

  constructor(viewer, editor, shown, failed) {
    this.#viewer = viewer;
    this.#editor = editor;
    this.#shown = shown;
    this.#failed = failed;
    at("save").addEventListener("click", () => this.save());
    at("saving").addEventListener("cancel", (event) => event.preventDefault());
    for (const word of Object.keys(WORDS)) at(`mark-${word}`).addEventListener("click", () => this.#mark(word));
  }

  // A case was drawn with the model's own regions; show its latest version, if there is one.
  async open(open, address, current) {
    this.#case = { name: open.name, address, regions: open.regions, colours: open.colours, own: open.measurements };
    this.#version = 0;
    this.#compared = null;
    this.#found = await ask(`${address}/review`);
    if (!current()) return;
    const latest = this.#found.versions.at(-1).number;
    if (latest) await this.show(latest);
    else this.#begin();
  }

  close() {
    this.#asks++;
    this.#case = null;
    this.#found = { versions: [], marks: [] };
    this.#editor.close();
    this.#draw();
  }

  async show(number) {
    if (!(await this.#editor.mayLeave())) return;
    const mine = ++this.#asks;
    const current = () => mine === this.#asks;
    this.#editor.close();  // Nobody paints on what is about to be replaced.
    const address = this.#address(number);
    const measurements = number ? await ask(address) : this.#case.own;
    if (!current()) return;
    await this.#viewer.readRegions(`${address}/page/regions.nii`, current);  // Last: from here on nothing can fail.
    if (!current()) return;
    this.#version = number;
    this.#shown(measurements, this.#line());
    this.#begin();
  }

  #begin() {
    this.#editor.open(this.#case.name, this.#version, this.#case.regions, this.#case.colours, this.#found.painting);
    this.#draw();
  }

  // The outlines of another version over the one shown; again: without.
  async #compare(number) {
    this.#compared = this.#compared === number ? null : number;
    const [here, wanted] = [this.#case, this.#compared];
    const address = wanted === null ? null : `${this.#address(number)}/page/regions.nii`;
    const failure = await this.#viewer.compare(address, () => this.#case === here && this.#compared === wanted).catch((error) => error.message);
    if (failure) this.#compared = null;
    this.#draw();
    at("saved").textContent = failure ?? "";
  }

  async save() {
    if (!this.#editor.changed || (await asked(at("save-dialog"))) !== "ok") return;
    const by = await reader();
    if (!by) return;
    at("saving").showModal();  // Nothing else can be done meanwhile: what is sent is what is saved.
    try {
      const asks = new URLSearchParams({ from: this.#version, by, note: at("save-note").value });
      const made = await change(`${this.#case.address}/versions?${asks}`, this.#editor.states, "application/octet-stream");
      at("save-note").value = "";
      this.#editor.saved(made.number);
      this.#version = made.number;
      this.#found = await ask(`${this.#case.address}/review`);
      this.#shown(await ask(this.#address(made.number)), this.#line());
      this.#draw();
      at("saved").textContent = [`Saved as version ${made.number}.`, ...made.notes, ...made.meanwhile.map(missed)].join(" ");
    } catch (error) {
      at("saved").textContent = `Not saved: ${error.message}`;
    } finally {
      at("saving").close();
    }
  }

  async #mark(word) {
    at("mark-title").textContent = `${WORDS[word]}: ${this.#title(this.#version)}`;
    at("mark-reason").required = word === "poor";
    if ((await asked(at("mark-dialog"))) !== "ok") return;
    const by = await reader();
    if (!by) return;
    try {
      const said = { by, version: this.#version, useful: word === "useful", reason: at("mark-reason").value };
      await change(`${this.#case.address}/marks`, JSON.stringify(said), "application/json");
      at("mark-reason").value = "";
      this.#found = await ask(`${this.#case.address}/review`);
      this.#shown(null, this.#line());
      this.#draw();
      at("saved").textContent = "";
    } catch (error) {
      at("saved").textContent = `Not kept: ${error.message}`;
    }
  }

  // What the list of cases says: of the latest version.
  #line() {
    const { number, mark, volumes_ml } = this.#found.versions.at(-1);
    return { version: number, mark, volumes_ml };
  }

  #address(number) {
    return `${this.#case.address}/versions/${number}`;
  }

  #title(number) {
    return number ? `version ${number}` : "the model's own result";
  }

  #draw() {
    const said = this.#found.marks.filter((mark) => mark.version === this.#version).toReversed();
    at("review").hidden = this.#case === null;
    at("saved").textContent = "";
    at("marks-said").replaceChildren(
      ...said.map((mark) =>
        element(
          "li",
          {},
          element("span", { class: mark.useful ? "ok" : "fail" }, mark.useful ? WORDS.useful : WORDS.poor),
          element("span", { class: "soft" }, ` ${mark.by}, ${when(mark.at)}`),
          element("div", {}, mark.reason),
        ),
      ),
    );
    at("versions").replaceChildren(...this.#found.versions.toReversed().map((version) => this.#entry(version)));
  }

  #entry({ number, by, at: saved, note, made_from, mark, files: there }) {
    const here = number === this.#version;
    const links = FILES.filter(([, file]) => there.includes(file)).map(([word, file]) =>
      element("a", { href: `${this.#address(number)}/${file}`, download: true, title: `${word} of ${this.#title(number)}` }, word),
    );
    const compare = element(
      "button",
      { "aria-pressed": String(number === this.#compared), disabled: here, title: "Its outlines over what is shown", onclick: () => this.#compare(number) },
      "Compare",
    );
    const title = element("button", { class: "plain", "aria-current": here && "true", onclick: () => this.show(number).catch(this.#failed) }, number ? `Version ${number}` : "Model's own");
    const about = number ? `${by}, ${when(saved)}, from ${made_from ? `version ${made_from}` : "the model's own"}` : "";
    return element(
      "li",
      { class: here ? "here" : "" },
      element("div", { class: "entry" }, title, ...(mark ? [element("span", { class: mark === "poor" ? "fail" : "ok" }, mark)] : []), element("span", { class: "acts" }, compare, ...links)),
      ...(about ? [element("div", { class: "soft" }, about)] : []),
      ...(note ? [element("div", {}, note)] : []),
    );
  }
}

const missed = ({ number, by }) => `Version ${number} was saved by ${by} meanwhile, and is not part of it: compare them.`;
