// Points on their way from one layer to the next.

import { mayMove } from "./theme.js";

const DURATION = 900;
const LONGEST_STEP = 60; // milliseconds that a frame may move points on, however late it comes

/** Positions that move to a new target on `go`, calling `frame` as they do. */
export function makeGlide(frame) {
  const now = { points: null, frame: null, done: 1 };
  let from = null;
  let target = null;
  let passed = 0;
  let last = 0;
  let running = 0;

  function go(next) {
    if (next === target) return;
    const same = target && next.points.length === target.points.length;
    from = same && mayMove() ? { points: Float32Array.from(now.points), frame: now.frame } : null;
    target = next;
    if (!from) return arrive();
    now.points = Float32Array.from(from.points);
    passed = 0;
    last = performance.now();
    if (!running) running = requestAnimationFrame(step);
  }

  function step(time) {
    running = 0;
    passed += Math.min(LONGEST_STEP, Math.max(0, time - last));
    last = time;
    const share = passed / DURATION;
    if (share >= 1) return arrive();
    const t = share < 0.5 ? 4 * share ** 3 : 1 - (2 - 2 * share) ** 3 / 2;
    const { points } = now;
    for (let at = 0; at < points.length; at++) {
      points[at] = from.points[at] + t * (target.points[at] - from.points[at]);
    }
    now.frame = from.frame.map(({ middle, half }, axis) => ({
      middle: middle + t * (target.frame[axis].middle - middle),
      half: half * (target.frame[axis].half / half) ** t,
    }));
    now.done = t;
    frame();
    running = requestAnimationFrame(step);
  }

  function arrive() {
    cancelAnimationFrame(running);
    running = 0;
    Object.assign(now, { points: target.points, frame: target.frame, done: 1 });
    frame();
  }

  return { now, go };
}
