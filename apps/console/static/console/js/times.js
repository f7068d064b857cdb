// Keeps "3 min" and the site's clock current without asking the server.
import { gettext } from "./words.js";

const UNITS = [
  ["d", 86400],
  ["h", 3600],
  ["min", 60],
];

// English is written as in the United Kingdom, day before month.
const dates = document.documentElement.lang === "en" ? "en-GB" : document.documentElement.lang;

export function inWords(seconds) {
  for (const [name, size] of UNITS) if (seconds >= size) return `${Math.floor(seconds / size)} ${name}`;
  return gettext("now");
}

export function leftInWords(seconds) {
  if (seconds >= 0) return seconds < 60 ? gettext("%(time)s left", { time: `${Math.floor(seconds)} s` }) : gettext("%(time)s left", { time: inWords(seconds) });
  return -seconds < 60 ? gettext("overdue") : gettext("%(time)s overdue", { time: inWords(-seconds) });
}

function refreshAges(now) {
  for (const element of document.querySelectorAll("time[data-ago]")) {
    const words = inWords((now - Date.parse(element.dateTime)) / 1000);
    if (element.textContent !== words) element.textContent = words;
  }
}

function refreshDue(now) {
  for (const element of document.querySelectorAll("[data-due]")) {
    const due = Date.parse(element.dataset.due);
    const left = (due - now) / 1000;
    const share = Math.max(0, Math.min(1, left / Number(element.dataset.sla || 900)));
    element.classList.toggle("sla-over", left < 0);
    element.classList.toggle("sla-near", left >= 0 && share < 0.25);
    element.querySelector(".sla-left")?.setAttribute("stroke-dasharray", `${left < 0 ? 100 : share * 100} 100`);
    const words = element.querySelector("[data-due-words]");
    if (words && words.textContent !== leftInWords(left)) words.textContent = leftInWords(left);
  }
}

function refreshClock(now) {
  for (const element of document.querySelectorAll("[data-clock]")) {
    const zone = element.dataset.timezone || "UTC";
    const city = zone.split("/").pop().replaceAll("_", " ");
    const words = new Intl.DateTimeFormat(dates, {
      timeStyle: "short",
      dateStyle: "medium",
      timeZone: zone,
    }).format(now);
    element.textContent = `${words} ${city}`;
  }
}

function refresh() {
  const now = Date.now();
  refreshAges(now);
  refreshDue(now);
  refreshClock(now);
}

refresh();
setInterval(refresh, 5000);
addEventListener("beforeprint", refresh);
document.addEventListener("htmx:afterSwap", refresh);
