// The persistence diagram: births across, deaths upwards, H0 in a gutter of its own; bars alive at the scale are shaded.

import { ticks } from "d3-array";
import { linear } from "./linear.js";
import { bettiAt, whyEmpty } from "./layer.js";
import { announce, el } from "./dom.js";
import { letters, makeSurface, within } from "./surface.js";
import { theme } from "./theme.js";
import { figure, loopWords, whole } from "./words.js";

const EDGE = { left: 52, right: 6, top: 18, bottom: 32, gutter: 18 };

/**
 * @param {{store: object, layer: () => object, scale: () => number, chosen: (bar: object) => void}} options
 */
export function makeDiagram({ store, layer, scale, choose }) {
  const canvas = el("canvas", { tabindex: 0, role: "application", "aria-label": "Persistence diagram; arrow keys choose a bar", "aria-roledescription": "diagram" });
  const element = el("div", { class: "square" }, canvas);
  const words = el("span", { class: "panel-note", id: "bar" });
  const surface = makeSurface(canvas, draw, { key: () => String(layer().id), paint });
  let hovered = null;

  function axes() {
    const now = layer();
    const side = Math.max(10, Math.min(surface.size.width - EDGE.left - EDGE.right, surface.size.height - EDGE.top - EDGE.bottom));
    let [low, high] = [Infinity, -Infinity];
    for (const degree of now.degrees) {
      if (!degree.count) continue;
      const first = degree === now.degrees[0] ? degree.deaths[0] : degree.births[0];
      low = Math.min(low, first);
      high = Math.max(high, degree.deaths[degree.count - 1]);
    }
    if (!(high > low)) [low, high] = [Math.min(0, low || 0), Number.isFinite(high) ? high + 1 : 1];
    const pad = 0.06 * (high - low);
    const domain = [Math.max(0, low - pad), high + pad];
    const x = linear(domain, [EDGE.left, EDGE.left + side], true);
    const y = linear(domain, [EDGE.top + side, EDGE.top], true);
    return { x, y, side, domain, now };
  }

  const gutter = EDGE.left - EDGE.gutter / 2 - 3;
  const at = ({ x, y }, degree, bar) => [degree ? x(bar.birth) : gutter, y(bar.death)];

  /** Frame, ticks and every bar. */
  function paint(context, width) {
    const colours = theme();
    const view = axes();
    const { x, y, side, domain, now } = view;
    const [left, top, right, bottom] = [EDGE.left, EDGE.top, EDGE.left + side, EDGE.top + side];
    context.font = `11px ${letters(canvas)}`;
    context.fillStyle = colours.muted;
    if (!now.defined) {
      context.textAlign = "center";
      context.fillText(whyEmpty(now), width / 2, bottom / 2);
      return;
    }
    context.strokeStyle = colours.line;
    context.lineWidth = 1;
    context.beginPath();
    context.rect(left + 0.5, top + 0.5, side - 1, side - 1);
    context.moveTo(left, bottom);
    context.lineTo(right, top);
    context.stroke();
    for (const tick of ticks(...domain, Math.max(2, Math.round(side / 38)))) {
      context.textAlign = "center";
      context.textBaseline = "top";
      if (x(tick) > left + 8) context.fillText(String(tick), x(tick), bottom + 5);
      context.textAlign = "right";
      context.textBaseline = "middle";
      context.fillText(String(tick), left - EDGE.gutter - 7, y(tick));
    }
    context.textAlign = "right";
    context.textBaseline = "bottom";
    context.fillText("birth →", right, bottom + EDGE.bottom);
    context.textAlign = "left";
    context.fillText("↑ death", left - EDGE.gutter - 4, top - 4);
    context.textAlign = "center";
    context.textBaseline = "top";
    context.fillText("H0", gutter, bottom + 5);
    now.degrees.forEach((degree, number) => {
      context.fillStyle = colours[`h${number}`];
      context.globalAlpha = number ? 0.45 : 0.4;
      for (const bar of degree.bars) {
        const [a, b] = at(view, number, bar);
        context.beginPath();
        if (number === 0) context.rect(a - 5, b - 0.5, 10, 1);
        else context.arc(a, b, 2.4, 0, 2 * Math.PI);
        context.fill();
      }
    });
    context.globalAlpha = 1;
    nameLoops(context, view, colours);
  }

  /** Rings around the bars that were looked into, with their ranks where these have room. */
  function nameLoops(context, view, colours) {
    const labels = [];
    context.textBaseline = "middle";
    context.textAlign = "right";
    for (const loop of view.now.loops) {
      const bar = view.now.degrees[1].bars[loop.place];
      if (!bar) continue;
      const [a, b] = at(view, 1, bar);
      const claimed = loop.verdict === "loop" || loop.verdict === "few texts";
      context.setLineDash(loop.verdict === "few texts" ? [3, 2] : []);
      ring(context, a, b, 4.5, claimed ? 1.7 : 1, claimed ? colours.h1 : colours.muted);
      context.setLineDash([]);
      if (labels.some(([x, y]) => Math.hypot(x - a, y - b) < 13)) continue;
      labels.push([a, b]);
      context.fillStyle = colours.ink;
      context.fillText(String(loop.rank), a - 8, b - 4);
    }
  }

  /** The bars alive at the scale, and those that are chosen or pointed at. */
  function draw(context) {
    const colours = theme();
    const view = axes();
    const { x, y, domain, now } = view;
    if (!now.defined) return;
    const r = Math.min(domain[1], Math.max(domain[0], scale()));
    const [left, top] = [EDGE.left, EDGE.top];
    context.fillStyle = colours.h1;
    context.globalAlpha = 0.07;
    context.fillRect(left, top, x(r) - left, y(r) - top);
    context.globalAlpha = 1;
    context.strokeStyle = colours.ink;
    context.lineWidth = 1.2;
    context.beginPath();
    context.moveTo(left, y(r));
    context.lineTo(x(r), y(r));
    context.lineTo(x(r), top);
    context.stroke();
    for (const bar of [hovered, store.state.bar]) {
      if (!bar || !now.degrees[bar.degree]?.bars[bar.place]) continue;
      const [a, b] = at(view, bar.degree, now.degrees[bar.degree].bars[bar.place]);
      ring(context, a, b, 7, bar === hovered ? 1.2 : 2.2, colours.ink);
    }
  }

  function find(event) {
    const view = axes();
    const [px, py] = within(canvas, event);
    let [best, distance] = [null, 100]; // squared: ten pixels
    view.now.degrees.forEach((degree, number) => {
      for (const bar of degree.bars) {
        const [a, b] = at(view, number, bar);
        const off = (a - px) ** 2 + (b - py) ** 2;
        if (off < distance) [best, distance] = [{ degree: number, place: bar.place }, off];
      }
    });
    return best;
  }

  canvas.addEventListener("pointermove", (event) => {
    const bar = find(event);
    if (bar?.place === hovered?.place && bar?.degree === hovered?.degree) return;
    hovered = bar;
    canvas.style.cursor = bar ? "pointer" : "default";
    refresh();
  });
  canvas.addEventListener("pointerleave", () => {
    hovered = null;
    refresh();
  });
  canvas.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "mouse") event.preventDefault();
    const bar = find(event);
    choose(bar);
  });
  canvas.addEventListener("keydown", (event) => {
    if (barKeys(event, layer(), store.state.bar, choose)) event.preventDefault();
  });

  /** What is pointed at, or chosen, in words beside the title. */
  function refresh() {
    const bar = hovered ?? store.state.bar;
    const there = bar && layer().degrees[bar.degree]?.bars[bar.place];
    words.textContent = there ? describeBar(layer(), bar) : "";
    surface.request();
  }

  return { element, words, refresh };
}

