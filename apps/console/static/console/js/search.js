// Ctrl-K opens the search of everything; arrows walk through what was found, Enter opens it.
const dialog = document.querySelector("[data-search]");
const hits = () => [...dialog.querySelectorAll("[data-hit]")];

function open() {
  document.querySelectorAll("details.menu[open]").forEach((menu) => menu.removeAttribute("open"));
  dialog.showModal();
  dialog.querySelector("input").select();
}

function walk(step) {
  const all = hits();
  if (!all.length) return;
  const at = all.indexOf(document.activeElement);
  if (at + step < 0) dialog.querySelector("input").focus();
  else all[Math.min(all.length - 1, at + step)].focus();
}

document.addEventListener("keydown", (event) => {
  if (!dialog) return;
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    if (dialog.open) dialog.close();
    else open();
  } else if (dialog.open && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    event.preventDefault();
    walk(event.key === "ArrowDown" ? 1 : -1);
  }
});

document.addEventListener("click", (event) => {
  if (dialog && event.target.closest("[data-search-open]")) {
    event.preventDefault();
    open();
  } else if (event.target === dialog) dialog.close();
});

// Enter in the field opens the first hit; without hits the page of results says why.
dialog?.querySelector("form").addEventListener("submit", (event) => {
  const [first] = hits();
  if (!first) return;
  event.preventDefault();
  first.click();
});
