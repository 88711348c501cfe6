// Betti curves, barcode and dendrogram above one axis of scales, with one line through them that can be dragged.

import { ticks } from "d3-array";
import { linear } from "./linear.js";
import { steps } from "./bars.js";
import { barKeys } from "./diagram.js";
import { el } from "./dom.js";
import { unpack } from "./read.js";
import { letters, makeSurface, within } from "./surface.js";
import { theme } from "./theme.js";
import { whole } from "./words.js";

export const EDGE = { left: 54, right: 14 };

/** Scale to pixel: the same in every panel of a width. */
export const across = (layer, width) => linear([0, layer.reach], [EDGE.left, width - EDGE.right]);

/**
 * A panel on the axis of scales. Dragging moves the scale, a click chooses what `find` finds.
 * @param options.paint (context, width, height, tools) => void, what does not change with the scale
 * @param options.mark the same of what does
 * @param options.find (x, y, width, height) => bar or null
 */
function makePanel({ name, label, store, layer, scale, setScale, choose, paint, find, mark = () => {} }) {
  const canvas = el("canvas", { tabindex: 0, role: "application", "aria-label": label, "aria-roledescription": name });
  const tools = (width) => ({ now: layer(), x: across(layer(), width), colours: theme() });
  const base = {
    key: () => `${layer().id} ${store.state.bar ? `${store.state.bar.degree}:${store.state.bar.place}` : ""}`,
    paint(context, width, height) {
      context.font = `11px ${letters(canvas)}`;
      if (layer().defined) paint(context, width, height, tools(width));
    },
  };
  const surface = makeSurface(canvas, drawScale, base);

  function drawScale(context, width, height) {
    const { now, x, colours } = tools(width);
    if (now.defined) mark(context, width, height, { now, x, colours });
    context.beginPath();
    const at = Math.round(x(Math.min(scale(), now.reach))) + 0.5;
    context.moveTo(at, 0);
    context.lineTo(at, height);
    context.lineWidth = 1.2;
    context.strokeStyle = colours.ink;
    context.stroke();
  }

  let start = null;
  const toScale = (px) => Math.min(layer().reach, Math.max(0, across(layer(), surface.size.width).invert(px)));

  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !layer().defined) return;
    if (event.pointerType === "mouse") event.preventDefault();
    start = { at: within(canvas, event), moved: false };
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    const [x, y] = within(canvas, event);
    if (!start) {
      canvas.style.cursor = find(x, y, surface.size.width, surface.size.height) ? "pointer" : "ew-resize";
      return;
    }
    if (Math.abs(x - start.at[0]) > 3) start.moved = true;
    if (start.moved) setScale(toScale(x));
  });
  canvas.addEventListener("pointerup", () => {
    if (start && !start.moved) {
      const bar = find(...start.at, surface.size.width, surface.size.height);
      if (bar) choose(bar);
      else setScale(toScale(start.at[0]));
    }
    start = null;
  });
  canvas.addEventListener("pointercancel", () => (start = null));
  canvas.addEventListener("keydown", (event) => {
    if (barKeys(event, layer(), store.state.bar, choose)) event.preventDefault();
  });
  return { element: el("div", { class: `band band-${name}` }, canvas), refresh: surface.request };
}

/** Betti curves: one lane a degree, each with its own height, bands of the half-samples under them. */
export function makeBettiCurves(shared) {
  return makePanel({
    ...shared,
    name: "betti",
    label: "Betti curves over the scale",
    find: () => null,
    paint(context, width, height, { now, x, colours }) {
      const lane = height / now.degrees.length;
      now.degrees.forEach((degree, number) => {
        const corners = steps(degree);
        const band = now.bands[number];
        const highs = band ? unpack(band.hi) : [];
        const peak = Math.max(1, ...corners.map(([, count]) => count));
        const y = linear([0, Math.max(peak, ...highs)], [(number + 1) * lane - 4, number * lane + 9]);
        context.fillStyle = colours[`h${number}`];
        if (band) drawBand(context, x, y, unpack(band.scale), unpack(band.lo), highs);
        context.strokeStyle = colours[`h${number}`];
        context.lineWidth = 1.6;
        context.beginPath();
        context.moveTo(x(0), y(corners[0][1]));
        let before = corners[0][1];
        for (const [scale, count] of corners) {
          context.lineTo(x(scale), y(before));
          context.lineTo(x(scale), y(count));
          before = count;
        }
        context.lineTo(x(now.reach), y(0));
        context.stroke();
        label(context, colours, `β${subscript(number)}`, whole(peak), y(peak), y(0));
      });
    },
  });
}

