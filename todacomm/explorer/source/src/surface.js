// A canvas that keeps the size of its box and the sharpness of the screen, drawn at most once a frame.

import { onTheme } from "./theme.js";

/**
 * @param {HTMLCanvasElement} canvas
 * @param {(context: CanvasRenderingContext2D, width: number, height: number) => void} draw what changes with every frame
 * @param {...{key: () => string, paint: Function}} sheets what lies under it, the lowest first; each is painted anew
 *   only where its key, the size or the colours have changed
 */
export function makeSurface(canvas, draw, ...sheets) {
  const context = canvas.getContext("2d");
  const size = { width: 0, height: 0 };
  const under = sheets.map((sheet) => ({ ...sheet, context: document.createElement("canvas").getContext("2d"), painted: null }));
  let waiting = false;

  function paint() {
    waiting = false;
    if (!size.width || !size.height) return;
    const ratio = Math.min(3, devicePixelRatio || 1);
    const [width, height] = [Math.round(size.width * ratio), Math.round(size.height * ratio)];
    fit(canvas, width, height);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, width, height);
    for (const sheet of under) {
      const key = `${width} ${height} ${sheet.key()}`;
      if (key !== sheet.painted) {
        fit(sheet.context.canvas, width, height);
        sheet.context.setTransform(1, 0, 0, 1, 0, 0);
        sheet.context.clearRect(0, 0, width, height);
        sheet.context.setTransform(ratio, 0, 0, ratio, 0, 0);
        sheet.paint(sheet.context, size.width, size.height);
        sheet.painted = key;
      }
      context.drawImage(sheet.context.canvas, 0, 0);
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    draw(context, size.width, size.height);
  }

  function request() {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(paint);
  }

  new ResizeObserver(([entry]) => {
    size.width = entry.contentRect.width;
    size.height = entry.contentRect.height;
    request();
  }).observe(canvas);
  onTheme(() => {
    for (const sheet of under) sheet.painted = null;
    request();
  });
  return { request, size, context };
}

function fit(canvas, width, height) {
  if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
}

/** The family of letters in which a panel is written. */
export const letters = (element) => getComputedStyle(element).fontFamily;

/** Where a pointer is within an element. */
export function within(element, event) {
  const box = element.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}
