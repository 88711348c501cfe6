// The page's data: JSON in a script element, its arrays packed in base64.

const STORED = { f32: Float32Array, q16: Uint16Array, u16: Uint16Array, u32: Uint32Array };
const LEVELS = 65534;
const MISSING = 65535;

/** The object that the page was written with. */
export function readData(source = document.getElementById("explorer-data").textContent) {
  return JSON.parse(source);
}

/**
 * A packed array as numbers, flat, row by row. Rows that stand for none are -1, numbers that are not known NaN.
 * @param {{type: string, shape: number[], data: string, low?: number[], high?: number[]}} packed
 */
export function unpack(packed) {
  const codes = new STORED[packed.type](bytes(packed.data).buffer);
  if (packed.type === "f32") return codes;
  if (packed.type === "q16") return stretched(codes, packed.low, packed.high);
  const none = packed.type === "u16" ? 0xffff : 0xffffffff;
  return Int32Array.from(codes, (code) => (code === none ? -1 : code));
}

function stretched(codes, low, high) {
  const columns = low.length;
  const step = low.map((least, column) => (high[column] - least) / LEVELS);
  const values = new Float32Array(codes.length);
  for (let at = 0; at < codes.length; at++) {
    const column = at % columns;
    values[at] = codes[at] === MISSING ? NaN : low[column] + codes[at] * step[column];
  }
  return values;
}

function bytes(base64) {
  const text = atob(base64);
  const result = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) result[at] = text.charCodeAt(at);
  return result;
}
