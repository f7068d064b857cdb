// Charts, drawn by uPlot from the table behind each of them: the figures are in the page without this script, and
// one key away with it. A figure names its table; the table's rows and cells carry the plain numbers.
//
//   <figure data-chart="columns" data-chart-table="costs">   columns, lines, intervals, bars or places
//   <th data-series="Expected">                              a column that is drawn
//   <tr data-label="May 2026" data-facet="…">                a row that is drawn; data-x: its time in seconds
//   <td data-value="41.2" data-low="30" data-high="55">      a figure; an empty one is not known and stays a gap
import { KINDS } from "./chart-kinds.js";

const drawn = new Map();

function number(text) {
  const value = text ? Number(text) : NaN;
  return Number.isFinite(value) ? value : null;
}

function cellOf(row, column) {
  const { value, low, high } = row.cells[column]?.dataset ?? {};
  return { value: number(value), low: number(low), high: number(high) };
}

function read(figure, table) {
  const { chartFacet: facet, chartOrder: order, chartUnit: unit } = figure.dataset;
  const columns = [...table.tHead.rows[0].cells]
    .map((cell, at) => ({ name: cell.dataset.series, at }))
    .filter(({ name }) => name !== undefined);
  const rows = [...table.tBodies]
    .flatMap((body) => [...body.rows])
    .filter(({ dataset }) => dataset.label !== undefined && (facet === undefined || dataset.facet === facet));
  if (order === "reverse") rows.reverse();
  return {
    unit: unit ?? "",
    names: columns.map(({ name }) => name),
    rows: rows.map((row) => ({
      label: row.dataset.label,
      x: number(row.dataset.x),
      cells: columns.map(({ at }) => cellOf(row, at)),
    })),
    reference: number(figure.dataset.chartReference),
    referenceWords: figure.dataset.chartReferenceWords ?? "",
    tolerance: number(figure.dataset.chartTolerance),
    most: number(figure.dataset.chartMost),
  };
}

function sized(figure, plot, made) {
  const width = Math.floor(plot.clientWidth);
  return { width: Math.max(width, 200), height: made.height };
}

function show(figure, open) {
  const behind = document.getElementById(figure.dataset.chartBehind ?? figure.dataset.chartTable);
  const toggle = figure.querySelector("[data-chart-toggle]");
  behind.hidden = !open;
  toggle?.setAttribute("aria-expanded", String(open));
}

function isOpen(figure) {
  return figure.querySelector("[data-chart-toggle]")?.getAttribute("aria-expanded") !== "false";
}

function draw(figure) {
  const table = document.getElementById(figure.dataset.chartTable);
  const kind = KINDS[figure.dataset.chart];
  if (!table || !kind || drawn.has(figure)) return;
  const data = read(figure, table);
  if (!data.rows.some(({ cells }) => cells.some(({ value }) => value !== null))) return;
  figure.hidden = false;
  const plot = figure.querySelector("[data-chart-plot]");
  const made = kind(data, plot);
  // eslint-disable-next-line no-undef -- a classic script, loaded before this module
  const chart = new uPlot({ ...made.options, ...sized(figure, plot, made) }, made.data, plot);
  const sizes = new ResizeObserver(() => {
    const next = sized(figure, plot, made);
    if (next.width !== chart.width) chart.setSize(next);
  });
  sizes.observe(plot);
  drawn.set(figure, { chart, sizes });
  figure.dataset.chartDrawn = String(data.rows.length);
  if (figure.dataset.chartStart === "closed") show(figure, false);
}

function drawAll() {
  for (const [figure, { chart, sizes }] of drawn) {
    if (figure.isConnected) continue;
    sizes.disconnect();
    chart.destroy();
    drawn.delete(figure);
  }
  document.querySelectorAll("figure[data-chart]").forEach(draw);
}

// Colours are read from the style sheet at every drawing, so another theme only needs another drawing.
function redraw() {
  for (const { chart } of drawn.values()) chart.redraw(false);
}

document.addEventListener("click", (event) => {
  const toggle = event.target.closest("[data-chart-toggle]");
  const figure = toggle?.closest("figure[data-chart]");
  if (figure) show(figure, !isOpen(figure));
});
document.addEventListener("htmx:afterSwap", drawAll);
new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ["data-theme"] });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);

// On paper the drawing is in the colours of paper, and its table stands under it.
matchMedia("print").addEventListener("change", redraw);
const folded = new Set();
addEventListener("beforeprint", () => {
  for (const figure of drawn.keys()) if (!isOpen(figure)) folded.add(figure);
  for (const figure of folded) show(figure, true);
});
addEventListener("afterprint", () => {
  for (const figure of folded) show(figure, false);
  folded.clear();
});
document.fonts.ready.then(() => {
  drawAll();
  redraw();
});
