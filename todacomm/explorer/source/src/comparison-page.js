// The page of a comparison: two models on the same texts, a map of their layers, and the texts that moved most.

import { makeCloud } from "./cloud.js";
import { colourChoices, makeColouring } from "./colourings.js";
import { announce, el } from "./dom.js";
import { flat, makeLayers, neighboursOf, ownTurn, planeIndex, prepareInTime } from "./layer.js";
import { makeLists, rowsOf, search, searchList, selectionList } from "./lists.js";
import { describePair, makeMap } from "./map.js";
import { commonNeighbours } from "./neighbourhoods.js";
import { doubtful, makeDoubts, makeHeader, panel } from "./page-parts.js";
import { unpack } from "./read.js";
import { makeStore } from "./store.js";
import { verdictIcon } from "./strip.js";
import { makeTextCard } from "./text-card.js";
import { onTheme } from "./theme.js";
import { cloudTools, labelled, makeLegend, makeSelect, planeChoices } from "./toolbar.js";
import { loopWords, percent } from "./words.js";

const HINTS = [
  "Point at a text in one cloud to see it in both, with its nearest neighbours; those of one model alone are ringed in orange.",
  "Choose a pair of layers on the map; the arrow keys go through both models at once.",
];

export function makeComparisonPage(data, main, header) {
  const { texts, sides } = data;
  const n = texts.ids.length;
  const models = sides.map((side) => makeLayers(side.layers, n));
  const turns = unpack(data.turns);
  const colours = [["common", "common neighbours"], ...colourChoices(texts).filter(([key]) => key !== "component")];
  const store = makeStore({
    ...startPair(data), plane: "0,1", colour: "common", similarity: 0, loop: "", hover: -1, pin: -1, selection: [], query: "",
    matches: null, tab: "changed", looked: "",
  }); // prettier-ignore
  const { state } = store;
  const layers = () => [models[0].get(state.left), models[1].get(state.right)];
  const plane = () => state.plane.split(",").map(Number);
  const similarity = () => data.similarities[state.similarity];
  const memory = new Map();
  const common = () => remembered(memory, `${state.left}:${state.right}`, () => commonNeighbours(...layers()));

  let colouring = null;
  const coloured = () => (colouring ??= makeColouring(state.colour, texts, { layer: layers()[0], scale: 0, bar: null, common: common() }));
  const chosenLoop = () => {
    if (!state.loop) return null;
    const [side, rank] = state.loop.split(":").map(Number);
    return layers()[side].loops.find((loop) => loop.rank === rank) ?? null;
  };
  /** The first model turns along its own depth, the second onto the first. */
  const turned = (side) => {
    const own = ownTurn(layers()[0], plane());
    if (side === 0) return own;
    const planes = turns.length / (4 * models[0].count * models[1].count);
    const at = 4 * ((state.left * models[1].count + state.right) * planes + planeIndex(plane(), layers()[0].components));
    return product(turns.subarray(at, at + 4), own);
  };
  const view = (side) => () => ({
    layer: layers()[side], scale: 0, loop: chosenLoop(), plane: plane(), colouring: coloured(),
    flat: flat(layers()[side], plane(), turned(side), `${state.left}:${state.right}`),
  }); // prettier-ignore
  const near = (side) => (layer, text) => {
    const other = new Set(neighboursOf(layers()[1 - side], text).map((one) => one.text));
    return neighboursOf(layer, text).map((one) => ({ ...one, shared: other.has(one.text) }));
  };

  const clouds = sides.map((side, at) =>
    makeCloud({ texts, store, label: `Cloud of ${side.name}; arrow keys go from text to text`, view: view(at), near: near(at), head: sides.some((one) => doubtful(one.layers)) }),
  );
  const parts = sides.map((side, at) => cloudPanel(side, at, clouds[at], store));
  const map = data.similarities.length ? makeMap({ data, store, similarity }) : null;
  const reading = el("p", { class: "map-reading", id: "pair" });
  const legend = makeLegend({ store });
  const colourSelect = makeSelect("colour", "Colour by", colours, "common", (chosen) => store.set({ colour: chosen }));
  const planeSelect = makeSelect("plane", "Principal components", planeChoices(layers()[0]), "0,1", (chosen) => store.set({ plane: chosen }));
  const loopSelect = makeSelect("loop", "Loop drawn in both clouds", loopChoices(sides, layers()), "", (chosen) => store.set({ loop: chosen }));
  const card = makeTextCard({ texts, store, hints: HINTS, sides: () => sides.map((side, at) => ({ name: side.name, layer: layers()[at], key: `${at}:${[state.left, state.right][at]}` })) });
  const context = { texts, store };
  const lists = makeLists({ texts, store, makers: {
    changed: { label: "Changed most", make: () => changedList({ texts, store, common: common(), sides }) },
    selection: { label: "Selected", make: () => selectionList(context), hint: "Drag a lasso around points, or press a colour of the legend." },
    search: { label: "Search", make: () => searchList(context), hint: "Type words above to find the texts that have them." },
  } }); // prettier-ignore

  makeHeader(header, data, store, (query) => {
    const matches = search(texts, query);
    store.set({ query, matches, tab: matches ? "search" : state.tab === "search" ? "changed" : state.tab });
    if (matches) announce(`${matches.length} texts have ${query}`);
  });
  main.className = "comparison-page";
  main.append(
    panel("Layer by layer", { class: "map-panel", note: map && similarityChoice(data, store) }, map ? [map.element, reading, mapKey(sides)] : el("p", { class: "hint" }, "No similarity was measured.")),
    parts[0].element,
    parts[1].element,
    el("div", { class: "panel shared-tools" }, labelled("colour", colourSelect), labelled("plane", planeSelect), labelled("loop", loopSelect), legend.element),
    el("div", { class: "panel card-panel" }, card.element),
    el("div", { class: "panel list-panel" }, lists.element),
  ); // prettier-ignore

  function refreshAll(_, changes) {
    const any = (...names) => names.some((name) => changes.has(name));
    const moved = any("left", "right");
    if (moved || any("colour")) {
      colouring = null;
      colourSelect.value = state.colour;
      legend.refresh(coloured());
    }
    if (moved) {
      const options = loopChoices(sides, layers());
      if (!options.some(([value]) => value === state.loop)) store.set({ loop: "" });
      loopSelect.replaceChildren(...options.map(([value, label]) => el("option", { value }, label)));
      loopSelect.value = state.loop;
    }
    if (moved || any("plane")) parts.forEach((part, at) => part.refresh(layers()[at], plane()));
    clouds.forEach((cloud) => cloud.refresh());
    if (map && (moved || any("similarity", "looked"))) {
      map.refresh();
      const [i, j] = state.looked ? state.looked.split(",").map(Number) : [state.left, state.right];
      reading.textContent = describePair(data, similarity(), { left: i, right: j });
    }
    if (moved || any("hover", "pin")) card.refresh();
    if (moved || any("selection", "matches", "tab")) lists.refresh();
  }
  const everything = Object.keys(state);
  store.on(everything, refreshAll);
  refreshAll(state, new Set(everything));
  onTheme(() => refreshAll(state, new Set(everything)));
  models.forEach(prepareInTime);
  pairKeys(store, models);

  return { store, clouds, layers, common, similarity };
}

