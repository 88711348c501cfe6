// The strip over depth: two numbers of every layer with interval and null, verdicts, names; and the way between layers.

import { extent, ticks } from "d3-array";
import { linear } from "./linear.js";
import { area, line } from "d3-shape";
import { choices, el, svg } from "./dom.js";
import { measured } from "./layer.js";
import { onTheme } from "./theme.js";
import { figure, loopWords, pValue, shortName } from "./words.js";

const LANE = 52;
const FOOT = 42; // verdicts and names
const SIDE = 14;
const [VALUE, LO, HI, NULL_MEAN, NULL_LO, NULL_HI, P] = [0, 1, 2, 3, 4, 5, 6];

/**
 * @param {{metrics: object[], store: object, layers: object[], play: HTMLElement}} options
 *   `layers` as they came
 */
export function makeStrip({ metrics, store, layers: all, play }) {
  const shown = metrics.slice(0, 2).map((metric) => metric.name);
  const lanes = shown.map((name, lane) => makeLane(metrics, name, (chosen) => {
    shown[lane] = chosen;
    render();
  }));
  const verdict = el("p", { class: "lane-note" });
  const foot = el("div", { class: "lane lane-foot" }, play, verdict);
  const plot = el("div", {
    class: "strip-plot", role: "slider", tabindex: 0, id: "strip", "aria-label": "Layer", "aria-valuemin": 0, "aria-orientation": "horizontal",
  }); // prettier-ignore
  const element = el("div", { class: "strip" }, el("div", { class: "lanes" }, lanes.map((lane) => lane.element), foot), plot);
  let width = 0;
  let cursor = null;

  function render() {
    const height = LANE * lanes.length + FOOT;
    const x = places(all.length, width);
    const picture = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true", focusable: "false" });
    picture.append(hatching());
    cursor = svg("rect", { class: "cursor", y: 0, height, rx: 5 });
    picture.append(cursor);
    const step = x(1) - x(0) || width;
    all.forEach((layer, at) => {
      if (layer.degenerate || !measured(layer))
        picture.append(svg("rect", { class: "degenerate", x: x(at) - step / 2, y: 0, width: step, height: LANE * lanes.length }));
    });
    shown.forEach((name, lane) => picture.append(drawLane(all, name, x, lane * LANE, width)));
    const names = spacedNames(all, x, store.state.place);
    all.forEach((layer, at) => {
      const y = LANE * lanes.length + 12;
      if (layer.verdict) picture.append(svg("g", { transform: `translate(${x(at)} ${y})` }, verdictMark(layer.verdict)));
      const label = svg("text", { class: "layer-name", x: x(at), y: height - 8, "text-anchor": "middle", "data-place": at });
      label.textContent = names[at];
      picture.append(label);
    });
    plot.replaceChildren(picture);
    update();
  }

  function update() {
    const { place } = store.state;
    const layer = all[place];
    const x = places(all.length, width);
    const step = Math.min(x(1) - x(0) || 60, 60);
    if (cursor) {
      cursor.setAttribute("x", x(place) - step / 2);
      cursor.setAttribute("width", step);
      const names = spacedNames(all, x, place);
      for (const label of plot.querySelectorAll(".layer-name")) {
        label.textContent = names[label.dataset.place];
        label.classList.toggle("chosen", Number(label.dataset.place) === place);
      }
    }
    lanes.forEach((lane, at) => lane.read(layer.metrics[shown[at]], metrics.find((metric) => metric.name === shown[at])));
    verdict.replaceChildren(...footWords(layer));
    plot.setAttribute("aria-valuemax", all.length - 1);
    plot.setAttribute("aria-valuenow", place);
    plot.setAttribute("aria-valuetext", `${layer.name}, ${place + 1} of ${all.length}, ${layer.verdict ? `loops: ${layer.verdict}` : "no shape"}${layer.degenerate ? ", degenerate" : ""}`);
  }

  function choose(event) {
    const box = plot.getBoundingClientRect();
    const x = places(all.length, width);
    const step = x(1) - x(0) || 1;
    const place = Math.round((event.clientX - box.left - x(0)) / step);
    store.set({ place: Math.min(all.length - 1, Math.max(0, place)) });
  }

  plot.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    choose(event);
    plot.setPointerCapture(event.pointerId);
  });
  plot.addEventListener("pointermove", (event) => {
    if (event.buttons & 1 && plot.hasPointerCapture(event.pointerId)) choose(event);
  });
  new ResizeObserver(([entry]) => {
    width = Math.floor(entry.contentRect.width);
    if (width > 0) render();
  }).observe(plot);
  onTheme(() => width > 0 && render());
  store.on(["place"], update);
  return { element };
}

/** Pixel of each layer. */
function places(count, width) {
  if (count === 1) return linear([0, 1], [width / 2, 1.5 * width]);
  const side = Math.max(SIDE, width / count / 2);
  return linear([0, count - 1], [side, width - side]);
}

