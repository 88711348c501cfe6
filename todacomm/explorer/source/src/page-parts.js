// What both pages have: header, panels with a heading, notes of doubt.

import { el } from "./dom.js";
import { mode, switchMode } from "./theme.js";
import { ICONS, iconButton } from "./toolbar.js";

let panels = 0;

/** A panel with its heading; `note` and `tools` stand on the heading's line. */
export function panel(title, { class: name, note = null, tools = [] }, ...children) {
  const id = `panel-${++panels}`;
  return el("section", { class: `panel ${name}`, "aria-labelledby": id },
    el("div", { class: "panel-head" }, el("h2", { id }, title), note, el("span", { class: "tools" }, tools)),
    children); // prettier-ignore
}

/** Title, facts, search and the switch between light and dark. */
export function makeHeader(header, data, store, onSearch) {
  document.title = data.title;
  const field = el("input", { type: "search", id: "search", placeholder: "Search in the texts", "aria-label": "Search in the texts", autocomplete: "off", spellcheck: "false" });
  field.addEventListener("input", () => onSearch(field.value));
  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && field.value) {
      field.value = "";
      onSearch("");
      event.stopPropagation();
    }
  });
  const facts = data.facts.map(([label, value]) => el("span", { class: "fact", dir: "auto" }, `${label} `, el("b", {}, value)));
  const sun = iconButton("Light or dark", ICONS.mode, () => {
    switchMode();
    sun.setAttribute("aria-pressed", String(mode() === "dark"));
  }, { "aria-pressed": String(mode() === "dark") }); // prettier-ignore
  header.append(
    el("div", { class: "title" }, el("h1", { dir: "auto" }, data.title), el("div", { class: "facts-line" }, el("p", { class: "facts" }, facts), runWarnings(data.warnings))),
    el("div", { class: "header-tools" }, field, sun),
  );
}

/** What is doubtful of the whole run. */
function runWarnings(warnings) {
  if (!warnings.length) return null;
  const summary = el("summary", {}, warnings.length === 1 ? "1 warning" : `${warnings.length} warnings`);
  return el("details", { class: "run-warnings" }, summary, el("ul", {}, warnings.map((words) => el("li", {}, words))));
}

/** What is doubtful of a layer: the first thing at once, the others on demand. */
export function makeDoubts() {
  const element = el("div", { class: "doubts" });
  const degenerate = "Degenerate: under half of its points are distinct.";

  function refresh(layer) {
    const [first, ...others] = [...(layer.degenerate ? [degenerate] : []), ...layer.warnings];
    if (first === undefined) return element.replaceChildren();
    if (!others.length) return element.replaceChildren(el("p", { class: "doubt" }, first));
    const summary = el("summary", {}, first, el("span", { class: "more" }, ` and ${others.length} more`));
    return element.replaceChildren(el("details", { class: "doubt" }, summary, el("ul", {}, others.map((words) => el("li", {}, words)))));
  }

  return { element, refresh };
}

/** Whether room must be left above a cloud for what is doubtful of any of these layers. */
export const doubtful = (layers) => layers.some((layer) => layer.degenerate || layer.warnings.length > 0);
