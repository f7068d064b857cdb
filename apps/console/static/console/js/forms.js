// Selects that submit themselves, buttons that cannot be pressed twice, aria-disabled that means it.
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-submit-on-change]")) event.target.form.requestSubmit();
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[aria-disabled=true]")) {
    event.preventDefault();
    event.stopImmediatePropagation();
  }
}, true);

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sending) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  form.dataset.sending = "1";
  setTimeout(() => delete form.dataset.sending, 4000);
}, true);

// Empty filters stay out of the address.
document.addEventListener("submit", (event) => {
  if (event.target.method !== "get") return;
  for (const field of event.target.elements) {
    if (!field.value && field.name) field.disabled = true;
  }
  setTimeout(() => {
    for (const field of event.target.elements) field.disabled = false;
  });
});

// Ctrl-Enter sends a form from its text area.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  event.target.closest?.("textarea")?.form?.requestSubmit();
});

// A part that was swapped in says where the keyboard goes next.
document.addEventListener("htmx:afterSettle", (event) => {
  const part = event.detail.elt;
  const next = part.querySelector?.("[data-focus], [data-panel] input:not([type=hidden])");
  next?.focus({ preventScroll: true });
});
