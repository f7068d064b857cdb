// Keyboard: any control may carry data-key="c"; lists move with j and k; ? shows what there is.
const LIST = "[data-list]";

export function isTyping(target) {
  return Boolean(target.closest?.("input:not([type=checkbox],[type=radio],[type=range]), textarea, select, [contenteditable]"));
}

function openKeys() {
  document.querySelector("[data-keys]")?.showModal();
}

function rows() {
  return [...document.querySelectorAll(`${LIST} [data-row]`)];
}

function select(step) {
  const all = rows();
  if (!all.length) return;
  const at = all.findIndex((row) => row.hasAttribute("data-selected"));
  const next = all[Math.max(0, Math.min(all.length - 1, at < 0 ? 0 : at + step))];
  if (at >= 0) all[at].removeAttribute("data-selected");
  next.setAttribute("data-selected", "");
  next.querySelector("[data-open]").focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

function selected() {
  return document.querySelector(`${LIST} [data-row][data-selected]`) ?? rows()[0];
}

function openSelected() {
  selected()?.querySelector("[data-open]").click();
}

// A verdict's key opens the selected alert with that verdict's panel; what it needs is asked there.
function openAt(verdict) {
  const link = selected()?.querySelector("[data-open]");
  if (link) location.assign(`${link.href}?decide=${verdict}`);
}

function choose() {
  selected()?.querySelector("[type=checkbox]")?.click();
}

const LIST_KEYS = {
  j: () => select(1),
  k: () => select(-1),
  o: openSelected,
  x: choose,
  c: () => openAt("theft_confirmed"),
  r: () => openAt("false_alarm"),
  b: () => openAt("benign_explained"),
  i: () => openAt("inconclusive"),
  v: () => openAt("second_look"),
};

// In an open verdict a digit chooses that reason and goes on to what will be recorded, where it can still be changed.
function chooseReason(digit) {
  const panel = document.querySelector("form[data-panel]");
  const reason = panel?.querySelectorAll("input[name=reasons]")[digit - 1];
  if (!reason) return false;
  reason.checked = true;
  panel.requestSubmit();
  return true;
}

function press(key) {
  const control = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (!control) return false;
  if (control.getAttribute("aria-disabled") === "true") control.focus();
  else control.click();
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (isTyping(event.target) && event.key !== "Escape") return;
  if (document.querySelector("dialog[open]") && event.key !== "?") return;
  if (event.key === "?") openKeys();
  else if (document.querySelector(LIST) && LIST_KEYS[event.key]) LIST_KEYS[event.key]();
  else if (/^[1-9]$/.test(event.key) ? !chooseReason(Number(event.key)) : !press(event.key.toLowerCase())) return;
  event.preventDefault();
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-keys-open]")) {
    event.target.closest("details")?.removeAttribute("open");
    openKeys();
  }
});

// A row's link keeps focus and selection together, whichever way it was reached.
document.addEventListener("focusin", (event) => {
  const row = event.target.closest?.("[data-row]");
  if (!row) return;
  for (const other of rows()) other.toggleAttribute("data-selected", other === row);
});

document.addEventListener("keydown", (event) => {
  const menu = document.querySelector("details.menu[open]");
  if (event.key !== "Escape" || !menu) return;
  menu.removeAttribute("open");
  menu.querySelector("summary").focus();
});

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.removeAttribute("open");
  }
});

// What was swapped in is htmx's only once it has settled. A key pressed before that (Enter too) would leave the page.
for (const kind of ["click", "submit"]) {
  document.addEventListener(kind, (event) => {
    const control = event.target.closest("[hx-get], [hx-post]");
    if (control) window.htmx?.process(control);
  }, { capture: true });
}
