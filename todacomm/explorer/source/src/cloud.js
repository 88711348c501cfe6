// A cloud of texts in a plane: to point at, to search with the keyboard, to select from with a lasso.

import { polygonContains } from "d3-polygon";
import { drawAxes, drawEdges, drawFocus, drawPoints, drawScaleBar } from "./cloud-drawing.js";
import { announce, el } from "./dom.js";
import { makeGlide } from "./glide.js";
import { neighboursOf } from "./layer.js";
import { makeSurface, within } from "./surface.js";
import { theme } from "./theme.js";
import { figure, shownToken, tail } from "./words.js";

const MARGIN = 18;
const FOOT = 48; // for axes and scale bar

/**
 * @param options.texts the texts of the page
 * @param options.store with hover, pin, selection, matches
 * @param options.label what the cloud is of, for a screen reader
 * @param options.near (layer, text) => neighbours to be shown; `shared: false` marks those of this cloud alone
 * @param options.edges whether there are any to be drawn
 * @param options.head whether room is left at the top for notes of doubt
 * @param options.view () => {layer, flat, plane, scale, loop, colouring}
 */
export function makeCloud({ texts, store, label, view, near = neighboursOf, head = false, edges = true }) {
  const top = head ? 30 : 0;
  const n = texts.ids.length;
  const radius = n <= 300 ? 4 : n <= 900 ? 3.2 : n <= 2500 ? 2.4 : 1.8;
  const canvas = el("canvas", { tabindex: 0, role: "application", "aria-label": label, "aria-roledescription": "point cloud" });
  const tip = el("div", { class: "tip", hidden: true, "aria-hidden": "true" });
  const element = el("div", { class: "cloud-box" }, canvas, tip);
  const surface = makeSurface(canvas, draw, ...(edges ? [edgeSheet()] : []), pointSheet());
  const glide = makeGlide(surface.request);
  const camera = { zoom: 1, x: 0, y: 0 };
  let lasso = [];
  let lassoMode = false;
  let drag = null;

  function pixelsPerUnit() {
    const { width, height } = surface.size;
    const [across, upwards] = glide.now.frame;
    const room = Math.min((width / 2 - MARGIN) / across.half, (height / 2 - MARGIN - FOOT / 2 - top / 2) / upwards.half);
    return Math.max(room, 0) * camera.zoom;
  }

  /** Pixel of every text at this moment, as a function. */
  function placing() {
    const { points, frame } = glide.now;
    const unit = pixelsPerUnit();
    const x = surface.size.width / 2 + camera.x - unit * frame[0].middle;
    const y = (surface.size.height - FOOT + top) / 2 + camera.y + unit * frame[1].middle;
    return (text) => [x + unit * points[2 * text], y - unit * points[2 * text + 1]];
  }

  /** Where everything lies: what the sheets of edges and of points both are painted from. */
  const position = () => [identity(view().flat), camera.zoom, camera.x, camera.y, glide.now.done];

  function edgeSheet() {
    const paint = (context) => {
      const { layer, scale } = view();
      drawEdges(context, { layer, scale, colours: theme(), settled: glide.now.done, place: placing() });
    };
    return { key: () => [...position(), identity(view().layer), view().scale].join(), paint };
  }

  function pointSheet() {
    const key = () => [...position(), ...[view().colouring, store.state.selection, store.state.matches].map(identity)].join();
    const paint = (context) => {
      const { codes, palette } = view().colouring;
      drawPoints(context, { n, codes, palette, radius, bright: brightOnes(store.state), place: placing() });
    };
    return { key, paint };
  }

  function draw(context, width, height) {
    const { layer, flat, plane, scale, loop } = view();
    const { state } = store;
    const focus = state.hover >= 0 ? state.hover : state.pin;
    const colours = theme();
    drawFocus(context, {
      loop, colours, radius, lasso, focus,
      near: focus >= 0 ? near(layer, focus) : [],
      pinned: state.pin,
      selected: state.selection,
      place: placing(),
    }); // prettier-ignore
    drawAxes(context, { flat, plane, layer, colours, height });
    const pixels = pixelsPerUnit() / flat.size;
    drawScaleBar(context, { scale, pixels, colours, width, height, label: scaleLabel(layer, scale) });
  }

  function refresh() {
    glide.go(view().flat);
    surface.request();
    placeTip();
  }

  function placeTip() {
    const text = store.state.hover;
    tip.hidden = text < 0 || !element.matches(":hover, :focus-within");
    if (tip.hidden || !glide.now.points) return;
    const token = texts.last_token ? shownToken(texts.last_token[text]) : "";
    tip.replaceChildren(
      el("span", { class: "token" }, token || texts.ids[text]),
      el("span", { class: "tip-text", dir: "auto" }, texts.words ? tail(texts.words[text], 90) : texts.ids[text]),
    );
    const [x, y] = placing()(text);
    const [left, top] = [x < surface.size.width / 2, y < 90];
    tip.style.left = left ? `${x + 12}px` : "auto";
    tip.style.right = left ? "auto" : `${surface.size.width - x + 12}px`;
    tip.style.top = top ? `${y + 12}px` : "auto";
    tip.style.bottom = top ? "auto" : `${surface.size.height - y + 12}px`;
  }

  function nearest([x, y], reach) {
    const place = placing();
    let [best, distance] = [-1, reach * reach];
    for (let text = 0; text < n; text++) {
      const [a, b] = place(text);
      const off = (a - x) ** 2 + (b - y) ** 2;
      if (off < distance) [best, distance] = [text, off];
    }
    return best;
  }

  function finishLasso() {
    if (lasso.length > 2) {
      const place = placing();
      const inside = [];
      for (let text = 0; text < n; text++) if (polygonContains(lasso, place(text))) inside.push(text);
      store.set({ selection: inside, tab: "selection" });
      announce(`${inside.length} texts selected`);
    }
    lasso = [];
    surface.request();
  }

  canvas.addEventListener("pointermove", (event) => {
    const at = within(canvas, event);
    if (!drag) return store.set({ hover: nearest(at, event.pointerType === "mouse" ? 16 : 26) });
    if (Math.hypot(at[0] - drag.start[0], at[1] - drag.start[1]) > 4) drag.moved = true;
    if (drag.pans) {
      camera.x = drag.camera.x + at[0] - drag.start[0];
      camera.y = drag.camera.y + at[1] - drag.start[1];
    } else if (drag.moved && (event.pointerType === "mouse" || lassoMode)) lasso.push(at);
    surface.request();
  });
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    if (event.pointerType === "mouse") event.preventDefault(); // the arrow keys go on to choose layers
    const at = within(canvas, event);
    drag = { start: at, moved: false, pans: event.shiftKey, camera: { ...camera } };
    lasso = [at];
    if (event.pointerType === "mouse" || lassoMode) canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointerup", (event) => {
    if (!drag) return;
    const { moved, pans, start } = drag;
    drag = null;
    if (!moved) {
      const text = nearest(start, event.pointerType === "mouse" ? 16 : 26);
      store.set({ pin: text === store.state.pin ? -1 : text, hover: text });
      lasso = [];
    } else if (!pans) finishLasso();
  });
  canvas.addEventListener("pointercancel", () => {
    drag = null;
    lasso = [];
    surface.request();
  });
  canvas.addEventListener("pointerleave", () => {
    if (!drag) store.set({ hover: -1 });
  });
  canvas.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      zoom(Math.exp(-event.deltaY / 300), within(canvas, event));
    },
    { passive: false },
  );
  canvas.addEventListener("keydown", (event) => {
    const directions = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (directions[event.key]) step(directions[event.key]);
    else if (event.key === "Enter") store.set({ pin: store.state.hover });
    else if (event.key === "Escape") store.set({ pin: -1, hover: -1 });
    else if (event.key === "+" || event.key === "=") zoom(1.3);
    else if (event.key === "-") zoom(1 / 1.3);
    else if (event.key === "0") reset();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });

  /** To the text next in a direction: near, and not far off the line. */
  function step([dx, dy]) {
    const place = placing();
    const { hover, pin } = store.state;
    const here = hover >= 0 ? hover : pin;
    const [x, y] = here >= 0 ? place(here) : [surface.size.width / 2, surface.size.height / 2];
    let [best, cost] = [here, Infinity];
    for (let text = 0; text < n; text++) {
      const [a, b] = place(text);
      const along = (a - x) * dx + (b - y) * dy;
      const across = Math.abs((a - x) * dy - (b - y) * dx);
      if (text === here || along <= 0.01) continue;
      if (along + 2 * across < cost) [best, cost] = [text, along + 2 * across];
    }
    store.set({ hover: best });
    if (best >= 0) announce(`${texts.ids[best]}: ${texts.words ? tail(texts.words[best], 120) : ""}`);
  }

  function zoom(by, at = [surface.size.width / 2, surface.size.height / 2]) {
    const before = camera.zoom;
    camera.zoom = Math.min(40, Math.max(1, before * by));
    const change = camera.zoom / before;
    const centre = [surface.size.width / 2, surface.size.height / 2];
    camera.x = (camera.x - (at[0] - centre[0])) * change + (at[0] - centre[0]);
    camera.y = (camera.y - (at[1] - centre[1])) * change + (at[1] - centre[1]);
    if (camera.zoom === 1) camera.x = camera.y = 0;
    surface.request();
  }

  function reset() {
    Object.assign(camera, { zoom: 1, x: 0, y: 0 });
    surface.request();
  }

  function setLasso(on) {
    lassoMode = on;
    canvas.style.touchAction = on ? "none" : "pan-y";
  }

  setLasso(false);
  /** Where a text is on the screen, for scripts that drive the page. */
  function locate(text) {
    const box = canvas.getBoundingClientRect();
    const [x, y] = placing()(text);
    return { x: box.left + x, y: box.top + y };
  }

  return { element, canvas, count: n, refresh, zoom, reset, setLasso, locate, settled: () => glide.now.done === 1 };
}

const known = new WeakMap();
let count = 0;

/** A number for an object, the same whenever it is asked for. */
function identity(object) {
  if (object === null) return 0;
  if (!known.has(object)) known.set(object, ++count);
  return known.get(object);
}

/** The scale, and up to where every edge is drawn; beyond, the spanning tree alone is. */
function scaleLabel(layer, scale) {
  const { length } = layer.edges;
  const last = length[length.length - 1];
  const all = !length.length || length.length === layer.pairs || scale <= last;
  return `scale ${figure(scale)}${all ? "" : `, all edges up to ${figure(last)}, then the spanning tree`}`;
}

/** The texts that stand out: what was searched for, else what is selected; null where all do. */
function brightOnes({ matches, selection }) {
  if (matches) return new Set(matches);
  return selection.length ? new Set(selection) : null;
}
