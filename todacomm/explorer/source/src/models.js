// Which two of several models are shown: the choice of the pair, and the slider over the checkpoints of a training.

import { el } from "./dom.js";
import { makeTrainingSlider } from "./training-slider.js";
import { makeSelect } from "./toolbar.js";
import { whole } from "./words.js";

/** The pair to begin with: the last checkpoint of a training and its first one, else the first two models. */
export function startModels(sides) {
  const [training] = trainings(sides);
  return training ? [training[training.length - 1], training[0]] : [0, 1];
}

/** The checkpoints of every training, each in the order of its steps, as places among the sides. */
function trainings(sides) {
  const groups = new Map();
  sides.forEach(({ training }, place) => training && groups.set(training, [...(groups.get(training) ?? []), place]));
  for (const places of groups.values()) places.sort((a, b) => sides[a].step - sides[b].step);
  return [...groups.values()].filter((places) => places.length > 1);
}

/** The measures of similarity: [name, label] pairs. */
export function measures({ similarities }) {
  return [...new Map(similarities.map(({ name, label }) => [name, label]))];
}

/** The chosen measure of the two models that are shown, rows for the first; without numbers where there are none. */
export function orientedMap({ similarities }, { first, second, similarity }, sides) {
  const turned = (grid) => grid && grid[0].map((_, column) => grid.map((row) => row[column]));
  const same = similarities.filter(({ name }) => name === similarity);
  const straight = same.find(({ left, right }) => left === first && right === second);
  if (straight) return straight;
  const other = same.find(({ left, right }) => left === second && right === first);
  if (other) return { ...other, values: turned(other.values), chance: turned(other.chance), p: turned(other.p) };
  const values = sides[0].layers.map(() => sides[1].layers.map(() => null));
  return { label: same[0]?.label ?? "", values, higher: true, chance: null, p: null };
}

/** What stands in rows and columns of the map; a choice where there are more than two models. */
export function makeModelChoice({ data, store, models }) {
  const { state } = store;
  const names = data.sides.map((side, place) => [String(place), side.name]);
  const selects = ["first", "second"].map((which) => {
    const label = which === "first" ? "Rows, left cloud" : "Columns, right cloud";
    return makeSelect(which, label, names, String(state[which]), (chosen) => choose(which, Number(chosen)));
  });
  const shown = ["rows ", "columns "].map((word, at) => el("label", { class: "field" }, el("span", {}, word), names.length > 2 ? selects[at] : el("bdi", {}, names[[state.first, state.second][at]][1])));
  const key = "○ the most alike of a row · × no more alike than texts paired at random, where tested";
  const element = el("div", { class: "hint map-key" }, el("div", { class: "pair-choice" }, shown), el("span", {}, key));

  /** Another model at the same relative depth; one that stands on the other side changes places with it. */
  function choose(which, model) {
    const [other, own] = which === "first" ? ["second", "left"] : ["first", "right"];
    if (model === state[other]) return store.set({ first: state.second, second: state.first, left: state.right, right: state.left });
    const depth = state[own] / Math.max(1, models[state[which]].count - 1);
    return store.set({ [which]: model, [own]: Math.round(depth * (models[model].count - 1)) });
  }

  function refresh() {
    [selects[0].value, selects[1].value] = [String(state.first), String(state.second)];
  }

  return { element, refresh };
}

/** The slider that takes the right cloud through the checkpoints of its training. */
export function makeTraining({ data, store }) {
  const { state } = store;
  const all = trainings(data.sides);
  const places = () => all.find((training) => training.includes(state.second)) ?? [];
  const stops = () => places().filter((place) => place !== state.first);
  const slider = makeTrainingSlider({
    labels: () => stops().map((place) => `step ${whole(data.sides[place].step)}`),
    place: () => stops().indexOf(state.second),
    choose: (at) => store.set({ second: stops()[at] }),
  });

  function refresh() {
    slider.element.hidden = stops().length < 2;
    if (stops().length) slider.refresh();
  }

  return { element: slider.element, known: all.length > 0, refresh };
}