function drawBand(context, x, y, scale, lo, hi) {
  context.globalAlpha = 0.18;
  context.beginPath();
  for (let at = 0; at < scale.length; at++) context.lineTo(x(scale[at]), y(hi[at]));
  for (let at = scale.length - 1; at >= 0; at--) context.lineTo(x(scale[at]), y(Math.max(0, lo[at])));
  context.fill();
  context.globalAlpha = 1;
}

function label(context, colours, name, top, yTop, yBottom) {
  context.textBaseline = "middle";
  context.textAlign = "left";
  context.fillStyle = colours.ink;
  context.fillText(name, 14, yBottom - 6);
  context.textAlign = "right";
  context.fillStyle = colours.muted;
  context.fillText(top, EDGE.left - 8, yTop + 4);
}

const subscript = (number) => "₀₁₂"[number];

const PITCH = 4;

/** The longest bars of every degree, in the order of their births; as many as have room. */
export function makeBarcode(shared) {
  const layout = (now, height) => {
    const room = Math.floor((height - 4 * now.degrees.length) / PITCH);
    const shares = now.degrees.map((degree, number) => (number === 0 ? 0.35 : 0.65 / (now.degrees.length - 1)));
    let top = 2;
    return now.degrees.map((degree, number) => {
      const shown = degree.bars.slice(0, Math.max(1, Math.floor(room * (now.degrees.length > 1 ? shares[number] : 1))));
      shown.sort((a, b) => a.birth - b.birth || a.death - b.death);
      const rows = shown.map((bar, row) => ({ bar, y: top + row * PITCH + PITCH / 2 }));
      const group = { number, rows, top, count: degree.count };
      top += shown.length * PITCH + 6;
      return group;
    });
  };
  return makePanel({
    ...shared,
    name: "barcode",
    label: "Barcode of the longest bars; arrow keys choose a bar",
    find(x, y, width, height) {
      const now = shared.layer();
      if (!now.defined) return null;
      const to = across(now, width);
      for (const { number, rows } of layout(now, height)) {
        const row = rows.find((one) => Math.abs(one.y - y) <= PITCH / 2);
        if (row && x >= to(row.bar.birth) - 4 && x <= to(row.bar.death) + 4) return { degree: number, place: row.bar.place };
      }
      return null;
    },
    paint(context, width, height, { now, x, colours }) {
      const { bar: chosen } = shared.store.state;
      for (const { number, rows, top, count } of layout(now, height)) {
        for (const { bar, y } of rows) {
          const isChosen = chosen?.degree === number && chosen.place === bar.place;
          context.fillStyle = isChosen ? colours.ink : colours[`h${number}`];
          context.globalAlpha = isChosen ? 1 : 0.72;
          const thick = isChosen ? PITCH + 0.6 : PITCH - 1.4;
          context.fillRect(x(bar.birth), y - thick / 2, Math.max(1, x(bar.death) - x(bar.birth)), thick);
        }
        context.globalAlpha = 1;
        const middle = top + (rows.length * PITCH) / 2;
        context.textAlign = "right";
        context.textBaseline = "middle";
        context.fillStyle = colours.ink;
        context.fillText(`H${number}`, EDGE.left - 8, rows.length > 4 ? middle - 7 : middle);
        context.fillStyle = colours.muted;
        if (rows.length > 4) context.fillText(rows.length < count ? `${rows.length}/${count}` : `${count}`, EDGE.left - 8, middle + 7);
      }
    },
  });
}

