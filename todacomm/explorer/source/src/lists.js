// Lists of texts beside the cloud: on the loop, on the sides of a gap, selected, matching a search.

import { announce, el } from "./dom.js";
import { members } from "./merges.js";
import { textRow } from "./text-card.js";
import { count, figure, MEANINGS } from "./words.js";
import { verdictIcon } from "./strip.js";

const MOST = 200; // rows in a list; more are counted
const MOST_A_SIDE = 40;

/**
 * @param {{texts: object, store: object, makers: Record<string, {label: string, make: () => ?{count: number, parts: Node[]}}>}} options
 *   by name of the tab; `make` gives null where there is nothing to list
 */
export function makeLists({ texts, store, makers }) {
  const tabs = el("div", { role: "tablist", class: "tabs", "aria-label": "Lists of texts" });
  const body = el("div", { role: "tabpanel", class: "list-body", id: "list", tabindex: -1, "aria-labelledby": "tab-chosen" });
  const element = el("section", { class: "lists", "aria-label": "Lists" }, tabs, body);

  function render() {
    const { tab } = store.state;
    const names = Object.keys(makers);
    const made = Object.fromEntries(names.map((name) => [name, makers[name].make()]));
    const open = made[tab] ? tab : (names.find((name) => made[name]) ?? names[0]);
    const buttons = names.map((name) =>
      el("button", {
        type: "button", role: "tab", "data-tab": name, id: name === open ? "tab-chosen" : null, "aria-selected": String(name === open),
        "aria-controls": "list", tabindex: name === open ? 0 : -1, class: made[name] ? null : "empty",
        onclick: () => store.set({ tab: name }),
      }, makers[name].label, made[name] && el("span", { class: "tab-count" }, String(made[name].count)))); // prettier-ignore
    const focused = tabs.contains(document.activeElement);
    tabs.replaceChildren(...buttons);
    if (focused) tabs.querySelector("[aria-selected=true]").focus();
    const chosen = made[tab] ?? (tab in made ? null : made[open]);
    const shown = made[tab] ? made[tab] : made[open];
    body.replaceChildren(...(shown ? shown.parts : [el("p", { class: "hint" }, (makers[tab] ?? makers[open]).hint)]));
    return chosen;
  }

  tabs.addEventListener("keydown", (event) => {
    const move = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!move) return;
    event.preventDefault();
    event.stopPropagation();
    const all = [...tabs.children];
    const at = all.findIndex((button) => button.getAttribute("aria-selected") === "true");
    store.set({ tab: all[(at + move + all.length) % all.length].dataset.tab });
  });

  return { element, refresh: render };
}

/** A list of texts, cut where it is very long. */
export function rowsOf(texts, store, list, { ordered = false, note = () => null, mark = () => null, most = MOST } = {}) {
  const rows = list.slice(0, most).map((text, at) => textRow(texts, store, text, note(text, at), mark(text, at)));
  const parts = [el(ordered ? "ol" : "ul", { class: "rows" }, rows)];
  if (list.length > most) parts.push(el("p", { class: "hint" }, `and ${count(list.length - most, "text")} more`));
  return parts;
}

/** The texts on the chosen bar's shortest loop, or why there are none. */
export function loopList({ texts, store, layer }) {
  const { bar } = store.state;
  if (bar?.degree !== 1) return null;
  const loop = layer().loops.find((one) => one.place === bar.place);
  if (!loop || !loop.rows.length) {
    const why = "No shortest loop is on record for this bar: there is one for those in the table beside the diagram.";
    return { count: 0, parts: [el("p", { class: "hint" }, why)] };
  }
  const reproduced = loop.reproduction === null ? "" : ` Reproduction ${figure(loop.reproduction, 2)}.`;
  const meaning = el("p", { class: "meaning" }, verdictIcon(loop.verdict), el("span", {}, MEANINGS[loop.verdict] + reproduced));
  const mark = (_, at) => el("span", { class: "corner" }, String(at + 1));
  const list = rowsOf(texts, store, loop.rows, { ordered: true, mark });
  const note = el("p", { class: "hint" }, "In order around a shortest loop; it is not the only one.");
  return { count: loop.rows.length, parts: [meaning, ...list, note] };
}

/** The texts on both sides of the chosen gap, the smaller side first. */
export function gapList({ texts, store, layer }) {
  const { bar } = store.state;
  const now = layer();
  if (bar?.degree !== 0 || !now.defined) return null;
  const join = now.merges.joins[now.degrees[0].bars[bar.place].source];
  const side = (number) => {
    const group = members(now.merges, join.sides[number]);
    const head = el("h3", {}, el("i", { class: `swatch side-${number ? "b" : "a"}` }), count(group.length, "text"));
    return [head, ...rowsOf(texts, store, group, { most: MOST_A_SIDE })];
  };
  const words = `Joined at ${figure(join.scale)}. Texts of both sides, the smaller first.`;
  return { count: join.size, parts: [el("p", { class: "meaning" }, words), ...side(1), ...side(0)] };
}

export function selectionList({ texts, store }) {
  const { selection } = store.state;
  if (!selection.length) return null;
  const field = el("textarea", { class: "ids", readonly: true, rows: 4, hidden: true, "aria-label": "Ids of the selected texts", spellcheck: "false" });
  const copy = async () => {
    field.value = selection.map((text) => texts.ids[text]).join("\n");
    field.hidden = false;
    field.focus();
    field.select();
    announce((await copied(field)) ? `${count(selection.length, "id")} copied` : "Press Control and C to copy the ids");
  };
  const buttons = el("div", { class: "buttons" },
    el("button", { type: "button", id: "copy-ids", onclick: copy }, "Copy ids"),
    el("button", { type: "button", onclick: () => store.set({ selection: [] }) }, "Clear")); // prettier-ignore
  return { count: selection.length, parts: [buttons, field, ...rowsOf(texts, store, selection)] };
}

async function copied(field) {
  try {
    await navigator.clipboard.writeText(field.value);
    return true;
  } catch {
    return document.execCommand("copy"); // where a frame has no clipboard; the field stays for a copy by hand
  }
}

export function searchList({ texts, store }) {
  const { matches, query } = store.state;
  if (!matches) return null;
  const select = el("button", { type: "button", onclick: () => store.set({ selection: matches, tab: "selection" }) }, "Select them");
  const head = matches.length ? el("div", { class: "buttons" }, select) : el("p", { class: "hint" }, `No text has “${query}”.`);
  return { count: matches.length, parts: [head, ...rowsOf(texts, store, matches)] };
}

/** Texts, ids or last tokens that hold the words, whatever their case; null for no words. */
export function search(texts, query) {
  const wanted = query.trim().toLowerCase();
  if (!wanted) return null;
  const fields = [texts.words, texts.ids, texts.last_token, texts.document].filter(Boolean);
  const matches = [];
  for (let text = 0; text < texts.ids.length; text++) {
    if (fields.some((field) => field[text].toLowerCase().includes(wanted))) matches.push(text);
  }
  return matches;
}
