// The page of choices: the browser is asked for permission on the click of this button only.
import { canNotify, isWanted, want } from "./notices.js";
import { gettext } from "./words.js";

const part = document.querySelector("[data-browser-notices]");
const state = part?.querySelector("[data-notices-state]");
const on = part?.querySelector("[data-notices-on]");
const off = part?.querySelector("[data-notices-off]");

function words() {
  if (!canNotify) return gettext("This browser cannot show notifications here.");
  if (isWanted()) return gettext("This browser notifies you while Second Look is open.");
  if (Notification.permission === "denied") {
    return gettext("This browser refuses notifications of this site. Allow them in the settings of the browser, then come back.");
  }
  return gettext("This browser does not notify you.");
}

function show() {
  state.textContent = words();
  on.hidden = !canNotify || isWanted() || Notification.permission === "denied";
  off.hidden = !isWanted();
}

if (part) {
  on.addEventListener("click", async () => {
    want((await Notification.requestPermission()) === "granted");
    show();
  });
  off.addEventListener("click", () => {
    want(false);
    show();
  });
  show();
}
