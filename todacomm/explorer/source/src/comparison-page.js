// The page of a comparison: two models on the same texts, a map of their layers, and the texts that moved most.

import { makeCloud } from "./cloud.js";
import { colourChoices, makeColouring } from "./colourings.js";
import { announce, choices, el } from "./dom.js";
import { flat, makeLayers, neighboursOf, ownTurn, prepareInTime, turnOnto } from "./layer.js";
import { makeLists, rowsOf, search, searchList, selectionList } from "./lists.js";
import { describePair, makeMap } from "./map.js";
import { makeModelChoice, makeTraining, measures, orientedMap, startModels } from "./models.js";
import { commonNeighbours } from "./neighbourhoods.js";
import { doubtful, makeDoubts, makeHeader, panel } from "./page-parts.js";
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
  const { texts } = data;
  const n = texts.ids.length;
  const models = data.sides.map((side) => makeLayers(side.layers, n));
  const colours = [["common", "common neighbours"], ...colourChoices(texts).filter(([key]) => key !== "component")];
  const kinds = measures(data);
  const [first, second] = startModels(data.sides);
  const last = (model) => models[model].count - 1;
  const store = makeStore({
    first, second, left: last(first), right: last(second), plane: "0,1", colour: "common", similarity: kinds[0]?.[0] ?? "", loop: "",
    hover: -1, pin: -1, selection: [], query: "", matches: null, tab: "changed", looked: "",
  }); // prettier-ignore
  const { state } = store;
  const chosen = () => [state.first, state.second];
  const sides = () => chosen().map((model) => data.sides[model]);
  const layers = () => [models[state.first].get(state.left), models[state.second].get(state.right)];
  const plane = () => state.plane.split(",").map(Number);
  const similarity = () => orientedMap(data, state, sides());
  const memory = new Map();
  const pairKey = () => layers().map((layer) => layer.id).join(":"); // prettier-ignore
  const common = () => remembered(memory, pairKey(), () => commonNeighbours(...layers()));

  let colouring = null;
  const coloured = () => (colouring ??= makeColouring(state.colour, texts, { layer: layers()[0], scale: 0, bar: null, common: common() }));
  const chosenLoop = () => {
    if (!state.loop) return null;
    const [side, rank] = state.loop.split(":").map(Number);
    return layers()[side].loops.find((loop) => loop.rank === rank) ?? null;
  };
  /** The first model turns along its own depth, the second onto the first. */
  const placed = (side) => {
    const [one, other] = layers();
    const fixed = flat(one, plane(), () => ownTurn(one, plane()), "own");
    return side === 0 ? fixed : flat(other, plane(), () => turnOnto(other, plane(), fixed), `onto ${one.id}`);
  };
  const view = (side) => () => ({
    layer: layers()[side], scale: 0, loop: chosenLoop(), plane: plane(), colouring: coloured(), flat: placed(side),
  }); // prettier-ignore
  const near = (side) => (layer, text) => {
    const other = new Set(neighboursOf(layers()[1 - side], text).map((one) => one.text));
    return neighboursOf(layer, text).map((one) => ({ ...one, shared: other.has(one.text) }));
  };

  const head = data.sides.some((one) => doubtful(one.layers));
  const clouds = [0, 1].map((side) => makeCloud({ texts, store, label: "", view: view(side), near: near(side), head, edges: false }));
  const parts = clouds.map((cloud, side) => cloudPanel(side, cloud, store));
  const map = kinds.length ? makeMap({ sides, store, similarity }) : null;
  const pairChoice = makeModelChoice({ data, store, models });
  const training = makeTraining({ data, store });
  const reading = el("p", { class: "map-reading", id: "pair" });
  const legend = makeLegend({ store });
  const colourSelect = makeSelect("colour", "Colour by", colours, "common", (choice) => store.set({ colour: choice }));
  const planeSelect = makeSelect("plane", "Principal components", planeChoices(layers()[0]), "0,1", (choice) => store.set({ plane: choice }));
  const loopSelect = makeSelect("loop", "Loop drawn in both clouds", loopChoices(sides(), layers()), "", (choice) => store.set({ loop: choice }));
  const kindSelect = makeSelect("similarity", "Similarity", kinds, state.similarity, (choice) => store.set({ similarity: choice }));
  const card = makeTextCard({ texts, store, hints: HINTS, sides: () => sides().map((side, at) => ({ name: side.name, layer: layers()[at], near: near(at), key: pairKey() })) });
  const context = { texts, store };
  const lists = makeLists({ texts, store, makers: {
    changed: { label: "Changed most", make: () => changedList({ texts, store, common: common(), sides: sides() }) },
    selection: { label: "Selected", make: () => selectionList(context), hint: "Drag a lasso around points, or press a colour of the legend." },
    search: { label: "Search", make: () => searchList(context), hint: "Type words above to find the texts that have them." },
  } }); // prettier-ignore

  makeHeader(header, data, store, (query) => {
    const matches = search(texts, query);
    store.set({ query, matches, tab: matches ? "search" : state.tab === "search" ? "changed" : state.tab });
    if (matches) announce(`${matches.length} texts have ${query}`);
  });
  main.className = training.known ? "comparison-page with-training" : "comparison-page";
  main.append(
    ...(training.known ? [training.element] : []),
    panel("Layer by layer", { class: "map-panel", note: map && kindSelect }, map ? [map.element, reading] : el("p", { class: "hint" }, "No similarity was measured."), pairChoice.element),
    parts[0].element,
    parts[1].element,
    el("div", { class: "panel shared-tools" }, labelled("colour", colourSelect), labelled("plane", planeSelect), labelled("loop", loopSelect), legend.element),
    el("div", { class: "panel card-panel" }, card.element),
    el("div", { class: "panel list-panel" }, lists.element),
  ); // prettier-ignore

  function refreshAll(_, changes) {
    const any = (...names) => names.some((name) => changes.has(name));
    const moved = any("first", "second", "left", "right");
    if (moved || any("colour")) {
      colouring = null;
      colourSelect.value = state.colour;
      legend.refresh(coloured());
    }
    if (moved) {
      const options = loopChoices(sides(), layers());
      if (!options.some(([value]) => value === state.loop)) store.set({ loop: "" });
      loopSelect.replaceChildren(...options.map(([value, label]) => el("option", { value }, label)));
      loopSelect.value = state.loop;
      pairChoice.refresh();
      training.refresh();
    }
    if (moved || any("plane")) parts.forEach((part, at) => part.refresh(sides()[at], layers()[at], plane()));
    clouds.forEach((cloud) => cloud.refresh());
    if (map && (moved || any("similarity", "looked"))) {
      map.refresh();
      const [left, right] = state.looked ? state.looked.split(",").map(Number) : [state.left, state.right];
      reading.textContent = describePair(sides(), similarity(), { left, right });
    }
    if (moved || any("hover", "pin")) card.refresh();
    if (moved || any("selection", "matches", "tab")) lists.refresh();
  }
  const everything = Object.keys(state);
  store.on(everything, refreshAll);
  refreshAll(state, new Set(everything));
  onTheme(() => refreshAll(state, new Set(everything)));
  chosen().forEach((model) => prepareInTime(models[model]));
  pairKeys(store, () => chosen().map((model) => models[model].count));

  return { store, clouds, layers, common, similarity };
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

