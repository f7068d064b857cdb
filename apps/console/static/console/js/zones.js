// Drawing a zone on the camera's picture. The text field holds the truth; without this script it is typed.
import { gettext } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";
const STEP = 0.01;
const WIDE_STEP = 0.05;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const stage = document.querySelector("[data-zone-stage]");
const form = document.querySelector("[data-zone-form]");
const drawing = stage?.querySelector(".zone-drawing"); // an empty stage shows an icon, which is an svg as well
const layer = stage?.querySelector("[data-zone-corners]");

const inside = (value) => Math.min(1, Math.max(0, value));
const percent = (value) => (100 * value).toFixed(1);

function polygon(corners, own) {
  const shape = document.createElementNS(SVG, "polygon");
  shape.setAttribute("points", corners.map(([x, y]) => `${1000 * x},${1000 * y}`).join(" "));
  if (own) shape.classList.add("zone-own");
  return shape;
}

function label(name, corners) {
  const box = document.createElement("span");
  box.className = "zone-label";
  box.textContent = name;
  box.style.left = `${percent(Math.min(...corners.map(([x]) => x)))}%`;
  box.style.top = `${percent(Math.min(...corners.map(([, y]) => y)))}%`;
  return box;
}

class Editor {
  constructor() {
    this.field = form.querySelector("[name=polygon]");
    this.said = form.querySelector("[data-zone-said]");
    this.before = [];
    form.querySelector("[data-zone-tools]").hidden = false;
    form.querySelector("[data-zone-add]").addEventListener("click", () => this.insert());
    form.querySelector("[data-zone-undo]").addEventListener("click", () => this.undo());
    form.querySelector("[data-zone-clear]").addEventListener("click", () => this.set([]));
    this.field.addEventListener("change", () => this.draw());
    drawing.addEventListener("pointerdown", (event) => {
      event.preventDefault(); // the new corner keeps the focus
      this.add(this.place(event));
    });
    this.draw();
  }

  get corners() {
    return this.field.value
      .split("\n")
      .map((line) => line.trim().split(/\s+/).map((part) => Number(part) / 100))
      .filter((corner) => corner.length === 2 && corner.every((value) => Number.isFinite(value)));
  }

  set(corners, { keep = true, focus = -1 } = {}) {
    if (keep) this.before.push(this.field.value);
    this.field.value = corners.map(([x, y]) => `${percent(x)} ${percent(y)}`).join("\n");
    this.draw();
    if (focus >= 0) layer.querySelectorAll("button")[focus]?.focus();
  }

  undo() {
    if (!this.before.length) return;
    this.field.value = this.before.pop();
    this.draw();
  }

  place(event) {
    const box = stage.getBoundingClientRect();
    return [inside((event.clientX - box.left) / box.width), inside((event.clientY - box.top) / box.height)];
  }

  add(corner) {
    const corners = [...this.corners, corner];
    this.set(corners, { focus: corners.length - 1 });
  }

  // In the middle of the longest side; the first ones spread over the picture.
  insert() {
    const corners = this.corners;
    if (corners.length < 3) {
      this.add([[0.3, 0.3], [0.7, 0.3], [0.5, 0.7]][corners.length]);
      return;
    }
    const length = (k) => {
      const [[ax, ay], [bx, by]] = [corners[k], corners[(k + 1) % corners.length]];
      return Math.hypot(ax - bx, ay - by);
    };
    const at = corners.map((_, k) => k).reduce((best, k) => (length(k) > length(best) ? k : best), 0);
    const [[ax, ay], [bx, by]] = [corners[at], corners[(at + 1) % corners.length]];
    corners.splice(at + 1, 0, [(ax + bx) / 2, (ay + by) / 2]);
    this.set(corners, { focus: at + 1 });
  }

  draw() {
    const corners = this.corners;
    drawing.replaceChildren(...others.map((zone) => polygon(zone.polygon)));
    if (corners.length > 1) drawing.append(polygon(corners, true));
    layer.replaceChildren(...others.map((zone) => label(zone.name, zone.polygon)), ...corners.map((_, k) => this.handle(k, corners)));
    this.said.textContent = corners.length < 3
      ? gettext("%(n)s of at least 3 corners. Click the picture, or press “Add a corner”.", { n: corners.length })
      : gettext("%(n)s corners. Drag them, or Tab to one: arrows move it (Shift: farther), Delete takes it away.", { n: corners.length });
  }

  handle(k, corners) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "zone-corner";
    const [x, y] = corners[k];
    button.style.left = `${percent(x)}%`;
    button.style.top = `${percent(y)}%`;
    button.setAttribute("aria-label", gettext("Corner %(n)s: %(left)s from the left, %(top)s from the top", { n: k + 1, left: `${percent(x)}%`, top: `${percent(y)}%` }));
    button.addEventListener("keydown", (event) => this.key(event, k));
    button.addEventListener("pointerdown", (event) => this.drag(event, k));
    return button;
  }

  key(event, k) {
    const corners = this.corners;
    if (event.key === "Delete" || event.key === "Backspace") {
      corners.splice(k, 1);
      this.set(corners, { focus: Math.min(k, corners.length - 1) });
    } else if (ARROWS[event.key]) {
      const step = event.shiftKey ? WIDE_STEP : STEP;
      const [dx, dy] = ARROWS[event.key];
      corners[k] = [inside(corners[k][0] + dx * step), inside(corners[k][1] + dy * step)];
      this.set(corners, { focus: k });
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  drag(event, k) {
    event.preventDefault();
    event.stopPropagation();
    this.before.push(this.field.value);
    const move = (at) => {
      const corners = this.corners;
      corners[k] = this.place(at);
      this.set(corners, { keep: false, focus: k });
    };
    const end = () => {
      removeEventListener("pointermove", move);
      removeEventListener("pointerup", end);
    };
    addEventListener("pointermove", move);
    addEventListener("pointerup", end);
  }
}

const others = stage ? JSON.parse(stage.dataset.others) : [];
if (stage && form) new Editor();
else if (stage) {
  drawing.replaceChildren(...others.map((zone) => polygon(zone.polygon)));
  layer.replaceChildren(...others.map((zone) => label(zone.name, zone.polygon)));
}
