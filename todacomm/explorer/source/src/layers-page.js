// The page of an analysis: strip, cloud, topology and texts of one layer.

import { makeBarTable } from "./bar-table.js";
import { makeBarcode } from "./barcode.js";
import { makeBettiCurves } from "./betti-curves.js";
import { makeCloud } from "./cloud.js";
import { colourChoices, makeColouring } from "./colourings.js";
import { makeDendrogram } from "./dendrogram.js";
import { announceScale, describeBar, makeDiagram } from "./diagram.js";
import { announce, el } from "./dom.js";
import { bettiAt, edgesUpTo, flat, makeLayers, ownTurn, prepareInTime, whyEmpty } from "./layer.js";
import { gapList, loopList, makeLists, search, searchList, selectionList } from "./lists.js";
import { doubtful, makeDoubts, makeHeader, panel } from "./page-parts.js";
import { makeAxis } from "./scale-panel.js";
import { makeStore } from "./store.js";
import { makeStrip } from "./strip.js";
import { makeTextCard } from "./text-card.js";
import { mayMove, onTheme } from "./theme.js";
import { cloudTools, ICONS, iconButton, labelled, makeLegend, makeSelect, planeChoices } from "./toolbar.js";
import { figure, percent, whole } from "./words.js";

const HINTS = [
  "Point at a text in the cloud to read it; click to hold it; draw a lasso around several.",
  "The arrow keys go through the layers; the space bar plays them.",
  "Choose a bar: of H1 to see the loop and its texts, of H0 to see the two sides of the gap.",
  "Drag the line over the scale: the graph of near texts grows, and the Betti numbers count along.",
];
const BEAT = 1500; // milliseconds a layer is shown while the strip plays

