// What can be chosen of a cloud, and the legend of its colours.

import { choices, el, svg } from "./dom.js";

/** A select with its label. */
export function labelled(words, select) {
  return el("label", { class: "field" }, el("span", {}, words), select);
}

export function makeSelect(id, label, pairs, chosen, onChange) {
  const select = el("select", { id, "aria-label": label, onchange: () => onChange(select.value) });
  choices(select, pairs, chosen);
  return select;
}

/** A button with a drawing on it. */
export function iconButton(label, d, onClick, more = {}) {
  const icon = svg("svg", { viewBox: "0 0 20 20", width: 18, height: 18, "aria-hidden": "true", focusable: "false" }, svg("path", { d, class: "stroke" }));
  return el("button", { type: "button", class: "icon-button", "aria-label": label, title: label, onclick: onClick, ...more }, icon);
}

export const ICONS = {
  play: "M7 5 L15 10 L7 15 Z",
  pause: "M7 5 V15 M13 5 V15",
  lasso: "M10 4 C4 4 3 8 4 10 C5 13 9 13 12 12 C16 11 18 8 16 6 C14.500 4.500 12 4 10 4 M7 12.500 C6 14 6.500 16 8.500 16.500",
  closer: "M10 5 V15 M5 10 H15",
  farther: "M5 10 H15",
  whole: "M5 8 V5 H8 M12 5 H15 V8 M15 12 V15 H12 M8 15 H5 V12",
  mode: "M13.500 12.500 A5.500 5.500 0 1 1 9 4.500 A4.500 4.500 0 0 0 13.500 12.500 Z",
};

/** The legend of a colouring; pressing a category selects its texts. */
export function makeLegend({ store }) {
  const element = el("div", { class: "legend", role: "group", "aria-label": "Colours" });

  function refresh(colouring) {
    const { legend, label, palette, codes } = colouring;
    const parts = [];
    if (label) parts.push(el("span", { class: "legend-label" }, label));
    if (legend.kind === "gradient") {
      const bar = el("i", { class: "ramp" });
      bar.style.background = `linear-gradient(to right, ${palette.slice(0, -1).join()})`;
      parts.push(el("span", { class: "ramp-row" }, legend.ends[0], bar, `${legend.ends[1]} ${legend.units}`));
    } else if (legend.kind === "circle") {
      const wheel = el("i", { class: "wheel" });
      const first = palette[0]; // east is 0, and it runs against the clock, as angles do
      wheel.style.background = `conic-gradient(from 90deg, ${[first, ...palette.slice(0, -1).reverse()].join()})`;
      parts.push(wheel, el("span", {}, "once around the loop"));
    } else if (legend.kind === "note") parts.push(el("span", { class: "doubt" }, legend.why));
    for (const entry of legend.entries ?? []) {
      const swatch = el("i", { class: "swatch" });
      swatch.style.background = palette[entry.code];
      const choose = () => {
        const selection = [];
        codes.forEach((code, text) => code === entry.code && selection.push(text));
        store.set({ selection, tab: "selection" });
      };
      const times = entry.times === null ? null : el("span", { class: "times" }, String(entry.times));
      parts.push(el("button", { type: "button", class: "legend-entry", title: "select these texts", onclick: choose }, swatch, el("span", { class: "legend-word", dir: "auto" }, entry.label), times));
    }
    element.replaceChildren(...parts);
  }

  return { element, refresh };
}

/** Pairs of components to look at. */
export function planeChoices(layer) {
  const all = layer.explained.map((_, at) => at);
  return all.flatMap((a) => all.slice(a + 1).map((b) => [`${a},${b}`, `PC ${a + 1} and ${b + 1}`]));
}

/** The buttons of a cloud. */
export function cloudTools(cloud) {
  const lasso = iconButton("Lasso: select by drawing around points", ICONS.lasso, () => {
    const on = lasso.getAttribute("aria-pressed") !== "true";
    lasso.setAttribute("aria-pressed", String(on));
    cloud.setLasso(on);
  }, { "aria-pressed": "false", class: "icon-button lasso" }); // prettier-ignore
  return [
    lasso,
    iconButton("Closer", ICONS.closer, () => cloud.zoom(1.4)),
    iconButton("Farther", ICONS.farther, () => cloud.zoom(1 / 1.4)),
    iconButton("All points", ICONS.whole, () => cloud.reset()),
  ];
}
