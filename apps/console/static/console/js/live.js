// Live updates: one event stream per browser. The tab that holds the lock reads /live/ and tells the other tabs.
// Messages carry a topic and an id only; what they mean is fetched by htmx with the page's own permission.
import { gettext } from "./words.js";

const CHANNEL = "second-look-live";
const RETRY_MS = [1000, 2000, 5000, 10000, 30000];

const url = document.body.dataset.live;
const channel = url && "BroadcastChannel" in window ? new BroadcastChannel(CHANNEL) : null;
let connected = true;

function setConnected(value) {
  if (connected === value) return;
  connected = value;
  showOffline();
}

function showOffline() {
  const banner = document.querySelector("[data-offline]");
  if (!banner) return;
  banner.hidden = navigator.onLine && connected;
  const words = banner.querySelector("[data-offline-text]");
  words.textContent = navigator.onLine
    ? gettext("Live updates are interrupted. What you see may be out of date; reconnecting.")
    : gettext("No connection. What you see may be out of date; nothing you typed is lost.");
}

// Elements say what they wait for: hx-trigger="live:alert from:body" or data-live-id for one subject.
function announce(message) {
  const detail = { topic: message.topic, id: message.id };
  document.body.dispatchEvent(new CustomEvent(`live:${message.topic}`, { detail }));
  document.body.dispatchEvent(new CustomEvent("live", { detail }));
  for (const element of document.querySelectorAll("[data-live-ids]")) {
    const ids = element.dataset.liveIds.split(" ");
    if (message.topic === "reconnected" || ids.includes(message.id)) {
      element.dispatchEvent(new CustomEvent("live-refresh"));
    }
  }
}

function share(message) {
  announce(message);
  channel?.postMessage(message);
}

function shareConnected(value) {
  setConnected(value);
  channel?.postMessage({ topic: "connection", connected: value });
}

// Resolves when the stream ends for good (signed out); the lock passes to another tab when this one closes.
function lead() {
  return new Promise((resolve) => {
    let tries = 0;
    let opened = false;
    const connect = () => {
      const source = new EventSource(url);
      source.addEventListener("hello", () => {
        tries = 0;
        if (opened) share({ topic: "reconnected", id: "" });
        opened = true;
        shareConnected(true);
      });
      source.addEventListener("change", (event) => share(JSON.parse(event.data)));
      source.addEventListener("again", () => {
        source.close();
        connect();
      });
      source.addEventListener("bye", () => {
        source.close();
        resolve();
      });
      source.onerror = () => {
        source.close();
        shareConnected(false);
        const wait = RETRY_MS[Math.min(tries++, RETRY_MS.length - 1)];
        setTimeout(connect, wait * (0.5 + Math.random()));
      };
    };
    connect();
  });
}

channel?.addEventListener("message", (event) => {
  if (event.data.topic === "connection") setConnected(event.data.connected);
  else announce(event.data);
});

if (url) {
  addEventListener("online", showOffline);
  addEventListener("offline", showOffline);
  if (navigator.locks && channel) navigator.locks.request(CHANNEL, lead);
  else lead();
}
