// A canvas that keeps the size of its box and the sharpness of the screen, drawn at most once a frame.

import { onTheme } from "./theme.js";

/**
 * @param {HTMLCanvasElement} canvas
 * @param {(context: CanvasRenderingContext2D, width: number, height: number) => void} draw
 */
export function makeSurface(canvas, draw) {
  const context = canvas.getContext("2d");
  const size = { width: 0, height: 0 };
  let waiting = false;

  function paint() {
    waiting = false;
    if (!size.width || !size.height) return;
    const ratio = Math.min(3, devicePixelRatio || 1);
    const [width, height] = [Math.round(size.width * ratio), Math.round(size.height * ratio)];
    if (canvas.width !== width || canvas.height !== height) [canvas.width, canvas.height] = [width, height];
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, size.width, size.height);
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
  onTheme(request);
  return { request, size, context };
}

/** Where a pointer is within an element. */
export function within(element, event) {
  const box = element.getBoundingClientRect();
  return [event.clientX - box.left, event.clientY - box.top];
}