export function makeLayersPage(data, main, header) {
  const { texts } = data;
  const n = texts.ids.length;
  const layers = makeLayers(data.layers, n);
  const colours = colourChoices(texts);
  const store = makeStore({
    place: startLayer(data.layers), plane: "0,1", share: null, colour: colours[0][0], hover: -1, pin: -1,
    bar: null, selection: [], query: "", matches: null, tab: "loop", playing: false,
  }); // prettier-ignore
  const { state } = store;
  const layer = () => layers.get(state.place);
  const plane = () => state.plane.split(",").map(Number);
  const scale = () => Math.min(layer().reach, state.share * unitOf(layer()));
  const setScale = (value) => store.set({ share: value / unitOf(layer()) });
  const choose = (bar) => chooseBar(store, layer, setScale, bar);
  const loop = () => (state.bar?.degree === 1 ? layer().loops.find((one) => one.place === state.bar.place) : null);
  store.set({ share: firstShare(layer()) });

  let colouring = null;
  const coloured = () => (colouring ??= makeColouring(state.colour, texts, { layer: layer(), scale: scale(), bar: state.bar }));
  const view = () => ({
    layer: layer(), scale: scale(), loop: loop(), plane: plane(), colouring: coloured(),
    flat: flat(layer(), plane(), () => ownTurn(layer(), plane()), "own"),
  }); // prettier-ignore

  const play = makePlayer(store, layers.count);
  const strip = makeStrip({ metrics: data.metrics, store, layers: data.layers, play });
  const cloud = makeCloud({ texts, store, label: "Cloud of texts; arrow keys go from text to text", view, head: doubtful(data.layers) });
  const legend = makeLegend({ store });
  const shared = { store, layer, scale, setScale, choose };
  const diagram = makeDiagram(shared);
  const table = makeBarTable(shared);
  const bands = [makeBettiCurves(shared), makeBarcode(shared), makeDendrogram(shared), makeAxis(shared)];
  const reading = makeScaleReading(shared);
  const card = makeTextCard({ texts, store, hints: HINTS, sides: () => [{ name: "Nearest", layer: layer(), key: state.place }] });
  const context = { texts, store, layer };
  const lists = makeLists({ texts, store, makers: {
    loop: { label: "Loop", make: () => loopList(context), hint: "Choose an H1 bar in the diagram, the barcode or the table to read the texts on its shortest loop." },
    gap: { label: "Gap", make: () => gapList(context), hint: "Choose an H0 bar to read the texts on the two sides of its gap." },
    selection: { label: "Selected", make: () => selectionList(context), hint: "Drag a lasso around points, or press a colour of the legend." },
    search: { label: "Search", make: () => searchList(context), hint: "Type words above to find the texts that have them." },
  } }); // prettier-ignore

  const planeSelect = makeSelect("plane", "Principal components", planeChoices(layer()), "0,1", (chosen) => store.set({ plane: chosen })); // prettier-ignore
  const colourSelect = makeSelect("colour", "Colour by", colours, state.colour, (chosen) => store.set({ colour: chosen }));
  const explained = el("span", { class: "panel-note", id: "explained" });
  const doubts = makeDoubts();
  cloud.element.append(doubts.element);
  const tools = cloudTools(cloud);

  makeHeader(header, data, store, (query) => {
    const matches = search(texts, query);
    store.set({ query, matches, tab: matches ? "search" : state.tab === "search" ? "loop" : state.tab });
    if (matches) announce(`${matches.length} texts have ${query}`);
  });
  main.className = "layers-page";
  main.append(
    el("section", { class: "panel strip-panel", "aria-label": "Layers over depth" }, stripKey(), strip.element),
    panel("Cloud", { class: "cloud-panel", note: explained, tools }, cloud.element, el("div", { class: "cloud-foot" }, labelled("colour", colourSelect), labelled("plane", planeSelect), legend.element)),
    panel("Persistence", { class: "diagram-panel", note: diagram.words }, el("div", { class: "diagram-row" }, diagram.element, table.element)),
    panel("Over the scale", { class: "scale-panel", note: reading.unit }, el("div", { class: "bands" }, bands.map((band) => band.element), reading.slider), reading.element),
    el("div", { class: "panel text-panel" }, card.element, lists.element),
  ); // prettier-ignore

  function refreshAll(_, changes) {
    const now = layer();
    if (changes.has("place")) {
      if (state.bar && !now.degrees[state.bar.degree]?.bars[state.bar.place]) store.set({ bar: null });
      doubts.refresh(now);
    }
    const recolour = ["place", "colour", "bar"];
    if (state.colour === "component") recolour.push("share");
    if (recolour.some((name) => changes.has(name))) {
      colouring = null;
      colourSelect.value = state.colour;
      legend.refresh(coloured());
    }
    if (changes.has("place") || changes.has("plane")) {
      explained.textContent = `${now.name} · ${plane().map((pc) => `PC ${pc + 1} ${percent(now.explained[pc])}`).join(" · ")} of the variance`;
    }
    cloud.refresh();
    if (["place", "bar"].some((name) => changes.has(name))) table.refresh();
    if (["place", "bar", "share", "hover", "pin"].some((name) => changes.has(name))) {
      for (const part of [diagram, ...bands]) part.refresh();
    }
    if (["place", "share"].some((name) => changes.has(name))) reading.refresh();
    if (["hover", "pin", "place"].some((name) => changes.has(name))) card.refresh();
    if (["bar", "place", "selection", "matches", "tab"].some((name) => changes.has(name))) lists.refresh();
  }
  const everything = Object.keys(state);
  store.on(everything, refreshAll);
  refreshAll(state, new Set(everything));
  onTheme(() => refreshAll(state, new Set(everything)));
  store.on(["place"], () => announce(`${layer().name}${layer().degenerate ? ", degenerate" : ""}`));
  store.on(["bar"], () => state.bar && announce(describeBar(layer(), state.bar)));
  prepareInTime(layers);
  layerKeys(store, layers.count);

  return { store, cloud, layer, scale, setScale, choose };
}

/** The layer to begin with: a loop's, or the middle one. */
function startLayer(layers) {
  const loop = layers.findIndex((layer) => layer.verdict === "loop");
  return loop >= 0 ? loop : Math.floor((layers.length - 1) / 2);
}

const unitOf = (layer) => layer.unit ?? layer.reach;

/** The scale to begin with: half of the gaps are bridged. */
function firstShare(layer) {
  const { length } = layer.tree;
  return length.length ? length[length.length >> 1] / unitOf(layer) : 0;
}

