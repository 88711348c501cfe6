// From numbers to pixels.

/** A straight line through two points, with its inverse; held within its ends where asked. */
export function linear([low, high], [from, to], clamp = false) {
  const slope = high === low ? 0 : (to - from) / (high - low);
  const scale = (value) => from + slope * ((clamp ? Math.min(high, Math.max(low, value)) : value) - low);
  scale.invert = (pixel) => (slope ? low + (pixel - from) / slope : low);
  return scale;
}
