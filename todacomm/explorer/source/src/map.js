// The similarity of every layer of one model with every layer of the other: where to look, and the way there.

import { announce, el } from "./dom.js";
import { letters, makeSurface, within } from "./surface.js";
import { theme } from "./theme.js";
import { figure, pValue, shortName } from "./words.js";

const LEVEL = 0.05; // p above which a pair is no more alike than texts paired at random

/** @param {{sides: () => object[], store: object, similarity: () => object}} options */
export function makeMap({ sides, store, similarity }) {
  const layers = () => sides().map((side) => side.layers);
  const canvas = el("canvas", {
    tabindex: 0, role: "application", id: "map", "aria-roledescription": "similarity map",
    "aria-label": "Similarity of every pair of layers; arrow keys choose a pair",
  }); // prettier-ignore
  const element = el("div", { class: "map-box" }, canvas);
  const surface = makeSurface(canvas, draw);
  let hovered = null;

  function layout() {
    const [rows, columns] = layers();
    const { width, height } = surface.size;
    const [left, top] = [46, 22];
    const side = Math.max(4, Math.min((width - left - 4) / columns.length, (height - top - 8) / rows.length));
    return { left, top, side };
  }

  function draw(context, width) {
    const colours = theme();
    const [rows, columns] = layers();
    const { left, top, side } = layout();
    const { values, higher, p } = similarity();
    const known = values.flat().filter((value) => value !== null);
    const [low, high] = [Math.min(...known), Math.max(...known)];
    const { left: i, right: j } = store.state;
    const gap = side > 12 ? 1.5 : 0.5;
    rows.forEach((_, row) => {
      const best = bestOf(values[row], higher);
      columns.forEach((__, column) => {
        const value = values[row][column];
        const [x, y] = [left + column * side, top + row * side];
        const share = value === null ? 0 : high > low ? (value - low) / (high - low) : 0.5;
        context.globalAlpha = value === null ? 1 : 0.06 + 0.94 * (higher ? share : 1 - share);
        context.fillStyle = value === null ? colours.line : colours.accent;
        context.fillRect(x, y, side - gap, side - gap);
        context.globalAlpha = 1;
        if ((p?.[row][column] ?? 0) > LEVEL) cross(context, x, y, side - gap, colours.muted);
        else if (value !== null && column === best) dot(context, x + (side - gap) / 2, y + (side - gap) / 2, Math.min(3, side / 5), colours.panel, colours.ink);
      });
    });
    context.font = `11px ${letters(canvas)}`;
    context.fillStyle = colours.muted;
    const every = (size) => Math.max(1, Math.ceil(size / side));
    context.textBaseline = "middle";
    context.textAlign = "right";
    rows.forEach((layer, row) => {
      if (row % every(14) && row !== i) return;
      context.fillStyle = row === i ? colours.ink : colours.muted;
      context.fillText(shortName(layer.name), left - 6, top + (row + 0.5) * side);
    });
    context.textBaseline = "bottom";
    context.textAlign = "center";
    columns.forEach((layer, column) => {
      const spaced = every(Math.max(...columns.map((one) => shortName(one.name).length)) * 6.5 + 4);
      if (column !== j && (column % spaced || Math.abs(column - j) < spaced)) return;
      context.fillStyle = column === j ? colours.ink : colours.muted;
      context.fillText(shortName(layer.name), left + (column + 0.5) * side, top - 5);
    });
    for (const [cell, thick] of [[hovered, 1], [[i, j], 2.5]]) {
      if (!cell) continue;
      context.lineWidth = thick;
      context.strokeStyle = colours.ink;
      context.strokeRect(left + cell[1] * side - 1, top + cell[0] * side - 1, side - gap + 2, side - gap + 2);
    }
  }

  function cellAt(event) {
    const [rows, columns] = layers();
    const { left, top, side } = layout();
    const [x, y] = within(canvas, event);
    const [row, column] = [Math.floor((y - top) / side), Math.floor((x - left) / side)];
    return row >= 0 && row < rows.length && column >= 0 && column < columns.length ? [row, column] : null;
  }

  function go(row, column) {
    const [rows, columns] = layers();
    store.set({ left: clamp(row, rows.length), right: clamp(column, columns.length) });
    announce(describePair(sides(), similarity(), store.state));
  }

  canvas.addEventListener("pointermove", (event) => {
    hovered = cellAt(event);
    if (hovered && event.buttons & 1) go(...hovered);
    canvas.style.cursor = hovered ? "pointer" : "default";
    store.set({ looked: hovered ? hovered.join() : "" });
    surface.request();
  });
  canvas.addEventListener("pointerleave", () => {
    hovered = null;
    store.set({ looked: "" });
    surface.request();
  });
  canvas.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "mouse") event.preventDefault();
    const cell = cellAt(event);
    if (cell) go(...cell);
  });
  canvas.addEventListener("keydown", (event) => {
    const move = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    if (!move || event.altKey || event.ctrlKey || event.metaKey) return;
    go(store.state.left + move[0], store.state.right + move[1]);
    event.preventDefault();
    event.stopPropagation();
  });

  function refresh() {
    const [rows, columns] = layers();
    element.style.setProperty("--shape", String((columns.length + 1) / (rows.length + 0.7)));
    surface.request();
  }

  return { element, refresh };
}

/** The most alike of a row; -1 where nothing is known. */
function bestOf(values, higher) {
  let best = -1;
  values.forEach((value, at) => {
    if (value === null) return;
    if (best < 0 || (higher ? value > values[best] : value < values[best])) best = at;
  });
  return best;
}

/** A pair of layers and how alike they are, beside chance, in words. */
export function describePair(sides, similarity, { left, right }) {
  const [a, b] = [sides[0].layers[left].name, sides[1].layers[right].name];
  const [value, chance, p] = [similarity.values, similarity.chance, similarity.p].map((grid) => grid?.[left]?.[right] ?? null);
  const untested = value !== null && similarity.p ? " (not tested against chance)" : "";
  const level = chance === null ? untested : ` (by chance ${Math.abs(chance) < 1e-2 ? "0" : figure(chance)}, p ${pValue(p)})`;
  return `${a} and ${b}: ${similarity.label} ${figure(value)}${level}${p > LEVEL ? ", no more than chance" : ""}`;
}

function cross(context, x, y, size, colour) {
  const [from, to] = [0.32 * size, 0.68 * size];
  context.beginPath();
  context.moveTo(x + from, y + from);
  context.lineTo(x + to, y + to);
  context.moveTo(x + to, y + from);
  context.lineTo(x + from, y + to);
  context.lineWidth = 1;
  context.strokeStyle = colour;
  context.stroke();
}

function dot(context, x, y, radius, fill, stroke) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fillStyle = fill;
  context.fill();
  context.lineWidth = 1;
  context.strokeStyle = stroke;
  context.stroke();
}

const clamp = (at, count) => Math.min(count - 1, Math.max(0, at));
