// Counts what was really played and reports it. Seeking never counts; only time that passed while the picture ran.
const SEND_EVERY_SECONDS = 1;
const RETRY_MS = 3000;

export class Watched {
  constructor(video, { url, session, csrf, onReply }) {
    Object.assign(this, { video, url, session, csrf, onReply });
    this.waiting = [];
    this.sending = false;
    this.span = null;
    for (const name of ["playing", "seeked"]) video.addEventListener(name, () => this.begin());
    video.addEventListener("timeupdate", () => this.extend());
    for (const name of ["pause", "ended"]) video.addEventListener(name, () => this.extend(true));
    for (const name of ["seeking", "waiting", "emptied", "ratechange"]) video.addEventListener(name, () => this.close());
    document.addEventListener("visibilitychange", () => document.hidden && this.close());
  }

  begin() {
    if (this.video.paused || this.video.seeking || document.hidden) return;
    this.close();
    this.span = { from: this.video.currentTime, to: this.video.currentTime, wall: performance.now() };
  }

  extend(last = false) {
    const { video, span } = this;
    if (!span) return last ? undefined : this.begin();
    if (video.seeking || document.hidden) return this.close();
    const wall = performance.now();
    const moved = video.currentTime - span.to;
    const possible = ((wall - span.wall) / 1000) * video.playbackRate * 1.25 + 0.3;
    if (moved < 0 || moved > possible) return this.close();
    Object.assign(span, { to: video.currentTime, wall });
    if (last) this.close();
    else if (span.to - span.from >= SEND_EVERY_SECONDS) this.begin();
    return undefined;
  }

  close() {
    const { span } = this;
    this.span = null;
    if (!span) return;
    const from = Math.round(span.from * 1000);
    const to = Math.round(span.to * 1000);
    if (to > from) this.report(from, to);
  }

  report(from, to) {
    this.waiting.push({ session: this.session, from_ms: from, to_ms: to });
    this.send();
  }

  async send() {
    if (this.sending || !this.waiting.length) return;
    this.sending = true;
    try {
      const reply = await fetch(this.url, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRFToken": this.csrf },
        body: JSON.stringify(this.waiting[0]),
        keepalive: true,
      });
      if (reply.status < 500) this.waiting.shift();
      if (reply.ok) this.onReply(await reply.json());
      if (reply.status >= 500) throw new Error(String(reply.status));
      this.sending = false;
      this.send();
    } catch {
      setTimeout(() => {
        this.sending = false;
        this.send();
      }, RETRY_MS);
    }
  }
}
