// Messages stay until dismissed when they are errors; the rest leave by themselves.
import { gettext } from "./words.js";

const STAY_MS = 8000;

function arm(message) {
  if (message.classList.contains("message-error") || message.dataset.armed) return;
  message.dataset.armed = "1";
  setTimeout(() => message.remove(), STAY_MS);
}

// With an address the words are a link to it.
export function say(text, kind = "info", address = "") {
  const message = document.createElement("div");
  message.className = `message message-${kind}`;
  message.dataset.message = "";
  const words = document.createElement("p");
  if (address) {
    const link = document.createElement("a");
    link.href = address;
    link.textContent = text;
    words.append(link);
  } else words.textContent = text;
  const dismiss = document.createElement("button");
  dismiss.className = "button button-quiet";
  dismiss.type = "button";
  dismiss.dataset.dismiss = "";
  dismiss.textContent = gettext("Dismiss");
  message.append(words, dismiss);
  document.getElementById("messages")?.append(message);
  arm(message);
}

document.addEventListener("click", (event) => {
  event.target.closest("[data-dismiss]")?.closest("[data-message]")?.remove();
});

document.addEventListener("htmx:responseError", (event) => {
  const status = event.detail.xhr.status;
  if (status === 403) say(gettext("You may not do this. Nothing was changed; the refusal is recorded."), "error");
  else if (status === 404) say(gettext("This is no longer here. Reload the page to see how things stand."), "error");
  else say(gettext("The server could not answer. Nothing you typed is lost; try again."), "error");
});

document.addEventListener("htmx:sendError", () => {
  say(gettext("No connection. Nothing was sent, and nothing you typed is lost; try again."), "error");
});

for (const message of document.querySelectorAll("[data-message]")) arm(message);
