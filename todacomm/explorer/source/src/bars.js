// The bars of one degree: counted at a scale, ordered by length.

/**
 * @param {ArrayLike<number>} births
 * @param {ArrayLike<number>} deaths
 */
export function makeBars(births, deaths) {
  const count = births.length;
  const order = Array.from({ length: count }, (_, at) => at);
  order.sort((a, b) => deaths[b] - births[b] - (deaths[a] - births[a]) || births[a] - births[b]);
  const bars = order.map((at, place) => ({ place, birth: births[at], death: deaths[at], source: at }));
  return {
    count,
    bars, // the longest first
    births: Float32Array.from(births).sort(),
    deaths: Float32Array.from(deaths).sort(),
  };
}

/** Bars with birth <= scale < death: a Betti number, reduced in degree 0. */
export function betti(degree, scale) {
  return upTo(degree.births, scale) - upTo(degree.deaths, scale);
}

/** How many entries of a sorted array are at most a value. */
export function upTo(sorted, value) {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The Betti curve as corners of its steps: [scale, count] pairs, from 0 on. */
export function steps(degree) {
  const corners = [[0, betti(degree, 0)]];
  let born = upTo(degree.births, 0);
  let dead = upTo(degree.deaths, 0);
  while (born < degree.count || dead < degree.count) {
    const birth = born < degree.count ? degree.births[born] : Infinity;
    const death = dead < degree.count ? degree.deaths[dead] : Infinity;
    const scale = Math.min(birth, death);
    while (born < degree.count && degree.births[born] === scale) born++;
    while (dead < degree.count && degree.deaths[dead] === scale) dead++;
    corners.push([scale, born - dead]);
  }
  return corners;
}
