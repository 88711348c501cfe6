// The bars that were looked into, as a table of buttons: the longest loops and the widest gaps.

import { el } from "./dom.js";
import { figure, MEANINGS, whole } from "./words.js";
import { verdictIcon } from "./strip.js";

const GAPS = 3;

export function makeBarTable({ store, layer, choose }) {
  const element = el("div", { class: "bar-table" });

  function render() {
    const now = layer();
    const { bar } = store.state;
    const isChosen = (degree, place) => bar?.degree === degree && bar.place === place;
    const length = (one) => figure((one.death - one.birth) / (now.unit ?? 1));
    const head = (...names) => el("thead", {}, el("tr", {}, names.map((name) => el("th", { scope: "col" }, name))));
    const button = (degree, place, label) =>
      el("button", { type: "button", class: "bar-button", "aria-pressed": String(isChosen(degree, place)), "data-bar": `${degree}:${place}`, onclick: () => choose(isChosen(degree, place) ? null : { degree, place }) }, label); // prettier-ignore
    const unit = now.unit ? "medians" : "length";
    const parts = [];
    if (now.loops.length && now.defined) {
      const rows = now.loops.map((loop) =>
        el("tr", { class: isChosen(1, loop.place) ? "chosen" : null },
          el("td", {}, button(1, loop.place, `H1 · ${loop.rank}`)),
          el("td", { class: "number" }, length(loop)),
          el("td", { class: "number" }, loop.reproduction === null ? "–" : figure(loop.reproduction, 2)),
          el("td", { title: MEANINGS[loop.verdict] }, verdictIcon(loop.verdict), " ", loop.verdict))); // prettier-ignore
      parts.push(el("table", {}, head("loops", unit, "repr.", "verdict"), el("tbody", {}, rows)));
    }
    if (now.defined) {
      const rows = now.degrees[0].bars.slice(0, GAPS).map((one) => {
        const sides = now.merges.joins[one.source].sides.map((side) => side.size);
        return el("tr", { class: isChosen(0, one.place) ? "chosen" : null },
          el("td", {}, button(0, one.place, `H0 · ${one.place + 1}`)),
          el("td", { class: "number" }, length(one)),
          el("td", { class: "number", colspan: 2 }, sides.map(whole).join(" | "))); // prettier-ignore
      });
      const sides = el("th", { scope: "col", colspan: 2 }, "texts on each side");
      parts.push(el("table", {}, el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "gaps"), el("th", { scope: "col" }, unit), sides)), el("tbody", {}, rows))); // prettier-ignore
    }
    const focused = element.contains(document.activeElement) ? document.activeElement.dataset.bar : null;
    element.replaceChildren(...parts);
    if (focused) element.querySelector(`[data-bar="${focused}"]`)?.focus();
  }

  return { element, refresh: render };
}
