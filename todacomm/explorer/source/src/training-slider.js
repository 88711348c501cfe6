// The slider over the checkpoints of a training.

import { el } from "./dom.js";

/**
 * @param {{labels: () => string[], place: () => number, choose: (place: number) => void}} options labels of the
 *   checkpoints in their order, which of them is shown, and what to do when another one is chosen
 */
export function makeTrainingSlider({ labels, place, choose }) {
  const slider = el("input", { type: "range", id: "checkpoint", min: 0, step: 1, "aria-label": "Checkpoint" });
  const words = el("output", { for: "checkpoint" });
  const ends = [el("span", { class: "panel-note" }), el("span", { class: "panel-note" })];
  slider.addEventListener("input", () => choose(Number(slider.value)));
  const element = el("section", { class: "panel checkpoints", "aria-label": "Training" }, el("h2", {}, "Training"), words, ends[0], slider, ends[1]);

  function refresh() {
    const all = labels();
    slider.max = all.length - 1;
    slider.value = place();
    words.textContent = all[place()] ?? "";
    slider.setAttribute("aria-valuetext", words.textContent);
    [ends[0].textContent, ends[1].textContent] = [all[0], all[all.length - 1]];
  }

  return { element, refresh };
}
