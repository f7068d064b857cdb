// The clip player: element [data-player], its facts in a JSON script beside it. Recovers when the clip's address expired.
import { loadAnalysis } from "./analysis.js";
import { Before } from "./before.js";
import { isTyping } from "./keys.js";
import { Lanes, clock } from "./lanes.js";
import { Overlay } from "./overlay.js";
import { loadSaliency } from "./saliency.js";
import { Watched } from "./watched.js";
import { gettext } from "./words.js";
import { Zoom } from "./zoom.js";

const SPEEDS = [0.25, 0.5, 1, 2, 4];
const RELOADS = 3;
const KEYS = {
  ",": "step-back",
  ".": "step-forward",
  "<": "slower",
  ">": "faster",
  "+": "nearer",
  "=": "nearer",
  "-": "farther",
  0: "whole",
  l: "loop",
  m: "marked",
  p: "before",
};
const LAYER_KEYS = { x: "boxes", k: "skeleton", z: "zones", w: "saliency", d: "stated" };
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

class Player {
  constructor(root, facts) {
    this.root = root;
    this.facts = facts;
    this.video = root.querySelector("video");
    this.marked = facts.marked;
    this.looping = false;
    this.reloads = 0;
    this.lastTime = 0;
    this.resumedFrom = 0;
    this.overlay = new Overlay(this.video, root.querySelector("canvas"), facts.zones);
    this.lanes = new Lanes(root.querySelector("[data-lanes]"), {
      signals: facts.signals,
      marked: this.marked,
      onSeek: (t) => this.seek(t),
    });
    for (const span of facts.played) this.lanes.markPlayed(span.from, span.to);
    this.watched = new Watched(this.video, {
      url: facts.playback_url,
      session: facts.session,
      csrf: facts.csrf,
      onReply: (reply) => this.recorded(reply),
    });
    this.before = new Before(root, this.video, facts.before_url);
    this.zoom = new Zoom(root, (scale) => this.overlay.enlarge(scale));
    this.left = new AbortController();
    this.listen();
    this.loadAnalysis();
    this.followSaliency();
    if (this.video.readyState >= 1) this.ready();
    if (this.video.error) this.failed();
  }

  listen() {
    const { video, root } = this;
    video.addEventListener("loadedmetadata", () => this.ready());
    video.addEventListener("timeupdate", () => this.tick());
    for (const name of ["seeked", "loadeddata"]) video.addEventListener(name, () => this.tick());
    for (const name of ["play", "pause"]) video.addEventListener(name, () => this.showPlaying());
    video.addEventListener("error", () => this.failed());
    video.addEventListener("play", () => this.animate());
    video.addEventListener("click", () => this.zoom.dragged || this.toggle());
    root.addEventListener("click", (event) => this.clicked(event.target.closest("[data-do]")));
    root.addEventListener("change", (event) => this.changed(event.target));
    this.onPage("keydown", (event) => this.pressed(event));
    this.onPage("click", (event) => {
      const moment = event.target.closest("[data-seek]");
      if (moment) this.seek(Number(moment.dataset.seek));
    });
  }

  // Listens on the whole page until this player has left it: parts of the page are swapped.
  onPage(name, act) {
    const heard = (event) => {
      if (this.root.isConnected) act(event);
      else this.left.abort();
    };
    document.addEventListener(name, heard, { signal: this.left.signal });
  }

  async loadAnalysis() {
    if (!this.facts.analysis_url) return this.markEmptyLayers();
    try {
      this.overlay.analysis = await loadAnalysis(this.facts.analysis_url);
    } catch {
      this.overlay.analysis = null;
    }
    this.markEmptyLayers();
    this.overlay.draw();
    return undefined;
  }

  // The part of the page that says what moved the score comes later; it names the address of its map.
  followSaliency() {
    this.loadSaliency();
    this.onPage("htmx:afterSwap", () => this.loadSaliency());
  }

  async loadSaliency() {
    const url = document.querySelector("[data-saliency]")?.dataset.saliency;
    if (!url || this.saliencyAsked) return;
    this.saliencyAsked = true;
    try {
      this.overlay.saliency = await loadSaliency(url);
    } catch {
      this.saliencyAsked = false;
    }
    this.markEmptyLayers();
    this.overlay.draw();
  }

  markEmptyLayers() {
    const tracks = this.overlay.analysis?.tracks ?? [];
    const has = {
      boxes: tracks.length > 0,
      skeleton: tracks.some((track) => track.samples.some((sample) => sample.keypoints)),
      zones: this.facts.zones.length > 0,
      saliency: Boolean(this.overlay.saliency?.record),
      stated: Boolean(this.overlay.saliency?.stated),
    };
    for (const input of this.root.querySelectorAll("[data-layer]")) {
      const missing = !has[input.dataset.layer];
      input.disabled = missing;
      input.closest("label").toggleAttribute("data-empty", missing);
      input.closest("label").title = "";
      if (missing) input.closest("label").title = input.dataset.emptyWords;
    }
  }

  ready() {
    const { duration } = this.video;
    if (!Number.isFinite(duration)) return;
    this.root.querySelector("[data-player-failed]").hidden = true;
    this.lanes.render(duration);
    if (this.resumeAt != null) {
      this.video.currentTime = this.resumeAt;
      if (this.resumePlaying) this.video.play();
      this.resumeAt = null;
    }
    this.tick();
  }

  tick() {
    const { video } = this;
    if (this.looping && this.marked && !video.paused && video.currentTime >= this.marked.to) video.currentTime = this.marked.from;
    const total = Number.isFinite(video.duration) ? video.duration : 0;
    this.root.querySelector("[data-time]").textContent = `${clock(video.currentTime)} / ${clock(total)}`;
    this.lanes.moveTo(video.currentTime);
    this.overlay.draw();
    if (video.error) return;
    if (!video.paused && video.currentTime > this.resumedFrom + 1) this.reloads = 0;
    this.lastTime = video.currentTime;
  }

