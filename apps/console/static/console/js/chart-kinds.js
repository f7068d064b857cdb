// The kinds of charts: what each asks of uPlot, and the marks it draws itself. Nothing is told by colour alone:
// the first of two series is an outline, the second is filled; missing figures are gaps; bars start at zero.
import { gettext } from "./words.js";

const GAP = 6;
const ROW = 30;
const DAY = 86400;

const root = document.documentElement;
const token = (name) => getComputedStyle(root).getPropertyValue(name).trim();
const ratio = () => devicePixelRatio || 1;
const font = (weight = 400) => `${weight} 12px ${token("--sans")}`;
const scaledFont = (weight = 400) => `${weight} ${12 * ratio()}px ${token("--sans")}`;

export function words(value, unit = "") {
  const size = Math.abs(value);
  const digits = size >= 100 || Number.isInteger(value) ? 0 : size >= 1 ? 1 : 2;
  const text = value.toLocaleString("en-GB", { maximumFractionDigits: digits }).replace("-", "−");
  return unit ? `${text} ${unit}` : text;
}

function short(text, most) {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

function known(data) {
  return data.rows.flatMap(({ cells }) => cells.flatMap(({ value, low, high }) => [value, low, high])).filter((v) => v !== null);
}

// From zero (or below, where something is) to a little beyond the largest.
function reach(data) {
  const values = [...known(data), data.reference ?? 0, 0];
  const top = data.most ?? Math.max(...values) * 1.12;
  const bottom = Math.min(...values) * 1.12;
  return [bottom, top > bottom ? top : bottom + 1];
}

function axis(extra) {
  return {
    stroke: () => token("--text-soft"),
    font: font(),
    labelFont: font(),
    grid: { stroke: () => token("--line"), width: 1 },
    ticks: { show: false },
    ...extra,
  };
}

function frame(data, { scales, axes, series, hooks, padding }) {
  return {
    scales,
    axes,
    series: [{}, ...series],
    hooks,
    padding: padding ?? [16, 16, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    select: { show: false },
  };
}

function write(u, text, x, y, { align = "center", base = "middle", colour = "--text", weight = 500 } = {}) {
  const { ctx } = u;
  ctx.save();
  ctx.font = scaledFont(weight);
  ctx.textAlign = align;
  ctx.textBaseline = base;
  ctx.fillStyle = token(colour);
  ctx.fillText(text, x, y);
  ctx.restore();
}

function stroke(u, points, { colour = "--text-soft", width = 1.5, dash = [] } = {}) {
  const { ctx } = u;
  ctx.save();
  ctx.beginPath();
  points.forEach(([x, y], at) => (at ? ctx.lineTo(x, y) : ctx.moveTo(x, y)));
  ctx.strokeStyle = token(colour);
  ctx.lineWidth = width * ratio();
  ctx.setLineDash(dash.map((part) => part * ratio()));
  ctx.stroke();
  ctx.restore();
}

function dot(u, x, y, { colour = "--text", size = 4, hollow = false } = {}) {
  const { ctx } = u;
  ctx.save();
  ctx.beginPath();
  ctx.arc(x, y, size * ratio(), 0, 2 * Math.PI);
  ctx.fillStyle = token(hollow ? "--surface" : colour);
  ctx.fill();
  ctx.strokeStyle = token(colour);
  ctx.lineWidth = 1.5 * ratio();
  ctx.stroke();
  ctx.restore();
}

const box = ({ bbox }) => ({ left: bbox.left, top: bbox.top, right: bbox.left + bbox.width, bottom: bbox.top + bbox.height });

// As many letters as fit under a group that has this share of the width.
function letters(plot, count, room) {
  return Math.max(4, Math.floor((((plot.clientWidth || 400) - 88) * room) / count / 6.8));
}

function category(data, most) {
  return (u, splits) => splits.map((at) => (Number.isInteger(at) && data.rows[at] ? short(data.rows[at].label, most) : ""));
}

// Vertical bars, one group a row. Each bar carries its figure where there is room for it.
export function columns(data, plot) {
  const count = data.rows.length;
  const shade = [
    { fill: "--surface", edge: "--text-soft" },
    { fill: "--accent", edge: "--accent" },
    { fill: "--sunken", edge: "--text" },
  ];
  const bar = (u, at, series) => {
    const group = (u.valToPos(1, "x", true) - u.valToPos(0, "x", true)) * 0.76;
    const width = Math.min(group / data.names.length, 56 * ratio());
    const start = u.valToPos(at, "x", true) - (width * data.names.length) / 2;
    return { x: start + series * width, width: Math.max(width - 2 * ratio(), 1) };
  };
  const marks = (u) => {
    const zero = u.valToPos(0, "y", true);
    data.rows.forEach(({ cells }, at) =>
      cells.forEach(({ value }, series) => {
        if (value === null) return;
        const { x, width } = bar(u, at, series);
        const top = u.valToPos(value, "y", true);
        const { ctx } = u;
        ctx.save();
        ctx.fillStyle = token(shade[series].fill);
        ctx.strokeStyle = token(shade[series].edge);
        ctx.lineWidth = 1.5 * ratio();
        ctx.fillRect(x, top, width, zero - top);
        ctx.strokeRect(x, top, width, zero - top);
        ctx.font = scaledFont(500);
        const figure = words(value);
        const fits = ctx.measureText(figure).width <= width + 10 * ratio();
        ctx.restore();
        if (fits) write(u, figure, x + width / 2, top + (value < 0 ? 4 : -4) * ratio(), { base: value < 0 ? "top" : "bottom" });
      }),
    );
    stroke(u, [[box(u).left, zero], [box(u).right, zero]], { colour: "--line-strong", width: 1 });
  };
  const room = Math.max(1, Math.ceil((count * 64) / Math.max(plot.clientWidth, 200)));
  return {
    height: 240,
    data: [data.rows.map((_, at) => at), ...data.names.map(() => data.rows.map(() => null))],
    options: frame(data, {
      scales: { x: { time: false, range: [-0.6, count - 0.4] }, y: { range: reach(data) } },
      axes: [
        axis({ grid: { show: false }, splits: () => data.rows.map((_, at) => at).filter((at) => at % room === 0), values: category(data, letters(plot, count, room)), size: 28 }),
        axis({ values: (u, splits) => splits.map((at) => words(at, data.unit)), size: 72 }),
      ],
      series: data.names.map(() => ({ show: false })),
      hooks: { draw: [marks] },
    }),
  };
}

// Lines over rows that follow each other; a missing figure interrupts the line. The name stands at its end.
export function lines(data, plot) {
  const count = data.rows.length;
  const colours = ["--accent", "--text-soft"];
  const room = Math.max(1, Math.ceil((count * 72) / Math.max(plot.clientWidth, 200)));
  const marks = (u) => {
    const { left, right } = box(u);
    if (data.reference !== null) {
      const y = u.valToPos(data.reference, "y", true);
      stroke(u, [[left, y], [right, y]], { colour: "--text-faint", dash: [4, 3] });
      write(u, data.referenceWords, left + GAP * ratio(), y - GAP * ratio(), { align: "left", base: "bottom", colour: "--text-soft", weight: 400 });
    }
    data.names.forEach((name, series) => {
      let last = null;
      data.rows.forEach(({ cells }, at) => {
        const { value, low, high } = cells[series];
        if (value === null) return;
        const [x, y] = [u.valToPos(at, "x", true), u.valToPos(value, "y", true)];
        if (low !== null && high !== null) {
          stroke(u, [[x, u.valToPos(low, "y", true)], [x, u.valToPos(high, "y", true)]], { colour: colours[series], width: 1 });
        }
        dot(u, x, y, { colour: colours[series], size: 3, hollow: series > 0 });
        last = [x, y, value];
      });
      if (last) write(u, words(last[2], data.unit), last[0], last[1] - 10 * ratio(), { align: last[0] > right - 24 * ratio() ? "right" : "center", base: "bottom" });
    });
  };
  return {
    height: 200,
    data: [data.rows.map((_, at) => at), ...data.names.map((_, series) => data.rows.map(({ cells }) => cells[series].value))],
    options: frame(data, {
      scales: { x: { time: false, range: [-0.3, count - 0.7] }, y: { range: reach(data) } },
      axes: [
        axis({ grid: { show: false }, splits: () => data.rows.map((_, at) => at).filter((at) => at % room === 0), values: category(data, letters(plot, count, room)), size: 28 }),
        axis({ values: (u, splits) => splits.map((at) => words(at, data.unit)), size: 56 }),
      ],
      series: data.names.map((_, series) => ({
        stroke: () => token(colours[series]),
        width: 2,
        dash: series ? [6, 4] : undefined,
        spanGaps: false,
        points: { show: false },
      })),
      hooks: { draw: [marks] },
      padding: [24, 24, 0, 0],
    }),
  };
}

// What lies in rows: the value runs to the right, each row has its name before it.
function inRows(data, plot, { marks, x, size }) {
  const count = data.rows.length;
  const most = Math.max(8, Math.min(24, Math.floor(plot.clientWidth / 24)));
  const longest = Math.max(...data.rows.map(({ label }) => Math.min(label.length, most)));
  return {
    height: (size ?? ROW) * count + 44,
    data: [x.range, [null, null]],
    options: frame(data, {
      scales: { x: { time: Boolean(x.time), range: x.range }, y: { range: [-0.5, count - 0.5], dir: -1 } },
      axes: [
        axis({ values: x.values, size: 30, space: x.time ? 96 : 64 }),
        axis({ grid: { show: false }, splits: () => data.rows.map((_, at) => at), values: category(data, most), size: 20 + longest * 6.6 }),
      ],
      series: [{ show: false }],
      hooks: { draw: [marks] },
      padding: [8, 48, 0, 0],
    }),
  };
}

// A rate a row with its interval; the rate of all as a dashed line, what it may differ as a band.
export function intervals(data, plot) {
  const marks = (u) => {
    const { top, bottom, right } = box(u);
    const at = (value) => u.valToPos(value, "x", true);
    const { ctx } = u;
    if (data.reference !== null && data.tolerance !== null) {
      const [from, to] = [at(Math.max(0, data.reference - data.tolerance)), Math.min(at(data.reference + data.tolerance), right)];
      ctx.save();
      ctx.fillStyle = token("--selected");
      ctx.fillRect(from, top, to - from, bottom - top);
      ctx.restore();
    }
    if (data.reference !== null) stroke(u, [[at(data.reference), top], [at(data.reference), bottom]], { colour: "--accent", dash: [4, 3] });
    data.rows.forEach(({ cells: [{ value, low, high }] }, row) => {
      const y = u.valToPos(row, "y", true);
      if (value === null) {
        write(u, gettext("not known yet"), at(0) + GAP * ratio(), y, { align: "left", colour: "--text-faint", weight: 400 });
        return;
      }
      if (low !== null && high !== null) {
        stroke(u, [[at(low), y], [at(high), y]], { width: 2 });
        for (const end of [low, high]) stroke(u, [[at(end), y - 4 * ratio()], [at(end), y + 4 * ratio()]], { width: 2 });
      }
      dot(u, at(value), y);
      write(u, words(value), Math.max(at(high ?? value), at(value)) + 8 * ratio(), y, { align: "left" });
    });
  };
  const x = { range: reach(data), values: (u, splits) => splits.map((value) => words(value)) };
  return inRows(data, plot, { marks, x });
}

// Bars from zero to the right, or to the left where less.
export function bars(data, plot) {
  const marks = (u) => {
    const { top, bottom } = box(u);
    const zero = u.valToPos(0, "x", true);
    data.rows.forEach(({ cells: [{ value }] }, row) => {
      if (value === null) return;
      const [x, y] = [u.valToPos(value, "x", true), u.valToPos(row, "y", true)];
      const { ctx } = u;
      ctx.save();
      ctx.fillStyle = token(value < 0 ? "--surface" : "--accent");
      ctx.strokeStyle = token("--accent");
      ctx.lineWidth = 1.5 * ratio();
      ctx.fillRect(Math.min(zero, x), y - 8 * ratio(), Math.abs(x - zero), 16 * ratio());
      ctx.strokeRect(Math.min(zero, x), y - 8 * ratio(), Math.abs(x - zero), 16 * ratio());
      ctx.restore();
      write(u, words(value), value < 0 ? zero + 6 * ratio() : x + 6 * ratio(), y, { align: "left" });
    });
    stroke(u, [[zero, top], [zero, bottom]], { colour: "--line-strong", width: 1 });
  };
  const x = { range: reach(data), values: (u, splits) => splits.map((value) => words(value, data.unit)) };
  return inRows(data, plot, { marks, x });
}

// A mark a row of the table, at its time, in the line of its place.
export function places(data, plot) {
  const names = [...new Set(data.rows.map(({ label }) => label))];
  const times = data.rows.map(({ x }) => x);
  const spare = Math.max((Math.max(...times) - Math.min(...times)) * 0.05, DAY / 2);
  const range = [Math.min(...times) - spare, Math.max(...times) + spare];
  const marks = (u) => {
    const { left, right } = box(u);
    names.forEach((_, row) => {
      const y = u.valToPos(row, "y", true);
      stroke(u, [[left, y], [right, y]], { colour: "--line", width: 1 });
    });
    for (const { label, x } of data.rows) {
      dot(u, u.valToPos(x, "x", true), u.valToPos(names.indexOf(label), "y", true), { colour: "--accent", size: 5 });
    }
  };
  const hours = range[1] - range[0] < 8 * DAY ? { hour: "2-digit", minute: "2-digit" } : {};
  const language = document.documentElement.lang;
  const day = new Intl.DateTimeFormat(language === "en" ? "en-GB" : language, { day: "numeric", month: "short", ...hours });
  const values = (u, splits) => splits.map((at) => day.format(at * 1000));
  const rows = names.map((label) => ({ label, cells: [{ value: 0, low: null, high: null }] }));
  const made = inRows({ ...data, rows }, plot, { marks, x: { range, time: true, values }, size: 36 });
  return made;
}

export const KINDS = { columns, lines, intervals, bars, places };
