// From a choice such as "last token" to a colour for every text, and the legend that says what the colours mean.

import { whyEmpty } from "./layer.js";
import { componentsAt, members } from "./merges.js";
import { STEPS, categories, cyclic, gradient } from "./palette.js";
import { mode, theme } from "./theme.js";
import { count, figure, shownToken } from "./words.js";

const REST = 255; // code of texts that are in no category, or whose number is not known

/** The choices that these texts allow: [key, label] pairs. */
export function colourChoices(texts) {
  const known = [
    ["likelihood", texts.likelihood && "likelihood"],
    ["tokens", texts.tokens && "length"],
    ["last_token", texts.last_token && "last token"],
    ["document", texts.document && "document"],
    ["angle", "angle on a loop"],
    ["component", "component at the scale"],
    ...texts.columns.map((column, at) => [`column:${at}`, column.name]),
    ["plain", "nothing"],
  ];
  return known.filter(([, label]) => label);
}

/**
 * @returns {{label: string, codes: Uint8Array, palette: string[], legend: object}} `codes` lead into `palette`, whose
 *   last entry is for all the rest.
 */
export function makeColouring(key, texts, { layer, scale, bar, common }) {
  const n = texts.ids.length;
  if (bar?.degree === 0 && layer.merges.joins.length) return ofGap(layer, bar, n);
  if (key === "likelihood") return ofNumbers("likelihood", texts.likelihood, "nats a token");
  if (key === "tokens") return ofNumbers("length", texts.tokens, "tokens");
  if (key === "last_token") return ofWords("last token", texts.last_token.map(shownToken));
  if (key === "document") return ofWords("document", texts.document);
  if (key === "common") return ofNumbers("common neighbours", common.counts, `of ${common.most}`);
  if (key === "angle") return ofAngles(layer, bar, n);
  if (key === "component") return ofComponents(layer, scale, n);
  if (key.startsWith("column:")) {
    const column = texts.columns[Number(key.slice(7))];
    return column.numbers ? ofNumbers(column.name, column.numbers, "") : ofWords(column.name, column.words);
  }
  return { label: "", codes: new Uint8Array(n), palette: [theme().accent, theme().accent], legend: { kind: "none" } };
}

function ofNumbers(label, values, units) {
  const sorted = values.filter((value) => value !== null).sort((a, b) => a - b);
  if (!sorted.length) return nothing(label, values.length, "not known of any text");
  const at = (share) => sorted[Math.round(share * (sorted.length - 1))];
  const [low, high] = at(0.98) > at(0.02) ? [at(0.02), at(0.98)] : [sorted[0], sorted[sorted.length - 1]];
  const codes = Uint8Array.from(values, (value) => {
    if (value === null) return REST;
    const share = high > low ? (value - low) / (high - low) : 0.5;
    return Math.round(Math.min(1, Math.max(0, share)) * (STEPS - 1));
  });
  const cut = [low > sorted[0] ? "≤ " : "", high < sorted[sorted.length - 1] ? "≥ " : ""];
  const shown = sorted.every(Number.isInteger) ? String : figure;
  const ends = [`${cut[0]}${shown(low)}`, `${cut[1]}${shown(high)}`];
  return finished(label, codes, gradient(mode()), { kind: "gradient", ends, units });
}

function ofWords(label, words) {
  const counts = new Map();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  const common = [...counts].filter(([, times]) => times > 1 || counts.size <= 6);
  common.sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  const palette = categories(mode());
  const named = common.slice(0, palette.length);
  const codeOf = new Map(named.map(([word], code) => [word, code]));
  const codes = Uint8Array.from(words, (word) => codeOf.get(word) ?? REST);
  const entries = named.map(([word, times], code) => ({ label: word || "(empty)", times, code }));
  const rest = codes.filter((code) => code === REST).length;
  if (rest) {
    const others = counts.size - named.length;
    entries.push({ label: count(others, "other"), times: rest, code: palette.length });
  }
  return finished(label, codes, palette, { kind: "categories", entries });
}

function ofAngles(layer, bar, n) {
  const loop = loopFor(layer, bar);
  if (!loop) return nothing("angle on a loop", n, "no loop has angles in this layer");
  const codes = Uint8Array.from(loop.angles, (angle) =>
    Number.isNaN(angle) ? REST : Math.floor((angle / (2 * Math.PI)) * STEPS) % STEPS,
  );
  return finished(`angle on H1 bar ${loop.rank}`, codes, cyclic(mode()), { kind: "circle" });
}

/** The loop whose angles are shown: the chosen bar's, or the first that has any. */
function loopFor(layer, bar) {
  const chosen = bar?.degree === 1 && layer.loops.find((loop) => loop.place === bar.place && loop.angles);
  return chosen || layer.loops.find((loop) => loop.angles);
}

function ofComponents(layer, scale, n) {
  if (!layer.defined) return nothing("component", n, `this layer: ${whyEmpty(layer)}`);
  const components = componentsAt(layer.merges, layer.tree, scale, n);
  const palette = categories(mode());
  const sizes = new Map();
  for (const component of components) sizes.set(component, (sizes.get(component) ?? 0) + 1);
  sizes.delete(-1);
  const codes = Uint8Array.from(components, (component) =>
    component >= 0 && component < palette.length && sizes.get(component) > 1 ? component : REST,
  );
  const named = [...sizes].filter(([component, size]) => component < palette.length && size > 1);
  named.sort((a, b) => a[0] - b[0]);
  const entries = named.map(([component, size]) => ({ label: count(size, "text"), times: null, code: component }));
  if (sizes.size > named.length) {
    const label = `${count(sizes.size - named.length, "smaller component")}`;
    entries.push({ label, times: null, code: palette.length });
  }
  return finished("component at the scale", codes, palette, { kind: "categories", entries });
}

function ofGap(layer, bar, n) {
  const [larger, smaller] = layer.merges.joins[layer.degrees[0].bars[bar.place].source].sides;
  const codes = new Uint8Array(n).fill(REST);
  for (const text of members(layer.merges, larger)) codes[text] = 0;
  for (const text of members(layer.merges, smaller)) codes[text] = 1;
  const entries = [larger, smaller].map((side, code) => ({ label: count(side.size, "text"), times: null, code }));
  const beyond = n - larger.size - smaller.size;
  if (beyond) entries.push({ label: `${count(beyond, "text")} not joined yet`, times: null, code: 2 });
  const { "side-a": one, "side-b": other } = theme();
  return finished(`two sides of H0 bar ${bar.place + 1}`, codes, [one, other], { kind: "categories", entries });
}

function nothing(label, n, why) {
  return finished(label, new Uint8Array(n).fill(REST), [], { kind: "note", why });
}

function finished(label, codes, colours, legend) {
  const palette = [...colours, theme().faint];
  return { label, codes: codes.map((code) => (code === REST ? colours.length : code)), palette, legend };
}