  animate() {
    if (this.video.paused || !this.video.requestVideoFrameCallback) return;
    this.video.requestVideoFrameCallback((_, { mediaTime }) => {
      this.overlay.draw(mediaTime);
      this.lanes.moveTo(mediaTime);
      this.animate();
    });
  }

  toggle() {
    if (this.video.paused) this.video.play().catch(() => undefined);
    else this.video.pause();
  }

  seek(seconds) {
    this.video.currentTime = Math.max(0, Math.min(this.video.duration || 0, seconds));
  }

  step(frames) {
    this.video.pause();
    this.seek(this.video.currentTime + frames / (this.overlay.analysis?.fps || this.facts.fps || 25));
  }

  faster(by) {
    const at = SPEEDS.indexOf(this.video.playbackRate);
    const speed = SPEEDS[Math.max(0, Math.min(SPEEDS.length - 1, at + by))];
    this.video.playbackRate = speed;
    this.root.querySelector("[data-speed]").value = String(speed);
  }

  loop() {
    this.looping = !this.looping;
    this.root.querySelector("[data-do=loop]").setAttribute("aria-pressed", String(this.looping));
    if (this.looping && this.marked && this.video.currentTime > this.marked.to) this.seek(this.marked.from);
  }

  playMarked() {
    this.seek(this.marked ? this.marked.from : 0);
    this.video.play().catch(() => undefined);
  }

  act(name) {
    if (name === "before") return this.before.toggle();
    if (["nearer", "farther", "whole"].includes(name)) return this.zoom.step({ nearer: 1, farther: -1, whole: 0 }[name]);
    if (name === "toggle" && this.before.isShown) return this.before.pauseOrPlay();
    if (this.before.isShown) this.before.end();
    const acts = {
      toggle: () => this.toggle(),
      back: () => this.seek(this.video.currentTime - 10),
      forward: () => this.seek(this.video.currentTime + 10),
      "step-back": () => this.step(-1),
      "step-forward": () => this.step(1),
      loop: () => this.loop(),
      marked: () => this.playMarked(),
      slower: () => this.faster(-1),
      faster: () => this.faster(1),
      reload: () => this.reload(),
    };
    return acts[name]?.();
  }

  clicked(control) {
    if (control) this.act(control.dataset.do);
  }

  changed(input) {
    if (input.dataset.layer) {
      this.overlay.layers[input.dataset.layer] = input.checked;
      this.overlay.draw();
    }
    if (input.matches("[data-speed]")) this.video.playbackRate = Number(input.value);
  }

  pressed(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    if (document.querySelector("dialog[open], :popover-open")) return;
    if (!this.arrow(event) && !this.layer(event.key) && !this.key(event)) return;
    event.preventDefault();
  }

  // Arrows go through time; with Shift they move the enlarged picture. A slider keeps its own.
  arrow(event) {
    const way = ARROWS[event.key];
    if (!way || event.target.matches("input")) return false;
    if (event.shiftKey) this.zoom.move(...way);
    else if (way[0]) this.act(way[0] < 0 ? "back" : "forward");
    else return false;
    return true;
  }

  layer(key) {
    const input = this.root.querySelector(`[data-layer="${LAYER_KEYS[key.toLowerCase()]}"]`);
    if (!input || input.disabled) return false;
    input.click();
    return true;
  }

  key(event) {
    const onControl = event.target.closest("button, summary, a, input");
    const name = event.key === " " && !onControl ? "toggle" : KEYS[event.key];
    if (name) this.act(name);
    return Boolean(name);
  }

  showPlaying() {
    const button = this.root.querySelector("[data-do=toggle]");
    const playing = !this.video.paused;
    button.setAttribute("aria-label", playing ? gettext("Pause") : gettext("Play"));
    button.querySelector("[data-when=playing]").toggleAttribute("hidden", !playing);
    button.querySelector("[data-when=paused]").toggleAttribute("hidden", playing);
  }

  recorded(reply) {
    this.lanes.markPlayed(reply.from_ms / 1000, reply.to_ms / 1000);
    const words = document.querySelector("[data-watched]");
    if (words) words.textContent = reply.words;
    if (reply.enough && !this.enough) {
      this.enough = true;
      document.body.dispatchEvent(new CustomEvent("playback-enough"));
    }
  }

  // The clip's address is signed for a short time: ask the page's own address for a new one and go on where we were.
  reload() {
    this.resumeAt = this.lastTime;
    this.resumedFrom = this.lastTime;
    this.resumePlaying = this.wasPlaying;
    const url = new URL(this.facts.clip_url, location.href);
    url.searchParams.set("again", String(Date.now()));
    this.video.src = url.href;
    this.video.load();
  }

  failed() {
    if (!this.video.error) return;
    this.wasPlaying = !this.video.paused;
    if (this.reloads++ < RELOADS) {
      setTimeout(() => this.reload(), 400 * this.reloads);
      return;
    }
    this.showMessage();
  }

  showMessage() {
    this.root.querySelector("[data-player-failed]").hidden = false;
    this.reloads = 0;
  }
}

function attach() {
  for (const root of document.querySelectorAll("[data-player]:not([data-attached])")) {
    root.dataset.attached = "1";
    new Player(root, JSON.parse(document.getElementById(root.dataset.player).textContent));
  }
}

attach();
document.addEventListener("htmx:afterSwap", attach);
document.addEventListener("htmx:oobAfterSwap", attach);
