// An admin's page: how far each rater is. Answers are shown to nobody here.

import { at, element } from "/static/page.js";
import { asked, duration, leave } from "./server.js";

const AGAIN_MS = 10_000;

async function draw() {
  try {
    const raters = await asked("/api/raters");
    at("raters").replaceChildren(
      ...raters.map(({ rater, locked, of, seconds }) => {
        const far = element("progress", { max: of, "aria-label": `Pages that ${rater} has locked` });
        far.value = locked;
        return element(
          "tr", {}, element("th", { scope: "row" }, rater), element("td", {}, far),
          element("td", { class: "number" }, `${locked} of ${of}`), element("td", { class: "number" }, duration(seconds)),
        );
      }),
    );
    at("note").textContent = "Answers come out by `oncontour study analyse` alone.";
    at("note").className = "";
  } catch (error) {
    at("note").textContent = error.message;
    at("note").className = "fail";
  }
}

document.querySelector(".leave").addEventListener("click", leave);
document.querySelector(".study-name").textContent = (await asked("/api/study")).name;
await draw();
setInterval(draw, AGAIN_MS);
