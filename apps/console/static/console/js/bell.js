// The bell: counted anew when the live channel says so; what is new is called out once, in the tab one looks at.
import { say } from "./messages.js";
import { isWanted, notify } from "./notices.js";

const TOLD = "second-look-told";
const ELSEWHERE_WAITS_MS = 600;
const GATHER_MS = 300;

function bell() {
  return document.querySelector("[data-bell]");
}

async function refresh() {
  const before = bell();
  if (!before) return;
  let answer;
  try {
    answer = await fetch(before.dataset.bell, { headers: { "HX-Request": "true" } });
  } catch {
    return; // no connection: the banner says so, and the next message asks again
  }
  if (!answer.ok || answer.redirected) return;
  const part = document.createElement("template");
  part.innerHTML = await answer.text();
  const after = part.content.querySelector("[data-bell]");
  if (!after) return;
  before.replaceWith(after);
  if (after.dataset.news) callOut(after.dataset);
}

// Several tabs hear the same: the first to say so keeps the others silent, and a tab one looks at comes first.
function callOut({ news, words, path }) {
  const once = () => {
    if (localStorage.getItem(TOLD) === news) return;
    localStorage.setItem(TOLD, news);
    if (!document.hidden) say(words, "info", path);
    else if (isWanted()) notify({ id: news, words, path });
  };
  if (document.hidden) setTimeout(once, ELSEWHERE_WAITS_MS);
  else once();
}

let waiting = 0;
function soon() {
  clearTimeout(waiting);
  waiting = setTimeout(refresh, GATHER_MS);
}

document.body.addEventListener("live:notification", soon);
document.body.addEventListener("live:reconnected", soon);
if (bell() && "uncounted" in bell().dataset) refresh();

// Opening what a notification is about marks it as read; the link itself works without this.
document.addEventListener("click", (event) => {
  const link = event.target.closest("[data-read]");
  if (!link) return;
  const token = JSON.parse(document.body.getAttribute("hx-headers"))["X-CSRFToken"];
  fetch(link.dataset.read, {
    method: "POST",
    keepalive: true,
    headers: { "X-CSRFToken": token, "Content-Type": "application/x-www-form-urlencoded" },
    body: "then=stay",
  }).catch(() => {});
});