/** Names where they have room: every so many, and the chosen one. */
function spacedNames(all, x, chosen) {
  const step = x(1) - x(0);
  const fits = (names) => Math.max(...names.map((name) => name.length)) * 6.6 + 8 <= step;
  const full = all.map((layer) => layer.name);
  if (fits(full)) return full;
  const short = full.map(shortName);
  const wide = Math.max(...short.map((name) => name.length)) * 6.6 + 8;
  const every = Math.max(1, Math.ceil(wide / step));
  return short.map((name, at) => {
    const near = at !== chosen && Math.abs(at - chosen) < every;
    return at === chosen || (at % every === 0 && !near) ? name : "";
  });
}

function makeLane(metrics, chosen, onChoice) {
  const select = el("select", { "aria-label": "Number over depth", onchange: () => onChoice(select.value) });
  choices(select, metrics.map((metric) => [metric.name, metric.label]), chosen); // prettier-ignore
  const value = el("strong", { class: "lane-value" });
  const note = el("span", { class: "lane-note" });
  const element = el("div", { class: "lane" }, select, el("p", { class: "lane-reading" }, value, note));
  function read(numbers, metric) {
    const known = numbers && numbers[VALUE] !== null;
    value.textContent = known ? figure(numbers[VALUE]) : "not defined";
    const parts = [];
    if (known && metric.units !== "-" && metric.units !== "0..1") parts.push(metric.units);
    if (known && numbers[LO] !== null) parts.push(`${figure(numbers[LO])} to ${figure(numbers[HI])}`);
    if (known && numbers[NULL_MEAN] !== null) parts.push(`null ${figure(numbers[NULL_MEAN])}`);
    if (known && numbers[P] !== null) parts.push(`p ${pValue(numbers[P])}`);
    note.textContent = parts.join(" · ");
  }
  return { element, read };
}

function drawLane(all, name, x, top, width) {
  const numbers = all.map((layer) => layer.metrics[name] ?? []);
  const every = numbers.flatMap((row) => [row[VALUE], row[LO], row[HI], row[NULL_MEAN], row[NULL_LO], row[NULL_HI]]);
  const known = every.filter((value) => typeof value === "number");
  const group = svg("g", { transform: `translate(0 ${top})` });
  if (!known.length) return group;
  let [low, high] = extent(known);
  if (low === high) [low, high] = [low - 0.5, high + 0.5];
  const y = linear([low, high], [LANE - 10, 10]);
  const shown = [3, 2, 1].map((most) => ticks(low, high, most)).find((list) => list.length < 2 || y(list[0]) - y(list[1]) > 15);
  for (const tick of shown ?? []) {
    group.append(svg("line", { class: "grid", x1: 0, x2: width, y1: y(tick), y2: y(tick) }));
    const label = svg("text", { class: "tick", x: 0, y: y(tick) - 3 });
    label.textContent = String(tick);
    group.append(label);
  }
  for (const stream of new Set(all.map((layer) => layer.stream))) {
    const own = all.map((layer, at) => at).filter((at) => all[at].stream === stream);
    const has = (...which) => (at) => which.every((one) => typeof numbers[at][one] === "number");
    const join = (test, first, second) =>
      area().defined(test).x((at) => x(at)).y0((at) => y(numbers[at][first])).y1((at) => y(numbers[at][second]))(own); // prettier-ignore
    const along = (test, which) => line().defined(test).x((at) => x(at)).y((at) => y(numbers[at][which]))(own);
    const path = (d, kind) => d && group.append(svg("path", { class: kind, d }));
    path(join(has(NULL_LO, NULL_HI), NULL_LO, NULL_HI), "null-band");
    path(along(has(NULL_MEAN), NULL_MEAN), "null-line");
    path(join(has(LO, HI), LO, HI), "band");
    path(along(has(VALUE), VALUE), "curve");
    for (const at of own.filter(has(VALUE))) {
      const beyond = typeof numbers[at][P] === "number" && numbers[at][P] <= 0.05;
      group.append(svg("circle", { class: beyond ? "mark beyond" : "mark", cx: x(at), cy: y(numbers[at][VALUE]), r: 3.4 }));
    }
  }
  return group;
}

/** Full: a loop; half: few texts; hollow: none. */
export function verdictMark(verdict) {
  const group = svg("g", { class: `verdict verdict-${verdict.replace(" ", "-")}`, role: "img", "aria-label": loopWords(verdict) });
  group.append(svg("circle", { r: 5, class: "ring" }));
  if (verdict === "loop") group.append(svg("circle", { r: 5, class: "full" }));
  if (verdict === "few texts") group.append(svg("path", { d: "M0,-5 A5,5 0 0 0 0,5 Z", class: "full" }));
  return group;
}

export function verdictIcon(verdict) {
  return svg("svg", { width: 14, height: 14, viewBox: "-7 -7 14 14", class: "icon" }, verdictMark(verdict));
}

function footWords(layer) {
  const words = el("span", {}, el("strong", { id: "layer-name" }, layer.name), ` · depth ${figure(layer.depth, 2)}`);
  if (layer.degenerate) words.append(" · ", el("span", { class: "doubt" }, "degenerate"));
  else if (layer.verdict) words.append(" · ", verdictIcon(layer.verdict), ` ${loopWords(layer.verdict)}`);
  return [words];
}

function hatching() {
  const lines = svg("path", { d: "M0,6 L6,0", class: "hatch-line" });
  return svg("defs", {}, svg("pattern", { id: "hatching", width: 6, height: 6, patternUnits: "userSpaceOnUse" }, lines));
}
