// How a cloud is painted: edges under points, the chosen loop over them, rings around what is looked at.

import { upTo } from "./bars.js";
import { letters } from "./surface.js";

const CHUNK = 400; // lines in a path: one of many thousands takes far longer than its parts

const DASHES = { loop: [], "few texts": [7, 4], none: [2, 4], "not tested": [2, 4] }; // the weaker the claim, the thinner the line
const FEW_EDGES = 2000; // that can be drawn while points move

/** What is looked at, over the cloud. @param scene made by cloud.js; `place(text)` gives pixels */
export function drawFocus(context, scene) {
  drawLinks(context, scene);
  if (scene.loop) drawLoop(context, scene);
  drawRings(context, scene);
  if (scene.lasso.length > 1) drawLasso(context, scene);
}

export function drawEdges(context, { layer, scale, place, colours, settled }) {
  if (!(scale > 0) || !layer.defined) return;
  for (const [edges, alpha, width] of [[layer.edges, 0.16, 0.8], [layer.tree, 0.42, 1]]) {
    const shown = upTo(edges.length, scale);
    if (settled < 1 && shown > FEW_EDGES) continue;
    context.globalAlpha = alpha * settled;
    context.lineWidth = width;
    context.strokeStyle = colours.ink;
    for (let from = 0; from < shown; from += CHUNK) {
      context.beginPath();
      for (let edge = from; edge < Math.min(shown, from + CHUNK); edge++) {
        const [x, y] = place(edges.first[edge]);
        context.moveTo(x, y);
        context.lineTo(...place(edges.second[edge]));
      }
      context.stroke();
    }
  }
  context.globalAlpha = 1;
}

function drawLinks(context, { near, focus, place, colours }) {
  if (focus < 0 || !near.length) return;
  const [x, y] = place(focus);
  context.globalAlpha = 0.6;
  context.lineWidth = 1;
  for (const { text, shared } of near) {
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(...place(text));
    context.strokeStyle = shared === false ? colours.h1 : colours.ink;
    context.stroke();
  }
  context.globalAlpha = 1;
}

/** Colour by colour, the bright ones last; each point is a path of its own, which is faster than one of thousands. */
export function drawPoints(context, { n, codes, palette, bright, radius, place }) {
  const groups = new Map();
  for (let text = 0; text < n; text++) {
    const rest = codes[text] === palette.length - 1;
    const key = (bright && !bright.has(text) ? 0 : rest ? 256 : 512) + codes[text];
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(text);
  }
  for (const key of [...groups.keys()].sort((a, b) => a - b)) {
    context.globalAlpha = key < 256 ? 0.14 : 0.88;
    context.fillStyle = palette[key % 256];
    for (const text of groups.get(key)) {
      const [x, y] = place(text);
      if (Number.isNaN(x)) continue;
      context.beginPath();
      context.arc(x, y, radius, 0, 2 * Math.PI);
      context.fill();
    }
  }
  context.globalAlpha = 1;
}

function drawLoop(context, { loop, place, colours, radius }) {
  const corners = [...loop.rows].map(place);
  if (!corners.length) return;
  const line = loop.verdict === "loop" || loop.verdict === "few texts" ? colours.h1 : colours.muted;
  for (const [width, colour] of [[5.5, colours.panel], [2.2, line]]) {
    context.setLineDash(width < 5 ? DASHES[loop.verdict] : []);
    context.beginPath();
    corners.forEach(([x, y], at) => (at ? context.lineTo(x, y) : context.moveTo(x, y)));
    context.closePath();
    context.lineJoin = "round";
    context.lineWidth = width;
    context.strokeStyle = colour;
    context.stroke();
  }
  context.setLineDash([]);
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.font = `600 10.5px ${letters(context.canvas)}`;
  corners.forEach(([x, y], at) => {
    context.beginPath();
    context.arc(x, y, Math.max(8, radius + 4), 0, 2 * Math.PI);
    context.fillStyle = colours.panel;
    context.fill();
    context.lineWidth = 1.6;
    context.stroke();
    context.fillStyle = colours.ink;
    context.fillText(String(at + 1), x, y + 0.5);
  });
}

function drawRings(context, { near, focus, pinned, selected, place, colours, radius }) {
  const ring = (text, by, width, colour) => {
    const [x, y] = place(text);
    context.beginPath();
    context.arc(x, y, radius + by, 0, 2 * Math.PI);
    context.lineWidth = width;
    context.strokeStyle = colour;
    context.stroke();
  };
  for (const text of selected) ring(text, 1.6, 1.2, colours.ink);
  for (const { text, shared } of near) ring(text, 2, shared === false ? 2 : 1.2, shared === false ? colours.h1 : colours.ink);
  for (const text of new Set([pinned, focus])) {
    if (text < 0) continue;
    ring(text, 3.6, 4, colours.panel);
    ring(text, 3.6, 2, colours.ink);
  }
}

function drawLasso(context, { lasso, colours }) {
  context.beginPath();
  lasso.forEach(([x, y], at) => (at ? context.lineTo(x, y) : context.moveTo(x, y)));
  context.closePath();
  context.fillStyle = colours.accent;
  context.globalAlpha = 0.1;
  context.fill();
  context.globalAlpha = 1;
  context.setLineDash([4, 3]);
  context.lineWidth = 1.2;
  context.strokeStyle = colours.accent;
  context.stroke();
  context.setLineDash([]);
}

/** Where the components point, in the lower left corner: a plane that was turned shows it. */
export function drawAxes(context, { flat, plane, layer, colours, height }) {
  const [x, y, length] = [58, height - 42, 24];
  context.font = `11px ${letters(context.canvas)}`;
  context.textBaseline = "middle";
  plane.forEach((component, row) => {
    const [dx, dy] = [flat.turn[2 * row], -flat.turn[2 * row + 1]];
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(x + dx * length, y + dy * length);
    context.lineWidth = 1.2;
    context.strokeStyle = colours.muted;
    context.stroke();
    context.fillStyle = colours.muted;
    context.textAlign = dx > 0.4 ? "left" : dx < -0.4 ? "right" : "center";
    context.fillText(`PC ${component + 1}`, x + dx * (length + 5), y + dy * (length + 10));
  });
}

/** A bar as long as the scale, in the lower right corner. */
export function drawScaleBar(context, { scale, pixels, colours, width, height, label }) {
  const length = scale * pixels;
  if (!(length > 2)) return;
  const shown = Math.min(length, width - 120);
  const [right, y] = [width - 14, height - 16];
  context.beginPath();
  context.moveTo(right - shown, y - 3);
  context.lineTo(right - shown, y + 3);
  context.moveTo(right - shown, y);
  context.lineTo(right, y);
  context.moveTo(right, y - 3);
  context.lineTo(right, y + 3);
  context.lineWidth = 1.2;
  context.strokeStyle = colours.muted;
  context.stroke();
  context.fillStyle = colours.muted;
  context.font = `11px ${letters(context.canvas)}`;
  context.textAlign = "right";
  context.textBaseline = "alphabetic";
  context.fillText(label, right, y - 8);
}
