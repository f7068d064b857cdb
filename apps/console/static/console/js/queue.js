// The queue's filters go along to the alert page, so that the next alert is the next one of this list.
import { ngettext } from "./words.js";

const KEPT = "second-look-queue";

if (document.querySelector("[data-queue-news]")) {
  sessionStorage.setItem(KEPT, location.search.slice(1));
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[data-next]");
  const kept = sessionStorage.getItem(KEPT);
  if (!link || !kept) return;
  const filters = new URLSearchParams(kept);
  for (const name of ["state", "page", "after"]) filters.delete(name);
  const url = new URL(link.href);
  for (const [name, value] of filters) url.searchParams.set(name, value);
  link.href = url;
}, true);

// How many are chosen; without any there is nothing to hand out.
function count() {
  const form = document.querySelector("[data-hand-out]");
  if (!form) return;
  const chosen = document.querySelectorAll(".queue-choose:checked").length;
  form.querySelector("[data-chosen]").textContent = ngettext("%(n)s alert", "%(n)s alerts", chosen, { n: chosen });
  form.toggleAttribute("data-empty", chosen === 0);
}

document.addEventListener("change", count);
document.addEventListener("htmx:afterSettle", count);
count();
