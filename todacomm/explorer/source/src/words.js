// Numbers and tokens as a reader sees them.

/** Three digits, without an exponent where that is readable. */
export function figure(value, digits = 3) {
  if (value === null || value === undefined || Number.isNaN(value)) return "not defined";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(Math.max(0, digits - 1)).replace("e", " e");
  if (size >= 10 ** digits) return Math.round(value).toLocaleString("en");
  const shown = value.toPrecision(digits);
  return shown.includes("e") ? String(Number(shown)) : shown;
}

/** A number of the user's own data, as it was given. */
export function plainNumber(value) {
  return value === null ? "–" : String(value);
}

/** A whole number with its thousands apart. */
export function whole(value) {
  return value.toLocaleString("en");
}

/** A share as per cent. */
export function percent(share) {
  return share === null || Number.isNaN(share) ? "–" : `${(100 * share).toFixed(share < 0.0995 ? 1 : 0)} %`;
}

/** A p-value, with the zero before the point left out. */
export function pValue(p) {
  return p < 0.001 ? "< .001" : p.toFixed(3).replace(/^0/, "");
}

export function count(number, one, many = `${one}s`) {
  return `${whole(number)} ${number === 1 ? one : many}`;
}

const SIGNS = { " ": "␣", "\n": "↵", "\t": "⇥", "\r": "␍", "\u00a0": "⍽" };

/** A token with its blanks made visible. */
export function shownToken(token) {
  if (token === "") return "∅";
  return token.replace(/[ \n\t\r\u00a0]/g, (sign) => SIGNS[sign]).replace(/\p{Cc}/gu, "�");
}

/** The last words of a text, on one line, with what was left out marked. */
export function tail(text, length) {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length <= length ? line : `…${line.slice(line.length - length + 1)}`;
}

/** A layer's name where there is little room. */
export function shortName(name) {
  return name.replace(/^layer_/, "").replace(/^embedding$/, "emb").replace("_attention", "a").replace("_ffn", "f");
}

/** A verdict as it is said of a layer or a loop that stands alone. */
export function loopWords(verdict) {
  return verdict === "none" ? "no loop" : verdict;
}

/** What a verdict means, in a sentence. */
export const MEANINGS = {
  loop: "A loop: longer than the covariance explains, and it comes back on random halves of the texts and of their groups.",
  "few texts": "No loop: longer than the covariance explains, but on halves of the texts or of their groups too little of it is left, or other bars are longer there.",
  none: "Not a loop: no longer than the covariance explains.",
  "not tested": "Not tested: no null was drawn, or no half-samples.",
};
