// The seconds before the clip: a picture of its own over the clip's, so that what was watched of the clip stays what it was.
import { gettext } from "./words.js";

export class Before {
  constructor(root, video, url) {
    Object.assign(this, { root, video, url, picture: null });
    this.button = root.querySelector("[data-do=before]");
  }

  get isShown() {
    return this.picture !== null;
  }

  toggle() {
    if (!this.url) return;
    if (this.isShown) this.end();
    else this.begin();
  }

  begin() {
    this.video.pause();
    this.picture = document.createElement("video");
    Object.assign(this.picture, { src: this.url, muted: true, playsInline: true, controls: true });
    this.picture.className = "player-before";
    this.picture.setAttribute("aria-label", gettext("The seconds before the clip"));
    this.picture.playbackRate = this.video.playbackRate;
    this.picture.addEventListener("ended", () => this.end());
    this.picture.addEventListener("error", () => this.end(gettext("It could not be played. Try again.")));
    this.root.querySelector(".player-picture").append(this.picture);
    this.say("");
    this.button.setAttribute("aria-pressed", "true");
    this.picture.play().catch(() => undefined);
  }

  pauseOrPlay() {
    if (this.picture.paused) this.picture.play().catch(() => undefined);
    else this.picture.pause();
  }

  // Back to the clip, where it was left.
  end(words = "") {
    const { picture } = this;
    this.picture = null;
    picture?.remove();
    this.button.setAttribute("aria-pressed", "false");
    this.say(words);
  }

  say(words) {
    this.root.querySelector("[data-before-words]").textContent = words;
  }
}
