// Whose neighbours changed between two clouds of the same texts.

import { neighboursOf } from "./layer.js";

/**
 * How much of each text's neighbourhood two layers have in common.
 * @returns {{counts: number[], most: number, order: number[]}} `counts` of common neighbours among the `most` nearest;
 *   `order`: texts, those that changed most first. Ties are broken by the average overlap of the two rankings.
 */
export function commonNeighbours(left, right) {
  const most = Math.min(left.nNeighbours, right.nNeighbours);
  const counts = [];
  const overlaps = [];
  for (let text = 0; text < left.nTexts; text++) {
    const [a, b] = [left, right].map((layer) => neighboursOf(layer, text).slice(0, most).map((near) => near.text));
    const known = a.length > 0 && b.length > 0;
    counts.push(known ? a.filter((near) => b.includes(near)).length : null);
    overlaps.push(known ? averageOverlap(a, b) : Infinity);
  }
  const order = counts.map((_, text) => text).filter((text) => counts[text] !== null);
  order.sort((x, y) => counts[x] - counts[y] || overlaps[x] - overlaps[y] || x - y);
  return { counts, most, order };
}

/** Mean over depths of the share that two rankings have in common down to there (Fagin, Kumar and Sivakumar 2003). */
function averageOverlap(a, b) {
  let total = 0;
  for (let depth = 1; depth <= Math.min(a.length, b.length); depth++) {
    const other = b.slice(0, depth);
    total += a.slice(0, depth).filter((near) => other.includes(near)).length / depth;
  }
  return total / Math.min(a.length, b.length);
}
