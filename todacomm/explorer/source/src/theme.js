// Light or dark, as the reader's system has it or as chosen on the page; and the colours that canvases draw with.

const query = matchMedia("(prefers-color-scheme: dark)");
const still = matchMedia("(prefers-reduced-motion: reduce)");
const listeners = new Set();
let chosen = null;
let colours = null;

export const mode = () => chosen ?? (query.matches ? "dark" : "light");

/** Whether things may move by themselves. */
export const mayMove = () => !still.matches;

/** The colours of the style sheet's variables, by name. */
export function theme() {
  if (!colours) {
    const style = getComputedStyle(document.documentElement);
    const names = ["ground", "panel", "ink", "muted", "faint", "line", "h0", "h1", "h2", "accent", "doubt", "side-a", "side-b"];
    colours = Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
  }
  return colours;
}

/** Call `listener` whenever the colours change. */
export function onTheme(listener) {
  listeners.add(listener);
}

export function switchMode() {
  chosen = mode() === "dark" ? "light" : "dark";
  document.documentElement.dataset.mode = chosen;
  renew();
}

function renew() {
  colours = null;
  for (const listener of listeners) listener();
}

query.addEventListener("change", renew);
