// Hanging cameras on a site's plan. The number fields hold the truth; without this script they are typed.
import { gettext } from "./words.js";

const STEP = 1;
const WIDE_STEP = 5;
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

const stage = document.querySelector("[data-plan-stage]");
const form = document.querySelector("[data-plan-form]");
const layer = stage?.querySelector("[data-plan-pins]");
const said = document.querySelector("[data-plan-said]");

const inside = (value) => Math.min(100, Math.max(0, value));

class Pin {
  constructor(row, number) {
    this.name = row.dataset.planCamera;
    [this.left, this.top] = row.querySelectorAll("input");
    this.put = row.querySelector("[data-plan-put]");
    this.button = document.createElement("button");
    this.button.type = "button";
    this.button.className = "plan-pin";
    this.button.textContent = String(number);
    row.querySelector("th").prepend(`${number} · `);
    this.put.addEventListener("click", () => this.move(50, 50, { focus: true }));
    for (const field of [this.left, this.top]) field.addEventListener("input", () => this.draw());
    this.button.addEventListener("keydown", (event) => this.key(event));
    this.button.addEventListener("pointerdown", (event) => this.drag(event));
    layer.append(this.button);
    this.draw();
  }

  get isOn() {
    return this.left.value !== "" && this.top.value !== "";
  }

  move(x, y, { focus = false } = {}) {
    this.left.value = inside(x).toFixed(1);
    this.top.value = inside(y).toFixed(1);
    this.draw();
    if (focus) this.button.focus();
    said.textContent = gettext("%(place)s. Not saved yet.", { place: this.place });
  }

  get place() {
    const [left, top] = [`${this.left.value}%`, `${this.top.value}%`];
    return gettext("%(name)s: %(left)s from the left, %(top)s from the top", { name: this.name, left, top });
  }

  takeOff() {
    this.left.value = "";
    this.top.value = "";
    this.draw();
    this.put.focus();
    said.textContent = gettext("%(name)s is taken off the plan. Not saved yet.", { name: this.name });
  }

  draw() {
    this.button.hidden = !this.isOn;
    this.put.hidden = this.isOn;
    if (!this.isOn) return;
    this.button.style.left = `${inside(Number(this.left.value))}%`;
    this.button.style.top = `${inside(Number(this.top.value))}%`;
    this.button.setAttribute("aria-label", this.place);
  }

  key(event) {
    if (event.key === "Delete" || event.key === "Backspace") this.takeOff();
    else if (ARROWS[event.key]) {
      const step = event.shiftKey ? WIDE_STEP : STEP;
      const [dx, dy] = ARROWS[event.key];
      this.move(Number(this.left.value) + dx * step, Number(this.top.value) + dy * step);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  drag(event) {
    event.preventDefault();
    this.button.focus();
    const move = (at) => {
      const box = stage.getBoundingClientRect();
      this.move((100 * (at.clientX - box.left)) / box.width, (100 * (at.clientY - box.top)) / box.height);
    };
    const end = () => {
      removeEventListener("pointermove", move);
      removeEventListener("pointerup", end);
    };
    addEventListener("pointermove", move);
    addEventListener("pointerup", end);
  }
}

if (stage && form) form.querySelectorAll("[data-plan-camera]").forEach((row, k) => new Pin(row, k + 1));
