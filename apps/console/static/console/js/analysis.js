// The analysis of a clip as the player reads it: where each track was at a moment.
const COORDINATES = ["box"];

export async function loadAnalysis(url) {
  const reply = await fetch(url, { headers: { Accept: "application/json" } });
  if (!reply.ok) throw new Error(`analysis: ${reply.status}`);
  return reply.json();
}

function indexBefore(samples, t) {
  let low = 0;
  let high = samples.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (samples[middle].t <= t) low = middle + 1;
    else high = middle - 1;
  }
  return high;
}

function mix(a, b, share) {
  return a.map((value, i) => value + (b[i] - value) * share);
}

function between(before, after, t) {
  const share = (t - before.t) / (after.t - before.t || 1);
  const sample = { ...(share < 0.5 ? before : after) };
  for (const name of COORDINATES) sample[name] = mix(before[name], after[name], share);
  if (before.keypoints && after.keypoints) {
    sample.keypoints = before.keypoints.map((point, i) => mix(point, after.keypoints[i], share));
  }
  return sample;
}

// The tracks visible at `t` seconds; between two samples positions are interpolated, across gaps nothing is shown.
export function tracksAt(analysis, t) {
  const gap = 1.6 / (analysis.sampled_fps || 5);
  const found = [];
  for (const track of analysis.tracks ?? []) {
    const i = indexBefore(track.samples, t);
    const before = track.samples[i];
    const after = track.samples[i + 1];
    if (before && after && after.t - before.t <= gap) found.push({ id: track.id, ...between(before, after, t) });
    else if (before && t - before.t <= gap / 2) found.push({ id: track.id, ...before });
    else if (after && after.t - t <= gap / 2) found.push({ id: track.id, ...after });
  }
  return found;
}
