// A panel on the axis of scales, and the axis: Betti curves, barcode and dendrogram share one line that can be dragged.

import { ticks } from "d3-array";
import { linear } from "./linear.js";
import { barKeys } from "./diagram.js";
import { el } from "./dom.js";
import { letters, makeSurface, within } from "./surface.js";
import { theme } from "./theme.js";

export const EDGE = { left: 54, right: 14 };

/** Scale to pixel: the same in every panel of a width. */
export const across = (layer, width) => linear([0, layer.reach], [EDGE.left, width - EDGE.right]);

/**
 * A panel on the axis of scales. Dragging moves the scale, a click chooses what `find` finds.
 * @param options.paint (context, width, height, tools) => void, what does not change with the scale
 * @param options.mark the same of what does
 * @param options.find (x, y, width, height) => bar or null
 */
export function makePanel({ name, label, store, layer, scale, setScale, choose, paint, find, mark = () => {} }) {
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
