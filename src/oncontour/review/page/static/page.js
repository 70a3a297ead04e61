// Small helpers: elements are made as nodes, never from text, so that no text can become markup.

export const at = (id) => document.getElementById(id);

export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

// byItself: nobody's doing, so that it does not keep a session alive.
export async function ask(address, byItself = false) {
  const headers = { Accept: "application/json", ...(byItself ? { "X-Oncontour-By-Itself": "1" } : {}) };
  const answer = await fetch(address, { headers });
  const content = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(content.error ?? `The server answered ${answer.status}.`);
  return content;
}

// A row of buttons of which one is pressed.
export function choices(group, options, chosen, choose) {
  group.replaceChildren(
    ...options.map(([value, title, hint]) =>
      element("button", { role: "radio", "aria-checked": String(value === chosen), title: hint, onclick: () => choose(value) }, title),
    ),
  );
}

export function swatch([red, green, blue]) {
  const made = element("span", { class: "swatch" });
  made.style.backgroundColor = `rgb(${red} ${green} ${blue})`;
  return made;
}