/** The pair to begin with: the last layers of both. */
function startPair({ sides }) {
  const [left, right] = sides.map((side) => side.layers.length - 1);
  return { left, right };
}

function product(a, b) {
  return [a[0] * b[0] + a[1] * b[2], a[0] * b[1] + a[1] * b[3], a[2] * b[0] + a[3] * b[2], a[2] * b[1] + a[3] * b[3]];
}

function remembered(memory, key, make) {
  if (!memory.has(key)) memory.set(key, make());
  return memory.get(key);
}

function loopChoices(sides, layers) {
  const named = sides.flatMap((side, at) =>
    layers[at].loops
      .filter((loop) => loop.rows.length)
      .map((loop) => [`${at}:${loop.rank}`, `${side.name}, H1 bar ${loop.rank}: ${loopWords(loop.verdict)}`]),
  );
  return [["", "none"], ...named];
}

function mapKey([one, other]) {
  return el("p", { class: "hint map-key" }, "rows ", el("bdi", {}, one.name), ", columns ", el("bdi", {}, other.name), " · ○ the most alike of a row");
}

function similarityChoice(data, store) {
  const pairs = data.similarities.map((one, at) => [String(at), one.label]);
  return makeSelect("similarity", "Similarity", pairs, "0", (chosen) => store.set({ similarity: Number(chosen) }));
}

/** One model's cloud with the choice of its layer. */
function cloudPanel(side, at, cloud, store) {
  const name = at === 0 ? "left" : "right";
  const pairs = side.layers.map((layer, place) => [String(place), layer.name]);
  const select = makeSelect(`layer-${name}`, `Layer of ${side.name}`, pairs, String(store.state[name]), (chosen) => store.set({ [name]: Number(chosen) }));
  const note = el("span", { class: "panel-note" });
  const doubts = makeDoubts();
  cloud.element.append(doubts.element);
  const head = el("span", { class: "layer-choice" }, select, note);
  const element = panel(side.name, { class: `cloud-panel side-${name}`, note: head, tools: cloudTools(cloud) }, cloud.element);

  function refresh(layer, plane) {
    select.value = String(store.state[name]);
    const shares = plane.map((pc) => percent(layer.explained[pc])).join(" + ");
    note.replaceChildren(layer.verdict ? verdictIcon(layer.verdict) : "", ` ${layer.verdict ? loopWords(layer.verdict) : "no shape"} · ${shares}`);
    doubts.refresh(layer);
  }

  return { element, refresh };
}

/** Texts whose neighbours the two layers share least, first. */
function changedList({ texts, store, common, sides }) {
  const note = (text) => `${common.counts[text]} of ${common.most}`;
  const mark = (text) => {
    const full = el("i");
    full.style.width = `${(100 * common.counts[text]) / Math.max(1, common.most)}%`;
    return el("span", { class: "share", "aria-hidden": "true" }, full);
  };
  const words = `Nearest neighbours that a text has in common in ${sides[0].name} and ${sides[1].name}, fewest first.`;
  return { count: common.order.length, parts: [el("p", { class: "meaning" }, words), ...rowsOf(texts, store, common.order, { note, mark })] };
}

function pairKeys(store, models) {
  const clamp = (at, side) => Math.min(models[side].count - 1, Math.max(0, at));
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.target.closest?.("input, select, textarea")) return;
    const { left, right } = store.state;
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step) store.set({ left: clamp(left + step, 0), right: clamp(right + step, 1) });
    else if (event.key === "Escape") store.set({ pin: -1, selection: [], loop: "" });
    else return;
    event.preventDefault();
  });
}
