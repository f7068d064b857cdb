// The signal timeline: one lane a signal, the marked span shaded, one playhead for all, a time axis.
import { gettext } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";

function svg(name, attributes) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  return element;
}

function percent(seconds, duration) {
  return `${Math.max(0, Math.min(100, (100 * seconds) / duration))}%`;
}

function bar(from, to, duration, attributes) {
  return svg("rect", {
    x: percent(from, duration),
    width: percent(Math.max(to - from, duration / 400), duration),
    ...attributes,
  });
}

function unseen(words) {
  const text = svg("text", { x: 4, y: 13, class: "lane-unseen" });
  text.textContent = words;
  return text;
}

function name(text, title) {
  const element = document.createElement("span");
  element.className = "lane-name";
  const words = document.createElement("span");
  words.className = "clipped";
  words.textContent = text;
  element.title = title;
  element.append(words);
  return element;
}

export function clock(seconds) {
  const minutes = Math.floor(seconds / 60);
  return `${minutes}:${(seconds % 60).toFixed(1).padStart(4, "0")}`;
}

export class Lanes {
  constructor(element, { signals, marked, onSeek }) {
    Object.assign(this, { element, signals, marked, onSeek });
    this.duration = 0;
    this.played = [];
  }

  render(duration) {
    this.duration = duration;
    this.element.replaceChildren();
    for (const [label, spans] of this.grouped()) this.lane(label, spans);
    this.watchedLane();
    this.axis();
    this.seekBar();
    this.element.hidden = false;
  }

  grouped() {
    const groups = new Map();
    for (const signal of this.signals) {
      if (signal.start_seconds == null && signal.measurable) continue;
      if (!groups.has(signal.label)) groups.set(signal.label, []);
      groups.get(signal.label).push(signal);
    }
    return groups;
  }

  track(label) {
    const lane = svg("svg", { class: "lane", role: "img", "aria-label": label });
    if (this.marked) lane.append(bar(this.marked.from, this.marked.to, this.duration, { y: 0, height: "100%", class: "lane-marked" }));
    lane.append(svg("line", { class: "lane-track", x1: 0, x2: "100%", y1: "50%", y2: "50%" }));
    return lane;
  }

  lane(label, spans) {
    const words = spans
      .map((s) => (s.measurable ? gettext("%(from)s to %(to)s, %(weight)s", { from: clock(s.start_seconds), to: clock(s.end_seconds), weight: s.weight }) : s.weight))
      .join("; ");
    const lane = this.track(`${label}: ${words}`);
    for (const s of spans) {
      if (!s.measurable) {
        lane.append(unseen(s.weight));
        break;
      }
      const css = s.weighs ? "lane-span" : "lane-span lane-span-weightless";
      const rect = bar(s.start_seconds, s.end_seconds, this.duration, { y: 5, height: 8, rx: 2, class: css });
      const title = svg("title", {});
      title.textContent = `${label} · ${clock(s.start_seconds)}–${clock(s.end_seconds)} · ${s.weight}`;
      rect.append(title);
      lane.append(rect);
    }
    this.element.append(name(label, words), lane);
  }

  watchedLane() {
    this.watched = this.track(gettext("What you have played"));
    this.element.append(name(gettext("Played by you"), gettext("What counts as watched")), this.watched);
    for (const span of this.played) this.paint(span);
  }

  paint({ from, to }) {
    this.watched?.append(bar(from, to, this.duration, { y: 7, height: 4, class: "lane-watched" }));
  }

  markPlayed(from, to) {
    this.played.push({ from, to });
    if (this.duration) this.paint({ from, to });
  }

  axis() {
    const axis = svg("svg", { class: "lane lane-axis", "aria-hidden": "true" });
    const step = [0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300].find((s) => this.duration / s <= 8) ?? 600;
    for (let t = 0; t <= this.duration; t += step) {
      const x = percent(t, this.duration);
      axis.append(svg("line", { x1: x, x2: x, y1: 0, y2: 4 }));
      const text = svg("text", { x, y: 15, "text-anchor": t === 0 ? "start" : t > this.duration - step / 2 ? "end" : "middle" });
      text.textContent = step < 1 ? t.toFixed(1) : `${Math.floor(t / 60)}:${String(Math.round(t % 60)).padStart(2, "0")}`;
      axis.append(text);
    }
    this.element.append(name("", ""), axis);
  }

  seekBar() {
    const holder = document.createElement("div");
    holder.className = "lanes-seek";
    this.input = document.createElement("input");
    Object.assign(this.input, { type: "range", min: 0, max: this.duration, step: 0.04, value: 0 });
    this.input.setAttribute("aria-label", gettext("Position in the clip"));
    this.input.addEventListener("input", () => this.onSeek(Number(this.input.value)));
    const head = svg("svg", { class: "lanes-head", "aria-hidden": "true" });
    this.head = svg("line", { x1: 0, x2: 0, y1: 0, y2: "100%" });
    head.append(this.head);
    holder.append(head, this.input);
    this.element.append(holder);
  }

  moveTo(seconds) {
    if (!this.head) return;
    const x = percent(seconds, this.duration);
    this.head.setAttribute("x1", x);
    this.head.setAttribute("x2", x);
    this.input.value = seconds;
    this.input.setAttribute("aria-valuetext", clock(seconds));
  }
}
