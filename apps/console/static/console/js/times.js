// Keeps "3 min" and the site's clock current without asking the server.
const UNITS = [
  ["d", 86400],
  ["h", 3600],
  ["min", 60],
];

export function inWords(seconds) {
  for (const [name, size] of UNITS) if (seconds >= size) return `${Math.floor(seconds / size)} ${name}`;
  return "now";
}

export function leftInWords(seconds) {
  if (seconds >= 0) return seconds < 60 ? `${Math.floor(seconds)} s left` : `${inWords(seconds)} left`;
  return -seconds < 60 ? "overdue" : `${inWords(-seconds)} overdue`;
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
    const words = new Intl.DateTimeFormat("en-GB", {
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
