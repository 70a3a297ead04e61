// What a change needs: the session's token in a header, and who makes it. The name stays in this tab.

import { ask, at } from "./page.js";

const NAME = "reader";
let token = null;

export async function change(address, body, kind) {
  token ??= (await ask("/api/session")).token;
  const answer = await fetch(address, { method: "POST", body, headers: { "X-Oncontour": token, "Content-Type": kind } });
  const content = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(content.error ?? `The server answered ${answer.status}.`);
  return content;
}

// Show a dialog; gives what it was closed with ("" where it was left).
export function asked(dialog) {
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue), { once: true }));
}

// Who is looking; asked once. Null where nobody says.
export async function reader() {
  const known = sessionStorage.getItem(NAME);
  if (known) return known;
  if ((await asked(at("who"))) !== "ok") return null;
  const name = at("who-name").value.trim();
  if (name) sessionStorage.setItem(NAME, name);
  return name || null;
}