/** The spanning tree as it joins groups: single linkage. */
export function makeDendrogram(shared) {
  const upright = (now, height) => linear([0, Math.max(1, now.merges.order.length - 1)], [5, height - 5]);
  return makePanel({
    ...shared,
    name: "dendrogram",
    label: "Dendrogram of the spanning tree; arrow keys choose a bar",
    find(px, py, width, height) {
      const now = shared.layer();
      if (!now.defined) return null;
      const [x, y] = [across(now, width), upright(now, height)];
      let [best, distance] = [null, 5];
      for (const join of now.merges.joins) {
        const ends = join.sides.map((side) => y(side.height)).sort((a, b) => a - b);
        const off = Math.max(Math.abs(x(join.scale) - px), ends[0] - py, py - ends[1]);
        if (off < distance) [best, distance] = [join, off];
      }
      return best && { degree: 0, place: now.degrees[0].bars.findIndex((bar) => bar.source === best.edge) };
    },
    paint(context, width, height, { now, x, colours }) {
      const y = upright(now, height);
      const { bar } = shared.store.state;
      const chosen = bar?.degree === 0 ? now.merges.joins[now.degrees[0].bars[bar.place].source] : null;
      context.globalAlpha = chosen ? 0.35 : 0.6;
      strokeJoins(context, now.merges.joins, x, y, colours.muted, 0.75);
      context.globalAlpha = 1;
      if (chosen) {
        chosen.sides.forEach((side, number) => {
          const colour = colours[number ? "side-b" : "side-a"];
          context.globalAlpha = 0.7;
          strokeJoins(context, joinsUnder(side), x, y, colour, 0.9);
        });
        context.globalAlpha = 1;
        strokeJoins(context, [chosen], x, y, colours.ink, 2);
      }
      context.textAlign = "right";
      context.textBaseline = "middle";
      context.fillStyle = colours.muted;
      context.fillText(whole(now.merges.order.length), EDGE.left - 12, height / 2 - 7);
      context.fillText("points", EDGE.left - 12, height / 2 + 7);
    },
    mark(context, width, height, { now, x, colours }) {
      const { hover, pin } = shared.store.state;
      const focus = hover >= 0 ? hover : pin;
      const place = focus >= 0 ? now.merges.place[focus] : -1;
      if (place < 0) return;
      context.beginPath();
      context.arc(x(0) - 5, upright(now, height)(place), 3.2, 0, 2 * Math.PI);
      context.fillStyle = colours.ink;
      context.fill();
    },
  });
}

function strokeJoins(context, joins, x, y, colour, width) {
  context.lineWidth = width;
  context.strokeStyle = colour;
  for (const join of joins) {
    const right = x(join.scale);
    const [a, b] = join.sides;
    context.beginPath();
    context.moveTo(x(a.scale), y(a.height));
    context.lineTo(right, y(a.height));
    context.lineTo(right, y(b.height));
    context.lineTo(x(b.scale), y(b.height));
    context.stroke();
  }
}

function joinsUnder(group) {
  const under = [];
  const waiting = [group];
  while (waiting.length) {
    const next = waiting.pop();
    if (!next.sides) continue;
    under.push(next);
    waiting.push(...next.sides);
  }
  return under;
}

/** The axis under the panels. */
export function makeAxis({ layer }) {
  const canvas = el("canvas", { "aria-hidden": "true" });
  const surface = makeSurface(canvas, (context, width) => {
    const now = layer();
    const x = across(now, width);
    const colours = theme();
    context.font = `11px ${letters(canvas)}`;
    context.fillStyle = colours.muted;
    context.strokeStyle = colours.line;
    context.textBaseline = "top";
    context.textAlign = "center";
    context.beginPath();
    context.moveTo(EDGE.left, 0.5);
    context.lineTo(width - EDGE.right, 0.5);
    for (const tick of ticks(0, now.reach, Math.max(2, Math.round(width / 70)))) {
      context.moveTo(x(tick), 0);
      context.lineTo(x(tick), 4);
      context.fillText(String(tick), x(tick), 6);
    }
    context.stroke();
  });
  return { element: el("div", { class: "band band-axis" }, canvas), refresh: surface.request };
}
