// Reads the page's data and builds the page that they are for.

import { makeComparisonPage } from "./comparison-page.js";
import { makeLayersPage } from "./layers-page.js";
import { readData } from "./read.js";

const FORMAT = 2;
const data = readData();
const main = document.querySelector("main");
const header = document.querySelector("header");
if (data.format !== FORMAT) {
  main.textContent = `This page reads data of format ${FORMAT}, these are of format ${data.format}: write the page anew.`;
} else {
  const make = { layers: makeLayersPage, comparison: makeComparisonPage }[data.kind];
  globalThis.explorer = make(data, main, header);
}
document.documentElement.dataset.ready = "true";
