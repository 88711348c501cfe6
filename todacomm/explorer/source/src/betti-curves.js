// Betti curves over the scale, with the bands of the half-samples.

import { steps } from "./bars.js";
import { linear } from "./linear.js";
import { unpack } from "./read.js";
import { EDGE, makePanel } from "./scale-panel.js";
import { whole } from "./words.js";

/** Betti curves: one lane a degree, each with its own height, bands of the half-samples under them. */
export function makeBettiCurves(shared) {
  return makePanel({
    ...shared,
    name: "betti",
    label: "Betti curves over the scale",
    find: () => null,
    paint(context, width, height, { now, x, colours }) {
      const lane = height / now.degrees.length;
      now.degrees.forEach((degree, number) => {
        const corners = steps(degree);
        const band = now.bands[number];
        const highs = band ? unpack(band.hi) : [];
        const peak = Math.max(1, ...corners.map(([, count]) => count));
        const y = linear([0, Math.max(peak, ...highs)], [(number + 1) * lane - 4, number * lane + 9]);
        context.fillStyle = colours[`h${number}`];
        if (band) drawBand(context, x, y, unpack(band.scale), unpack(band.lo), highs);
        context.strokeStyle = colours[`h${number}`];
        context.lineWidth = 1.6;
        context.beginPath();
        context.moveTo(x(0), y(corners[0][1]));
        let before = corners[0][1];
        for (const [scale, count] of corners) {
          context.lineTo(x(scale), y(before));
          context.lineTo(x(scale), y(count));
          before = count;
        }
        context.lineTo(x(now.reach), y(0));
        context.stroke();
        label(context, colours, `β${subscript(number)}`, whole(peak), y(peak), y(0));
      });
    },
  });
}

function drawBand(context, x, y, scale, lo, hi) {
  context.globalAlpha = 0.18;
  context.beginPath();
  for (let at = 0; at < scale.length; at++) context.lineTo(x(scale[at]), y(hi[at]));
  for (let at = scale.length - 1; at >= 0; at--) context.lineTo(x(scale[at]), y(Math.max(0, lo[at])));
  context.fill();
  context.globalAlpha = 1;
}

function label(context, colours, name, top, yTop, yBottom) {
  context.textBaseline = "middle";
  context.textAlign = "left";
  context.fillStyle = colours.ink;
  context.fillText(name, 14, yBottom - 6);
  context.textAlign = "right";
  context.fillStyle = colours.muted;
  context.fillText(top, EDGE.left - 8, yTop + 4);
}

const subscript = (number) => "₀₁₂"[number];
