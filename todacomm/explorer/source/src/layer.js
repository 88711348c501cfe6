// One layer as the panels read it: unpacked once, when it is first looked at.

import { betti, makeBars, upTo } from "./bars.js";
import { makeMerges } from "./merges.js";
import { unpack } from "./read.js";

/** Layers by place, each prepared on first use. */
export function makeLayers(raw, nTexts) {
  const ready = new Map();
  const get = (place) => {
    if (!ready.has(place)) ready.set(place, makeLayer(raw[place], nTexts));
    return ready.get(place);
  };
  return { raw, count: raw.length, get };
}

/** Prepare the layers of which nobody asked yet, one at a time, whenever the page has nothing else to do. */
export function prepareInTime(layers) {
  const soon = globalThis.requestIdleCallback ?? ((work) => setTimeout(work, 60));
  const next = (place) => {
    if (place >= layers.count) return;
    void layers.get(place).merges;
    soon(() => next(place + 1));
  };
  soon(() => next(0));
}

/** Whether a layer, as it came, has numbers: it may have them and nothing that is drawn, as with landmarks. */
export const measured = (raw) => Number.isFinite(raw.metrics?.h0_total_norm?.[0]);

/** Why nothing of a layer's shape is drawn. */
export const whyEmpty = (layer) => (measured(layer) ? "measured on landmarks, not drawn" : "no shape");

let made = 0;

const NO_EDGES = { first: [], second: [], length: [] };

/** A comparison's layers have points, neighbours and loops, and nothing of their distances. */
export function makeLayer(raw, nTexts) {
  const tree = raw.tree ? unpackEdges(raw.tree) : NO_EDGES;
  const higher = (raw.bars ?? []).map((bars) => split(unpack(bars)));
  const degrees = [
    makeBars(new Float32Array(tree.length.length), tree.length),
    ...higher.map(([births, deaths]) => makeBars(births, deaths)),
  ];
  const defined = tree.length.length > 0;
  const last = Math.max(0, ...degrees.map((degree) => degree.deaths[degree.count - 1] ?? 0));
  const layer = {
    ...raw,
    id: ++made,
    nTexts,
    tree,
    degrees: defined ? degrees : [],
    defined,
    reach: last > 0 ? 1.05 * last : 1, // end of every axis of scales
    unit: raw.unit > 0 ? raw.unit : null,
    components: raw.scores.shape[1],
    scores: unpack(raw.scores),
    edges: raw.edges ? unpackEdges(raw.edges) : NO_EDGES,
    quantiles: raw.quantiles ? unpack(raw.quantiles) : [],
    nNeighbours: raw.neighbours.shape[1] ?? 0,
    neighbours: unpack(raw.neighbours),
    nearness: raw.nearness ? unpack(raw.nearness) : [],
    turns: unpack(raw.turns),
    loops: raw.loops.map((loop) => prepareLoop(loop, degrees[1])),
    flats: new Map(),
  };
  let merges = null;
  Object.defineProperty(layer, "merges", { get: () => (merges ??= makeMerges(tree, nTexts)) });
  return layer;
}

/** Betti numbers at a scale, by degree. */
export function bettiAt(layer, scale) {
  return layer.degrees.map((degree) => betti(degree, scale));
}

/** How many pairs are at most so far apart: counted where every edge is at hand, else read off the quantiles. */
export function edgesUpTo(layer, scale) {
  const drawn = upTo(layer.edges.length, scale);
  if (drawn < layer.edges.length.length || drawn === layer.pairs) return { count: drawn, exact: true };
  const steps = layer.quantiles.length - 1;
  if (steps < 1) return { count: drawn, exact: true };
  const after = upTo(layer.quantiles, scale);
  if (after > steps) return { count: layer.pairs, exact: true };
  const [low, high] = [layer.quantiles[after - 1], layer.quantiles[after]];
  const share = (after - 1 + (high > low ? (scale - low) / (high - low) : 0)) / steps;
  return { count: Math.max(drawn, Math.round(share * layer.pairs)), exact: false };
}

/** Nearest texts of one, the nearest first: [{text, distance}], without distances in a comparison. */
export function neighboursOf(layer, text) {
  const near = [];
  for (let rank = 0; rank < layer.nNeighbours; rank++) {
    const at = text * layer.nNeighbours + rank;
    if (layer.neighbours[at] >= 0) near.push({ text: layer.neighbours[at], distance: layer.nearness[at] });
  }
  return near;
}