/** Choose a bar; the scale goes to its middle, or just before a gap is bridged. */
function chooseBar(store, layer, setScale, bar) {
  if (!bar) return store.set({ bar: null });
  const { birth, death } = layer().degrees[bar.degree].bars[bar.place];
  store.set({ bar, tab: bar.degree === 1 ? "loop" : bar.degree === 0 ? "gap" : store.state.tab });
  return setScale(bar.degree ? (birth + death) / 2 : death * 0.999);
}

function layerKeys(store, count) {
  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.target.closest?.("input, select, textarea")) return;
    const { place } = store.state;
    const to = { ArrowLeft: place - 1, ArrowRight: place + 1, Home: 0, End: count - 1 }[event.key];
    if (to !== undefined) store.set({ place: Math.min(count - 1, Math.max(0, to)), playing: false });
    else if (event.key === " " && !event.target.closest?.("button, summary")) store.set({ playing: !store.state.playing });
    else if (event.key === "Escape") store.set({ bar: null, pin: -1, selection: [] });
    else return;
    event.preventDefault();
  });
}

/** The button that plays the layers one after the other. */
function makePlayer(store, count) {
  const button = iconButton("Play through the layers", ICONS.play, () => store.set({ playing: !store.state.playing }), { id: "play" });
  let timer = 0;
  store.on(["playing"], ({ playing, place }) => {
    clearInterval(timer);
    button.querySelector("path").setAttribute("d", playing ? ICONS.pause : ICONS.play);
    button.setAttribute("aria-label", playing ? "Pause" : "Play through the layers");
    if (!playing) return;
    if (place === count - 1) store.set({ place: 0 });
    timer = setInterval(() => {
      if (store.state.place >= count - 1) store.set({ playing: false });
      else store.set({ place: store.state.place + 1 });
    }, mayMove() ? BEAT : 2 * BEAT); // prettier-ignore
  });
  return button;
}

/** The numbers at the scale, and the slider that moves it. */
function makeScaleReading({ store, layer, scale, setScale }) {
  const slider = el("input", { type: "range", id: "scale", min: 0, step: "any", "aria-label": "Scale", class: "scale-slider" });
  slider.addEventListener("input", () => setScale(Number(slider.value)));
  slider.addEventListener("change", () => announceScale(layer(), scale()));
  const element = el("dl", { class: "reading", id: "reading" });
  const unit = el("span", { class: "panel-note" });
  const item = (name, value, attributes = {}) => el("div", attributes, el("dt", {}, name), el("dd", {}, value));

  function refresh() {
    const now = layer();
    const at = scale();
    slider.max = now.reach;
    slider.value = at;
    slider.disabled = !now.defined;
    slider.setAttribute("aria-valuetext", figure(at));
    element.dataset.scale = String(at);
    unit.textContent = now.unit ? `median distance ${figure(now.unit)}` : "";
    if (!now.defined) return element.replaceChildren(item("this layer", whyEmpty(now)));
    const numbers = bettiAt(now, at);
    const edges = edgesUpTo(now, at);
    return element.replaceChildren(
      item("scale", figure(at)),
      now.unit ? item("medians", figure(at / now.unit, 2)) : "",
      ...numbers.map((number, degree) => item(`β${"₀₁₂"[degree]}`, whole(number), { class: `betti betti-${degree}`, "data-betti": number })),
      item("edges", `${edges.exact ? "" : "≈ "}${whole(edges.count)}`),
    ); // prettier-ignore
  }

  return { slider, element, unit, refresh };
}

function stripKey() {
  return el("p", { class: "key" },
    el("span", {}, el("i", { class: "key-band" }), "interval"),
    el("span", {}, el("i", { class: "key-null" }), "null"),
    el("span", {}, el("i", { class: "key-beyond" }), "beyond the null"),
    el("span", {}, el("i", { class: "key-degenerate" }), "degenerate"),
    el("span", {}, el("b", { class: "key-sign loop" }), "loop"),
    el("span", {}, el("b", { class: "key-sign few" }), "few texts"),
    el("span", {}, el("b", { class: "key-sign" }), "no loop")); // prettier-ignore
}
