// Looking closer: the picture is enlarged inside its frame and moved with the pointer or with Shift and the arrows.
const STEPS = [1, 1.5, 2, 3, 4];
const MOVE = 0.1;

export class Zoom {
  constructor(root, onChange) {
    this.root = root;
    this.stage = root.querySelector(".player-stage");
    this.picture = root.querySelector(".player-picture");
    this.words = root.querySelector("[data-zoom-words]");
    this.onChange = onChange;
    Object.assign(this, { scale: 1, x: 0, y: 0, drag: null, dragged: false });
    this.listen();
    this.apply();
  }

  get isClose() {
    return this.scale > 1;
  }

  listen() {
    const { stage } = this;
    stage.addEventListener("wheel", (event) => this.wheeled(event), { passive: false });
    stage.addEventListener("pointerdown", (event) => this.grab(event));
    stage.addEventListener("pointermove", (event) => this.pull(event));
    for (const name of ["pointerup", "pointercancel"]) stage.addEventListener(name, () => this.release());
    new ResizeObserver(() => this.apply()).observe(stage);
  }

  // A pinch arrives as a wheel with Ctrl; without it the page scrolls.
  wheeled(event) {
    if (!event.ctrlKey) return;
    event.preventDefault();
    const box = this.stage.getBoundingClientRect();
    const at = [event.clientX - box.left - box.width / 2, event.clientY - box.top - box.height / 2];
    this.set(this.scale * Math.exp(-event.deltaY / 300), at);
  }

  grab(event) {
    this.dragged = false;
    if (!this.isClose || event.button !== 0) return;
    this.drag = { x: event.clientX - this.x, y: event.clientY - this.y, from: [event.clientX, event.clientY] };
  }

  pull(event) {
    if (!this.drag) return;
    const far = Math.hypot(event.clientX - this.drag.from[0], event.clientY - this.drag.from[1]);
    if (far > 4 && !this.dragged) {
      this.dragged = true;
      this.stage.setPointerCapture(event.pointerId);
    }
    this.x = event.clientX - this.drag.x;
    this.y = event.clientY - this.drag.y;
    this.apply();
  }

  release() {
    this.drag = null;
  }

  // One step of the ladder nearer (+1) or farther (-1); 0 shows the whole picture.
  step(by) {
    if (!by) return this.set(1);
    const next = by > 0 ? STEPS.find((s) => s > this.scale + 0.01) : STEPS.findLast((s) => s < this.scale - 0.01);
    return this.set(next ?? this.scale);
  }

  // `at`: the point, from the middle of the frame, that stays where it is.
  set(scale, at = [0, 0]) {
    const next = Math.max(1, Math.min(STEPS.at(-1), scale));
    const grown = next / this.scale;
    this.x = at[0] - (at[0] - this.x) * grown;
    this.y = at[1] - (at[1] - this.y) * grown;
    this.scale = next;
    this.apply();
    this.onChange(next);
  }

  move(right, down) {
    this.x -= right * MOVE * this.stage.clientWidth;
    this.y -= down * MOVE * this.stage.clientHeight;
    this.apply();
  }

  // The picture never leaves its frame.
  apply() {
    const most = (size) => ((this.scale - 1) * size) / 2;
    const within = (value, limit) => Math.max(-limit, Math.min(limit, value));
    this.x = within(this.x, most(this.stage.clientWidth));
    this.y = within(this.y, most(this.stage.clientHeight));
    this.picture.style.transform = this.isClose ? `translate(${this.x}px, ${this.y}px) scale(${this.scale})` : "";
    this.stage.toggleAttribute("data-close", this.isClose);
    this.words.textContent = `${Math.round(this.scale * 100)}%`;
    for (const [name, off] of [["farther", !this.isClose], ["whole", !this.isClose], ["nearer", this.scale >= STEPS.at(-1)]]) {
      const button = this.root.querySelector(`[data-do=${name}]`);
      if (button) button.disabled = off;
    }
  }
}
