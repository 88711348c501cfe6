// The text that is looked at, with what is known of it and its nearest neighbours.

import { el } from "./dom.js";
import { neighboursOf } from "./layer.js";
import { figure, plainNumber, shownToken, tail, whole } from "./words.js";

/** @param {{texts: object, store: object, hints: string[],
 *   sides: () => {name: string, layer: object, key: string, near?: (layer, text) => object[]}[]}} options `hints` stand
 *   where no text is looked at; `near` gives neighbours that are marked as shared, in place of distances */
export function makeTextCard({ texts, store, sides, hints }) {
  const element = el("section", { class: "text-card", "aria-label": "Text", id: "text-card" });
  let shown = null;
  let waiting = false;

  function render() {
    const { hover, pin } = store.state;
    const text = hover >= 0 ? hover : pin;
    const key = [text, pin, ...sides().map(({ key }) => key)].join();
    if (key === shown) return;
    shown = key;
    if (!waiting) requestAnimationFrame(show);
    waiting = true;
  }

  /** Once a frame, however fast the pointer goes. */
  function show() {
    waiting = false;
    const { hover, pin } = store.state;
    const text = hover >= 0 ? hover : pin;
    element.replaceChildren(...(text < 0 ? nothing() : card(text)));
    element.scrollTop = 0;
  }

  function nothing() {
    return hints.map((words) => el("p", { class: "hint" }, words));
  }

  function card(text) {
    const pinned = store.state.pin === text;
    const release = pinned && el("button", { type: "button", class: "quiet", onclick: () => store.set({ pin: -1, hover: -1 }) }, "release");
    return [
      el("div", { class: "card-head" }, el("span", { class: "text-id", id: "text-id", dir: "auto" }, texts.ids[text]), release),
      el("p", { class: "facts spaced" }, ...factsOf(texts, text)),
      passage(texts, text),
      ...sides().map((side) => neighbourList(side, text)),
    ];
  }

  function neighbourList({ name, layer, near: marked }, text) {
    const near = (marked ?? neighboursOf)(layer, text);
    if (!near.length) return el("p", { class: "hint" }, `${name}: no neighbours are known of this text`);
    const unit = layer.unit ?? 1;
    const shared = near.filter((one) => one.shared).length;
    const head = marked ? `${shared} of ${near.length} in both` : layer.unit ? "distance in medians" : "distance";
    const note = (one) => (marked ? (one.shared ? "in both" : "") : figure(one.distance / unit, 2));
    return el("div", { class: "neighbours" },
      el("h3", {}, name, el("span", {}, head)),
      el("ol", { class: "rows" }, near.map((one) => textRow(texts, store, one.text, note(one))))); // prettier-ignore
  }

  return { element, refresh: render };
}

/** Last token, length, likelihood, document and the user's columns. */
function factsOf(texts, text) {
  const facts = [];
  if (texts.last_token) facts.push(el("span", { class: "fact" }, "ends in ", el("span", { class: "token", id: "last-token" }, shownToken(texts.last_token[text]))));
  const add = (label, value, units = "") => facts.push(el("span", { class: "fact", dir: "auto" }, label, el("b", {}, value), units));
  if (texts.tokens) add("", whole(texts.tokens[text]), " tokens");
  if (texts.likelihood) add("", figure(texts.likelihood[text]), " nats a token");
  if (texts.document) add("document ", texts.document[text] || "–");
  for (const column of texts.columns) {
    add(`${column.name} `, column.numbers ? plainNumber(column.numbers[text]) : column.words[text] || "–");
  }
  return facts;
}

/** The passage, with the piece it ends in set off. */
function passage(texts, text) {
  if (!texts.words) return el("p", { class: "hint" }, "The words are not on record.");
  const words = texts.words[text];
  const ending = texts.ending?.[text] ?? "";
  const cut = ending && words.endsWith(ending) ? words.length - ending.length : words.length;
  return el("blockquote", { class: "passage", id: "passage", dir: "auto" }, words.slice(0, cut), cut < words.length && el("mark", {}, ending));
}

/** A text as one line of a list: point at it to see it in the cloud, press to hold it. */
export function textRow(texts, store, text, note, mark) {
  const row = el("button", {
    type: "button", class: "row", "data-text": text,
    onpointerenter: () => store.set({ hover: text }),
    onpointerleave: () => store.set({ hover: -1 }),
    onfocus: () => store.set({ hover: text }),
    onblur: () => store.set({ hover: -1 }),
    onclick: () => store.set({ pin: text, hover: text }),
  },
    mark ?? null,
    texts.last_token && el("span", { class: "token" }, shownToken(texts.last_token[text])),
    el("span", { class: "row-text" }, el("bdi", {}, texts.words ? tail(texts.words[text], 110) : texts.ids[text])),
    note && el("span", { class: "row-note" }, note)); // prettier-ignore
  return el("li", {}, row);
}
