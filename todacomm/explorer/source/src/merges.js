// Single linkage out of the spanning tree: which groups an edge joins, in an order in which every group is a range.

/**
 * @param {{first: ArrayLike<number>, second: ArrayLike<number>, length: ArrayLike<number>}} tree edges from short to long
 * @returns `order`: texts so that every group is a range of it; `place`: text -> its place there, -1 outside the tree;
 *   `joins`: one an edge, with the ranges of the two groups that it joins and their heights in the drawing.
 */
export function makeMerges(tree, nTexts) {
  const parent = new Map();
  const group = new Map();
  const root = (text) => {
    let at = text;
    while (parent.has(at)) at = parent.get(at);
    while (parent.has(text)) {
      const next = parent.get(text);
      parent.set(text, at);
      text = next;
    }
    return at;
  };
  const leaf = (text) => ({ text, size: 1, from: 0, height: 0, scale: 0 });
  const joins = [];
  for (let edge = 0; edge < tree.length.length; edge++) {
    const ends = [root(tree.first[edge]), root(tree.second[edge])];
    let [a, b] = ends.map((end) => group.get(end) ?? leaf(end));
    if (b.size > a.size) [a, b] = [b, a];
    const join = { edge, scale: tree.length[edge], size: a.size + b.size, sides: [a, b], from: 0, height: 0 };
    parent.set(ends[1], ends[0]);
    group.set(ends[0], join);
    joins.push(join);
  }
  return { joins, ...laidOut(joins, nTexts) };
}

function laidOut(joins, nTexts) {
  const order = [];
  const place = new Int32Array(nTexts).fill(-1);
  const waiting = joins.length ? [joins[joins.length - 1]] : [];
  while (waiting.length) {
    const group = waiting.pop();
    group.from = order.length;
    if (group.sides) waiting.push(group.sides[1], group.sides[0]);
    else {
      group.height = order.length;
      place[group.text] = order.length;
      order.push(group.text);
    }
  }
  for (const join of joins) join.height = (join.sides[0].height + join.sides[1].height) / 2;
  return { order, place };
}

/** The texts of a group. */
export function members(merges, group) {
  return merges.order.slice(group.from, group.from + group.size);
}

/** Component of every text at a scale, the largest 0; -1 for texts outside the tree. */
export function componentsAt(merges, tree, scale, nTexts) {
  const cut = new Int32Array(nTexts).fill(-1);
  let joined = 0;
  while (joined < merges.joins.length && tree.length[joined] <= scale) joined++;
  const inside = new Uint8Array(merges.joins.length);
  const groups = [];
  for (let at = joined - 1; at >= 0; at--) {
    const join = merges.joins[at];
    if (!inside[at]) groups.push(join);
    for (const side of join.sides) if (side.sides) inside[side.edge] = 1;
  }
  groups.sort((a, b) => b.size - a.size);
  groups.forEach((group, number) => members(merges, group).forEach((text) => (cut[text] = number)));
  let next = groups.length;
  for (const text of merges.order) if (cut[text] < 0) cut[text] = next++;
  return cut;
}
