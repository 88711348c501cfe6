// Elements out of names, attributes and children. Words become text, never markup.

const SVG = "http://www.w3.org/2000/svg";
const ALLOWED = /^(aria-[a-z]+|data-[a-z-]+|class|id|role|tabindex|type|value|for|name|min|max|step|title|lang|dir|placeholder|autocomplete|spellcheck|readonly|rows|scope|colspan|hidden|disabled|checked|open|start)$/;
const DRAWN = /^(aria-[a-z]+|data-[a-z-]+|class|role|d|x|y|x1|x2|y1|y2|cx|cy|r|rx|width|height|viewBox|transform|fill|stroke|stroke-width|stroke-dasharray|stroke-linejoin|stroke-linecap|opacity|fill-opacity|text-anchor|dominant-baseline|id|patternUnits|patternTransform|focusable)$/;

/** An HTML element; functions among the attributes are listeners (`onclick`). */
export function el(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children, ALLOWED);
}

/** An SVG element. */
export function svg(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children, DRAWN);
}

function filled(element, attributes, children, allowed) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function" && name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (allowed.test(name)) element.setAttribute(name, value === true ? "" : String(value));
    else throw new Error(`attribute ${name} is not for ${element.tagName}`);
  }
  element.append(...children.flat(3).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** The choices of a select, as [value, label] pairs. */
export function choices(select, pairs, chosen) {
  select.replaceChildren(
    ...pairs.map(([value, label]) => {
      const option = el("option", { value }, label);
      option.selected = value === chosen;
      return option;
    }),
  );
}

let region = null;
let pending = 0;

/** Say something to a screen reader, soon, the last of several in a row. */
export function announce(words) {
  region ??= document.getElementById("announcements");
  clearTimeout(pending);
  pending = setTimeout(() => {
    region.textContent = words;
  }, 150);
}