/** One model's cloud with the choice of its layer. */
function cloudPanel(side, cloud, store) {
  const name = side === 0 ? "left" : "right";
  const select = makeSelect(`layer-${name}`, "Layer", [], "", (chosen) => store.set({ [name]: Number(chosen) }));
  const note = el("span", { class: "panel-note" });
  const title = el("bdi", { class: "model-name" });
  const doubts = makeDoubts();
  cloud.element.append(doubts.element);
  const head = el("span", { class: "layer-choice" }, select, note);
  const element = panel(title, { class: `cloud-panel side-${name}`, note: head, tools: cloudTools(cloud) }, cloud.element);

  function refresh(model, layer, plane) {
    title.textContent = model.name;
    cloud.canvas.setAttribute("aria-label", `Cloud of ${model.name}; arrow keys go from text to text`);
    select.setAttribute("aria-label", `Layer of ${model.name}`);
    choices(select, model.layers.map((one, place) => [String(place), one.name]), String(store.state[name]));
    const shares = plane.map((pc) => percent(layer.explained[pc])).join(" + ");
    note.replaceChildren(...(layer.verdict ? [verdictIcon(layer.verdict), ` ${loopWords(layer.verdict)} · `] : [" "]), shares);
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

function pairKeys(store, counts) {
  const clamp = (at, side) => Math.min(counts()[side] - 1, Math.max(0, at));
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
