// Name and password go to the server; the session comes back in a cookie that no script can read.

const at = (id) => document.getElementById(id);

at("sign-in").addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = at("sign-in").querySelector("button");
  button.disabled = true;
  at("trouble").textContent = "";
  try {
    const answer = await fetch("/sign-in", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ name: at("name").value, password: at("password").value }),
    });
    if (answer.ok) {
      location.replace("/");
      return;
    }
    at("trouble").textContent = (await answer.json()).error;
  } catch {
    at("trouble").textContent = "The server does not answer.";
  }
  button.disabled = false;
  at("password").select();
});
