// New alerts gather behind "3 new — show": rows never move under the pointer.
const fresh = new Set();

function strip() {
  return document.querySelector("[data-queue-new]");
}

function show() {
  const element = strip();
  if (!element) return;
  element.hidden = fresh.size === 0;
  element.querySelector("[data-queue-new-count]").textContent = String(fresh.size);
}

document.body.addEventListener("live:queue", (event) => {
  const known = document.querySelector(`[data-row="${CSS.escape(event.detail.id)}"]`);
  if (known) return;
  fresh.add(event.detail.id);
  show();
});

document.body.addEventListener("live:reconnected", () => {
  const element = strip();
  if (element) element.hidden = false;
});

document.addEventListener("htmx:afterSwap", (event) => {
  if (event.detail.target.id !== "queue") return;
  fresh.clear();
  show();
});
