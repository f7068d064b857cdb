// Draws boxes, skeletons and zones over the picture, in the picture's own coordinates (0..1).
import { tracksAt } from "./analysis.js";
import { drawSaliency, drawStated } from "./saliency.js";
import { gettext } from "./words.js";

const BONES = [
  [5, 6], [5, 7], [7, 9], [6, 8], [8, 10], [5, 11], [6, 12], [11, 12],
  [11, 13], [13, 15], [12, 14], [14, 16], [0, 5], [0, 6],
];
const BOX = "#7dd3fc";
const BONE = "#fde68a";
const ZONE = "#c4b5fd";
const EDGE = "rgb(8 11 18 / 75%)";
const SURE = 0.3;

export class Overlay {
  constructor(video, canvas, zones) {
    this.video = video;
    this.canvas = canvas;
    this.zones = zones;
    this.analysis = null;
    this.layers = { boxes: true, skeleton: true, zones: false, saliency: true, stated: false };
    this.saliency = null;
    this.scale = 1;
    new ResizeObserver(() => this.draw()).observe(canvas);
  }

  // The picture is shown this many times larger: lines are drawn finer, so that they stay as thin as they were.
  enlarge(scale) {
    this.scale = scale;
    this.draw();
  }

  // The picture inside the element: `object-fit: contain` leaves bars at two sides.
  frame() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const ratio = (this.video.videoWidth || this.analysis?.width || 16) / (this.video.videoHeight || this.analysis?.height || 9);
    const w = Math.min(width, height * ratio);
    const h = w / ratio;
    return { x: (width - w) / 2, y: (height - h) / 2, w, h };
  }

  prepare() {
    const scale = (devicePixelRatio || 1) * Math.min(this.scale, 2);
    const { clientWidth: width, clientHeight: height } = this.canvas;
    this.canvas.width = Math.round(width * scale);
    this.canvas.height = Math.round(height * scale);
    const pen = this.canvas.getContext("2d");
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.lineJoin = "round";
    pen.lineCap = "round";
    return pen;
  }

  draw(t = this.video.currentTime) {
    const pen = this.prepare();
    const frame = this.frame();
    if (this.layers.zones) for (const zone of this.zones) this.zone(pen, frame, zone);
    if (this.layers.stated && this.saliency?.stated) drawStated(pen, frame, this.saliency);
    if (!this.analysis) return;
    const tracks = tracksAt(this.analysis, t);
    if (this.layers.saliency && this.saliency) drawSaliency(pen, frame, this.saliency, t, tracks);
    for (const track of tracks) {
      if (this.layers.skeleton && track.keypoints) this.skeleton(pen, frame, track.keypoints);
      if (this.layers.boxes) this.box(pen, frame, track);
    }
  }

  stroke(pen, colour, width) {
    pen.strokeStyle = EDGE;
    pen.lineWidth = (width + 2) / this.scale;
    pen.stroke();
    pen.strokeStyle = colour;
    pen.lineWidth = width / this.scale;
    pen.stroke();
  }

  box(pen, frame, { id, box: [x0, y0, x1, y1], score }) {
    const x = frame.x + x0 * frame.w;
    const y = frame.y + y0 * frame.h;
    pen.beginPath();
    pen.rect(x, y, (x1 - x0) * frame.w, (y1 - y0) * frame.h);
    pen.setLineDash(score < 0.5 ? [5, 4] : []);
    this.stroke(pen, BOX, 1.5);
    pen.setLineDash([]);
    this.label(pen, x, y, gettext("person %(id)s", { id }), BOX);
  }

  label(pen, x, y, text, colour) {
    pen.font = '500 11px "Inter Variable", sans-serif';
    const width = pen.measureText(text).width + 8;
    const top = Math.max(0, y - 17);
    pen.fillStyle = EDGE;
    pen.fillRect(x - 1, top, width, 16);
    pen.fillStyle = colour;
    pen.fillText(text, x + 3, top + 12);
  }

  skeleton(pen, frame, points) {
    const at = points.map(([x, y, sure]) => ({ x: frame.x + x * frame.w, y: frame.y + y * frame.h, sure }));
    pen.beginPath();
    for (const [a, b] of BONES) {
      if (at[a].sure < SURE || at[b].sure < SURE) continue;
      pen.moveTo(at[a].x, at[a].y);
      pen.lineTo(at[b].x, at[b].y);
    }
    this.stroke(pen, BONE, 2);
    pen.fillStyle = BONE;
    for (const { x, y, sure } of at) {
      if (sure < SURE) continue;
      pen.beginPath();
      pen.arc(x, y, 2.5, 0, 2 * Math.PI);
      pen.fill();
    }
  }

  zone(pen, frame, { name, polygon }) {
    const corners = polygon.map(([x, y]) => [frame.x + x * frame.w, frame.y + y * frame.h]);
    pen.beginPath();
    corners.forEach(([x, y], i) => (i ? pen.lineTo(x, y) : pen.moveTo(x, y)));
    pen.closePath();
    pen.fillStyle = "rgb(196 181 253 / 14%)";
    pen.fill();
    this.stroke(pen, ZONE, 1.5);
    const [x, y] = corners.reduce((top, corner) => (corner[1] < top[1] ? corner : top));
    this.label(pen, x, Math.max(y + 18, 18), name, ZONE);
  }
}
