// The barcode of the longest bars.

import { EDGE, across, makePanel } from "./scale-panel.js";

const PITCH = 4;

/** The longest bars of every degree, in the order of their births; as many as have room. */
export function makeBarcode(shared) {
  const layout = (now, height) => {
    const room = Math.floor((height - 4 * now.degrees.length) / PITCH);
    const shares = now.degrees.map((degree, number) => (number === 0 ? 0.35 : 0.65 / (now.degrees.length - 1)));
    let top = 2;
    return now.degrees.map((degree, number) => {
      const shown = degree.bars.slice(0, Math.max(1, Math.floor(room * (now.degrees.length > 1 ? shares[number] : 1))));
      shown.sort((a, b) => a.birth - b.birth || a.death - b.death);
      const rows = shown.map((bar, row) => ({ bar, y: top + row * PITCH + PITCH / 2 }));
      const group = { number, rows, top, count: degree.count };
      top += shown.length * PITCH + 6;
      return group;
    });
  };
  return makePanel({
    ...shared,
    name: "barcode",
    label: "Barcode of the longest bars; arrow keys choose a bar",
    find(x, y, width, height) {
      const now = shared.layer();
      if (!now.defined) return null;
      const to = across(now, width);
      for (const { number, rows } of layout(now, height)) {
        const row = rows.find((one) => Math.abs(one.y - y) <= PITCH / 2);
        if (row && x >= to(row.bar.birth) - 4 && x <= to(row.bar.death) + 4) return { degree: number, place: row.bar.place };
      }
      return null;
    },
    paint(context, width, height, { now, x, colours }) {
      const { bar: chosen } = shared.store.state;
      for (const { number, rows, top, count } of layout(now, height)) {
        for (const { bar, y } of rows) {
          const isChosen = chosen?.degree === number && chosen.place === bar.place;
          context.fillStyle = isChosen ? colours.ink : colours[`h${number}`];
          context.globalAlpha = isChosen ? 1 : 0.72;
          const thick = isChosen ? PITCH + 0.6 : PITCH - 1.4;
          context.fillRect(x(bar.birth), y - thick / 2, Math.max(1, x(bar.death) - x(bar.birth)), thick);
        }
        context.globalAlpha = 1;
        const middle = top + (rows.length * PITCH) / 2;
        context.textAlign = "right";
        context.textBaseline = "middle";
        context.fillStyle = colours.ink;
        context.fillText(`H${number}`, EDGE.left - 8, rows.length > 4 ? middle - 7 : middle);
        context.fillStyle = colours.muted;
        if (rows.length > 4) context.fillText(rows.length < count ? `${rows.length}/${count}` : `${count}`, EDGE.left - 8, middle + 7);
      }
    },
  });
}
