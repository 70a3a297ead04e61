// What a change needs: the session's token in a header, and who makes it. The name stays in this tab.

import { ask, at } from "./page.js";

const NAME = "reader";
let session = null;

// Who came in ("" by a link), as what, and the token of changes.
export async function whoCameIn() {
  return (session ??= await ask("/api/session"));
}

export async function change(address, body, kind) {
  const { token } = await whoCameIn();
  const answer = await fetch(address, { method: "POST", body, headers: { "X-Oncontour": token, "Content-Type": kind } });
  const content = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(content.error ?? `The server answered ${answer.status}.`);
  return content;
}

// Of an account: its name, and the way out.
export async function showAccount() {
  const { name } = await whoCameIn();
  if (!name) return;
  at("account").hidden = false;
  at("account-name").textContent = name;
  at("sign-out").addEventListener("click", async () => {
    await change("/api/sign-out", "{}", "application/json");
    sessionStorage.clear();
    location.assign("/sign-in/");
  });
}

// Show a dialog; gives what it was closed with ("" where it was left).
export function asked(dialog) {
  dialog.returnValue = "";
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue), { once: true }));
}

// Who is looking; asked once. Null where nobody says.
export async function reader() {
  const known = (await whoCameIn()).name || sessionStorage.getItem(NAME);
  if (known) return known;
  if ((await asked(at("who"))) !== "ok") return null;
  const name = at("who-name").value.trim();
  if (name) sessionStorage.setItem(NAME, name);
  return name || null;
}
