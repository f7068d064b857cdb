// Rows that can be ticked: one box for all of them, and how many are ticked. Works without it, row by row.
import { ngettext } from "./words.js";

for (const form of document.querySelectorAll("[data-choose]")) {
  const boxes = [...form.querySelectorAll("tbody input[type=checkbox]")];
  const label = form.querySelector("[data-choose-all]");
  const count = form.querySelector("[data-choose-count]");
  if (!label || !boxes.length) continue;
  const all = label.querySelector("input");
  const tell = () => {
    const ticked = boxes.filter((box) => box.checked).length;
    all.checked = ticked === boxes.length;
    all.indeterminate = ticked > 0 && ticked < boxes.length;
    count.textContent = ticked ? ngettext("%(n)s chosen", "%(n)s chosen", ticked, { n: ticked }) : "";
  };
  label.hidden = false;
  all.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
    tell();
  });
  form.addEventListener("change", tell);
  tell();
}