/**
 * The cloud in the plane of two components, around its centroid, its root mean square radius 1, turned as the data say.
 * @param {() => number[]} turn gives four numbers, row by row; asked for once for each `key`
 */
export function flat(layer, plane, turn, key) {
  const name = `${plane.join()}:${key}`;
  if (!layer.flats.has(name)) layer.flats.set(name, flatten(layer, plane, turn()));
  return layer.flats.get(name);
}

/** Turn of a layer's own plane. */
export function ownTurn(layer, plane) {
  const at = 4 * planeIndex(plane, layer.components);
  return layer.turns.subarray(at, at + 4);
}

/** The turn, or mirroring, that brings a layer's plane nearest to points of the same texts (orthogonal Procrustes). */
export function turnOnto(layer, plane, { points }) {
  const moving = flat(layer, plane, () => [1, 0, 0, 1], "plain").points;
  const sums = [0, 0, 0, 0]; // of products: moving x with fixed x, x with y, y with x, y with y
  for (let at = 0; at < points.length; at += 2) {
    const [x, y, u, v] = [moving[at], moving[at + 1], points[at], points[at + 1]];
    if (Number.isNaN(x + y + u + v)) continue;
    for (const [place, product] of [x * u, x * v, y * u, y * v].entries()) sums[place] += product;
  }
  const [xu, xv, yu, yv] = sums;
  const mirrored = Math.hypot(xu - yv, xv + yu) > Math.hypot(xu + yv, xv - yu);
  const angle = mirrored ? Math.atan2(xv + yu, xu - yv) : Math.atan2(xv - yu, xu + yv);
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  return mirrored ? [c, s, s, -c] : [c, s, -s, c];
}

/** Place of a pair of components among all pairs in their order. */
export function planeIndex([a, b], components) {
  return a * components - (a * (a + 1)) / 2 + (b - a - 1);
}

function flatten(layer, [a, b], turn) {
  const { scores, components, nTexts } = layer;
  let [meanA, meanB, known] = [0, 0, 0];
  for (let text = 0; text < nTexts; text++) {
    const [x, y] = [scores[text * components + a], scores[text * components + b]];
    if (Number.isNaN(x) || Number.isNaN(y)) continue;
    meanA += x;
    meanB += y;
    known++;
  }
  meanA /= known || 1;
  meanB /= known || 1;
  const points = new Float32Array(2 * nTexts);
  let square = 0;
  for (let text = 0; text < nTexts; text++) {
    const [x, y] = [scores[text * components + a] - meanA, scores[text * components + b] - meanB];
    points[2 * text] = x * turn[0] + y * turn[2];
    points[2 * text + 1] = x * turn[1] + y * turn[3];
    if (!Number.isNaN(x) && !Number.isNaN(y)) square += x * x + y * y;
  }
  const size = Math.sqrt(square / (known || 1)) || 1;
  const [low, high] = [[0, 0], [0, 0]];
  for (let at = 0; at < points.length; at++) {
    points[at] /= size;
    if (points[at] < low[at % 2]) low[at % 2] = points[at];
    if (points[at] > high[at % 2]) high[at % 2] = points[at];
  }
  const frame = [0, 1].map((axis) => ({ middle: (low[axis] + high[axis]) / 2, half: Math.max(1e-6, (high[axis] - low[axis]) / 2) }));
  return { points, size, turn, frame };
}

function unpackEdges(raw) {
  return { first: unpack(raw.first), second: unpack(raw.second), length: unpack(raw.length) };
}

function split(pairs) {
  const half = pairs.length / 2;
  return [Float32Array.from({ length: half }, (_, at) => pairs[2 * at]), Float32Array.from({ length: half }, (_, at) => pairs[2 * at + 1])];
}

function prepareLoop(loop, degree) {
  let place = -1;
  let nearest = Infinity;
  for (const bar of degree?.bars ?? []) {
    const off = Math.abs(bar.birth - loop.birth) + Math.abs(bar.death - loop.death);
    if (off < nearest) [place, nearest] = [bar.place, off];
  }
  return { ...loop, place, angles: loop.angles ? unpack(loop.angles) : null };
}