function ring(context, x, y, radius, width, colour) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.lineWidth = width;
  context.strokeStyle = colour;
  context.stroke();
}

/** Arrow keys: up and down through the bars of a degree, the longest first; left and right through the degrees. */
export function barKeys(event, layer, bar, choose) {
  const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const turn = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (event.key === "Escape") choose(null);
  else if (move || turn || event.key === "Home") {
    const last = layer.degrees.length - 1;
    if (last < 0) return false;
    const degree = Math.min(last, Math.max(0, (bar?.degree ?? Math.min(1, last)) + (bar && turn ? turn : 0)));
    const place = bar && move ? bar.place + move : 0;
    const count = layer.degrees[degree].count;
    if (!count) return false;
    choose({ degree, place: Math.min(count - 1, Math.max(0, place)) });
  } else return false;
  event.stopPropagation();
  return true;
}

/** What a bar is, in words. */
export function describeBar(layer, { degree, place }) {
  const bar = layer.degrees[degree].bars[place];
  const loop = degree === 1 ? layer.loops.find((one) => one.place === place) : null;
  const length = bar.death - bar.birth;
  const words = [
    `H${degree} bar ${place + 1} of ${whole(layer.degrees[degree].count)}, ${figure(bar.birth)} to ${figure(bar.death)}`,
    layer.unit ? `${figure(length / layer.unit)} medians long` : `${figure(length)} long`,
    loop && loopWords(loop.verdict),
  ];
  return words.filter(Boolean).join(", ");
}

/** Tell a screen reader of the scale. */
export function announceScale(layer, scale) {
  const numbers = bettiAt(layer, scale);
  announce(`scale ${figure(scale)}: ${numbers.map((number, degree) => `Betti ${degree} ${number}`).join(", ")}`);
}
