// Draws what moved a score over the picture: a grid of effects, and joints; the detector's own grid where it sent one.
import { gettext } from "./words.js";

const RAISED = [255, 176, 0];
const LOWERED = [96, 165, 250];
const STATED = [45, 212, 191];
const MOST_OPAQUE = 0.62;
const NEAR_SECONDS = 0.3;
const EDGE = "rgb(8 11 18 / 75%)";

export async function loadSaliency(url) {
  const reply = await fetch(url, { headers: { Accept: "application/json" } });
  if (!reply.ok) throw new Error(`saliency: ${reply.status}`);
  const { record, reliable, stated_grid: stated } = await reply.json();
  return {
    record,
    reliable,
    picture: record?.picture ? heat(record.picture.grid, RAISED) : null,
    stated: stated ? heat(stated, STATED) : null,
  };
}

// A grid of values as a small picture: opacity is the share of the largest value, what is below zero is clear.
function heat(grid, [red, green, blue]) {
  const rows = grid.length;
  const columns = grid[0].length;
  const most = Math.max(...grid.map((row) => Math.max(...row)), 0);
  const image = new ImageData(columns, rows);
  grid.flat().forEach((value, i) => {
    const share = most > 0 ? Math.max(0, value) / most : 0;
    image.data.set([red, green, blue, Math.round(255 * MOST_OPAQUE * share)], 4 * i);
  });
  const canvas = document.createElement("canvas");
  canvas.width = columns;
  canvas.height = rows;
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

export function drawSaliency(pen, frame, saliency, t, tracks) {
  const { record } = saliency;
  if (!record || t < record.start_seconds - NEAR_SECONDS || t > record.end_seconds + NEAR_SECONDS) return;
  if (saliency.picture) spread(pen, frame, saliency.picture);
  if (record.joints) joints(pen, frame, record.joints, t, tracks);
  const doubtful = !(saliency.reliable.picture || saliency.reliable.joints);
  note(pen, frame, doubtful ? gettext("what moved the score: not reliable") : gettext("what moved the score"), 0);
}

export function drawStated(pen, frame, saliency) {
  spread(pen, frame, saliency.stated);
  note(pen, frame, gettext("the detector's own map"), 1);
}

function spread(pen, frame, picture) {
  pen.imageSmoothingEnabled = true;
  pen.drawImage(picture, frame.x, frame.y, frame.w, frame.h);
}

function joints(pen, frame, { track, times, contributions }, t, tracks) {
  const body = tracks.find(({ id, keypoints }) => id === track && keypoints);
  const i = nearest(times, t);
  if (!body || Math.abs(times[i] - t) > NEAR_SECONDS) return;
  const most = Math.max(...contributions.flat().map(Math.abs)) || 1;
  contributions[i].forEach((value, joint) => {
    const size = Math.abs(value) / most;
    const [x, y, sure] = body.keypoints[joint];
    if (size < 0.03 || sure < 0.1) return;
    const [red, green, blue] = value > 0 ? RAISED : LOWERED;
    pen.beginPath();
    pen.arc(frame.x + x * frame.w, frame.y + y * frame.h, 3 + 13 * Math.sqrt(size), 0, 2 * Math.PI);
    pen.fillStyle = `rgb(${red} ${green} ${blue} / 45%)`;
    pen.fill();
    pen.strokeStyle = `rgb(${red} ${green} ${blue})`;
    pen.lineWidth = 1.5;
    pen.stroke();
  });
}

function nearest(times, t) {
  let best = 0;
  times.forEach((time, i) => {
    if (Math.abs(time - t) < Math.abs(times[best] - t)) best = i;
  });
  return best;
}

function note(pen, frame, words, line) {
  pen.font = '500 11px "Inter Variable", sans-serif';
  const width = pen.measureText(words).width + 10;
  pen.fillStyle = EDGE;
  pen.fillRect(frame.x + 6, frame.y + 6 + 20 * line, width, 17);
  pen.fillStyle = "#f8fafc";
  pen.fillText(words, frame.x + 11, frame.y + 18 + 20 * line);
}
