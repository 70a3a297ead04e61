// Asking the server, and telling it: every change carries the session's secret.

const PATIENCE_MS = 20_000;

let token = null;
let me = null;

// An answer that says no, with its code; where there was none, 0.
export class Refusal extends Error {
  constructor(message, code) {
    super(message);
    this.code = code;
  }
}

async function talk(address, options) {
  let answer;
  try {
    answer = await fetch(address, { ...options, signal: AbortSignal.timeout(PATIENCE_MS) });
  } catch {
    throw new Refusal("The server does not answer.", 0);
  }
  const content = await answer.json().catch(() => ({}));
  if (answer.status === 401) throw new Refusal("You are signed out. Sign in again, or open your link.", 401);
  if (!answer.ok) throw new Refusal(content.error ?? `The server answered ${answer.status}.`, answer.status);
  return content;
}

export const asked = (address) => talk(address, { headers: { Accept: "application/json" } });

// The session's token. Who signs in in another tab as somebody else must not answer here.
async function entered() {
  const session = await asked("/api/session");
  me ??= session.name;
  if (session.name !== me) throw new Refusal(`This browser is signed in as ${session.name} now. Sign in again as ${me}.`, 401);
  return session.token;
}

export async function told(address, content) {
  token ??= await entered();
  const headers = { "Content-Type": "application/json", "X-Oncontour": token };
  try {
    return await talk(address, { method: "POST", headers, body: JSON.stringify(content) });
  } catch (error) {
    if ([401, 403].includes(error.code)) token = null;  // Signed in again, in another tab: there is another.
    throw error;
  }
}

export async function leave() {
  await told("/api/sign-out", {}).catch(() => {});
  location.replace("/");
}

export function duration(seconds) {
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, "0")} min`;
}
