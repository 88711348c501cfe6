// The dendrogram of the spanning tree.

import { linear } from "./linear.js";
import { EDGE, across, makePanel } from "./scale-panel.js";
import { whole } from "./words.js";

/** The spanning tree as it joins groups: single linkage. */
export function makeDendrogram(shared) {
  const upright = (now, height) => linear([0, Math.max(1, now.merges.order.length - 1)], [5, height - 5]);
  return makePanel({
    ...shared,
    name: "dendrogram",
    label: "Dendrogram of the spanning tree; arrow keys choose a bar",
    find(px, py, width, height) {
      const now = shared.layer();
      if (!now.defined) return null;
      const [x, y] = [across(now, width), upright(now, height)];
      let [best, distance] = [null, 5];
      for (const join of now.merges.joins) {
        const ends = join.sides.map((side) => y(side.height)).sort((a, b) => a - b);
        const off = Math.max(Math.abs(x(join.scale) - px), ends[0] - py, py - ends[1]);
        if (off < distance) [best, distance] = [join, off];
      }
      return best && { degree: 0, place: now.degrees[0].bars.findIndex((bar) => bar.source === best.edge) };
    },
    paint(context, width, height, { now, x, colours }) {
      const y = upright(now, height);
      const { bar } = shared.store.state;
      const chosen = bar?.degree === 0 ? now.merges.joins[now.degrees[0].bars[bar.place].source] : null;
      context.globalAlpha = chosen ? 0.35 : 0.6;
      strokeJoins(context, now.merges.joins, x, y, colours.muted, 0.75);
      context.globalAlpha = 1;
      if (chosen) {
        chosen.sides.forEach((side, number) => {
          const colour = colours[number ? "side-b" : "side-a"];
          context.globalAlpha = 0.7;
          strokeJoins(context, joinsUnder(side), x, y, colour, 0.9);
        });
        context.globalAlpha = 1;
        strokeJoins(context, [chosen], x, y, colours.ink, 2);
      }
      context.textAlign = "right";
      context.textBaseline = "middle";
      context.fillStyle = colours.muted;
      context.fillText(whole(now.merges.order.length), EDGE.left - 12, height / 2 - 7);
      context.fillText("points", EDGE.left - 12, height / 2 + 7);
    },
    mark(context, width, height, { now, x, colours }) {
      const { hover, pin } = shared.store.state;
      const focus = hover >= 0 ? hover : pin;
      const place = focus >= 0 ? now.merges.place[focus] : -1;
      if (place < 0) return;
      context.beginPath();
      context.arc(x(0) - 5, upright(now, height)(place), 3.2, 0, 2 * Math.PI);
      context.fillStyle = colours.ink;
      context.fill();
    },
  });
}

function strokeJoins(context, joins, x, y, colour, width) {
  context.lineWidth = width;
  context.strokeStyle = colour;
  for (const join of joins) {
    const right = x(join.scale);
    const [a, b] = join.sides;
    context.beginPath();
    context.moveTo(x(a.scale), y(a.height));
    context.lineTo(right, y(a.height));
    context.lineTo(right, y(b.height));
    context.lineTo(x(b.scale), y(b.height));
    context.stroke();
  }
}

function joinsUnder(group) {
  const under = [];
  const waiting = [group];
  while (waiting.length) {
    const next = waiting.pop();
    if (!next.sides) continue;
    under.push(next);
    waiting.push(...next.sides);
  }
  return under;
}
