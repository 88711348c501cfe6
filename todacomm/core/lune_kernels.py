"""The lunes of edges, in machine code; :mod:`todacomm.core.lunes` says what is computed of them.

They call each other, and stand in one file for the reason in :mod:`todacomm.core.compiled`.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from todacomm.core.arrays import Single, Words
from todacomm.core.compiled import compiled

Over = NDArray[np.int32]
Values = NDArray[np.int16]

MOST_POINTS = 1 << 16
JOINED, BORN = -1, -2
"""What is kept of an edge without a lune: it joined two components, or gave birth to bar ``k``, kept as ``-2 - k``."""
N_BARS, N_ALIVE, N_WORDS = range(3)
NEVER = np.uint32(0x7F800000)
"""The bits of an infinite length. Lengths are compared by their bits, which are in the same order."""
ONE, PLACE, LENGTH = np.uint64(1), np.uint64(16), np.uint64(32)
DIGIT = 12
"""Bits of a length by which edges are sorted at a time."""
LAST_DIGIT = np.uint64((1 << DIGIT) - 1)


class State(NamedTuple):
    """What is known when some edges have entered.

    Attributes
    ----------
    near : ndarray of uint64, shape (n_points, words)
        The points that each is joined to, a bit for each.
    over : ndarray of int32, shape (n_points, n_points)
        Above the diagonal, a point of the lune of every edge that entered, or what the edge did without one.
    parent : ndarray of int64, shape (n_points,)
        Components of the graph.
    counts : ndarray of int64
        Number of bars, of bars alive, and of words in the columns.
    bars : ndarray of uint32, shape (at least n_bars, 2)
        Bits of the births and deaths.
    starts : ndarray of int64, shape (at least n_bars,)
        Where the column that ends a bar is found; -1 while the bar is alive.
    columns : ndarray of uint64
        The filled cycles after reduction, each up to the word of its youngest birth.
    """

    near: Words
    over: Over
    parent: NDArray[np.int64]
    counts: NDArray[np.int64]
    bars: NDArray[np.uint32]
    starts: NDArray[np.int64]
    columns: Words


@compiled
def edges(distances: Single, above: np.float32, upto: np.float32) -> Words:
    """Edges of lengths ``above < length <= upto``, in the order of their points; see :func:`_edge`."""
    n_points, n_edges = len(distances), 0
    for u in range(n_points):
        for length in distances[u, u + 1 :]:
            n_edges += (length > above) & (length <= upto)
    edges, n_edges = np.empty(n_edges, np.uint64), 0
    for u in range(n_points):
        lengths = distances[u, u + 1 :]
        for place in range(len(lengths)):
            if (lengths[place] > above) & (lengths[place] <= upto):
                edges[n_edges] = _edge(distances, u, u + 1 + place)
                n_edges += 1
    return edges


@compiled
def in_order(edges: Words) -> Words:
    """Edges given in the order of their points, shortest first: a radix sort by the bits of their lengths."""
    if not len(edges):
        return edges
    shortest = edges.min() >> LENGTH
    spread = (edges.max() >> LENGTH) - shortest
    other, places = np.empty_like(edges), np.empty(1 << DIGIT, np.int64)
    shift = np.uint64(0)
    while spread >> shift:
        places[:] = 0
        for edge in edges:
            places[(((edge >> LENGTH) - shortest) >> shift) & LAST_DIGIT] += 1
        n_before = 0
        for digit in range(len(places)):
            n_before, places[digit] = n_before + places[digit], n_before
        for edge in edges:
            digit = (((edge >> LENGTH) - shortest) >> shift) & LAST_DIGIT
            other[places[digit]] = edge
            places[digit] += 1
        edges, other = other, edges
        shift += np.uint64(DIGIT)
    return edges


@compiled
def edges_without_lune(distances: Single) -> Words:
    """Edges that enter without a lune: a point found for one edge is tried on all others of the same start."""
    n_points, n_edges = len(distances), 0
    edges, ends = np.empty(4 * n_points, np.uint64), np.empty(n_points, np.int64)
    for u in range(n_points):
        n_left = n_points - u - 1
        for place in range(n_left):
            ends[place] = u + 1 + place
        while n_left:
            v = ends[n_left - 1]
            point = _point_of_lune(distances, u, v)
            if point >= 0:
                n_left = _without(distances, u, point, ends, n_left)
                continue
            n_left -= 1
            if n_edges == len(edges):
                edges = np.append(edges, np.empty_like(edges))
            edges[n_edges] = _edge(distances, u, v)
            n_edges += 1
    return edges[:n_edges]


@compiled
def last_cycle(edges: Words, parent: NDArray[np.int64]) -> np.uint32:
    """Bits of the length of the last edge that joins no two components."""
    last = np.uint32(0)
    for edge in edges:
        if not _join(parent, *_points(edge)):
            last = np.uint32(edge >> LENGTH)
    return last


@compiled
def enter(
    edges: Words, last: np.float32, distances: Single, state: State
) -> tuple[NDArray[np.uint32], NDArray[np.int64], Words]:
    """Edges enter in the order given, until nothing is alive and none is longer than the last birth."""
    near, over, counts = state.near, state.over, state.counts
    bars, starts, columns = state.bars, state.starts, state.columns
    lune, unreached, part = np.empty_like(near[0]), np.empty_like(near[0]), np.empty_like(near[0])
    others, path = np.empty(len(near), np.int64), np.empty(256, np.uint64)
    cycle, last_bits = np.zeros(len(bars) // 64, np.uint64), np.float32(last).view(np.uint32)
    for edge in edges:
        length = np.uint32(edge >> LENGTH)
        if not counts[N_ALIVE] and length > last_bits:
            break
        u, v = _points(edge)
        point = _meeting(near, u, v, lune)
        near[u, v >> 6] |= _bit(v)
        near[v, u >> 6] |= _bit(u)
        if point >= 0:
            over[u, v] = point
            for place in range(_parts(lune, point, near, unreached, part, others) if counts[N_ALIVE] else 0):
                path = _write_cycle(u, v, point, others[place], distances, over, path, cycle)
                columns = _fill(cycle, length, bars, starts, columns, counts)
        elif _join(state.parent, u, v):
            over[u, v] = JOINED
        else:
            n_bars = counts[N_BARS]
            if n_bars == len(starts):
                bars = np.append(bars, np.empty_like(bars)).reshape(-1, 2)
                starts = np.append(starts, np.empty_like(starts))
                cycle = np.zeros(len(bars) // 64, np.uint64)
            over[u, v] = BORN - n_bars
            bars[n_bars, 0], bars[n_bars, 1], starts[n_bars] = length, NEVER, -1
            counts[N_BARS] += 1
            counts[N_ALIVE] += 1
    return bars, starts, columns


@compiled
def filled(edges: Words, n_before: int, n_points: int) -> NDArray[np.int64]:
    """What the lunes of edges fill, the first few aside: two ends, and a point of one part and of another."""
    near = np.zeros((n_points, (n_points + 63) >> 6), np.uint64)
    lune, unreached, part = np.empty_like(near[0]), np.empty_like(near[0]), np.empty_like(near[0])
    others, cycles, n_cycles = np.empty(n_points, np.int64), np.empty((n_points, 4), np.int64), 0
    for place in range(len(edges)):
        u, v = _points(edges[place])
        point = _meeting(near, u, v, lune) if place >= n_before else JOINED
        if point >= 0:
            for other in others[: _parts(lune, point, near, unreached, part, others)]:
                if n_cycles == len(cycles):
                    cycles = np.append(cycles, np.empty_like(cycles)).reshape(-1, 4)
                cycles[n_cycles] = u, v, point, other
                n_cycles += 1
        near[u, v >> 6] |= _bit(v)
        near[v, u >> 6] |= _bit(u)
    return cycles[:n_cycles]


@compiled
def on_births(bar: int, bars: NDArray[np.uint32], starts: NDArray[np.int64], columns: Words) -> Values:
    """Values of a bar's cocycle over Z/2 on all births."""
    values, odd = np.zeros(len(bars), np.int16), np.zeros((len(bars) >> 6) + 1, np.uint64)
    values[bar], odd[bar >> 6] = 1, _bit(bar)
    for birth in range(bar + 1, len(bars)):
        if bars[birth, 1] < bars[bar, 1]:
            total = np.uint64(0)
            for word in range(bar >> 6, (birth >> 6) + 1):
                total ^= columns[starts[birth] + word] & odd[word]
            for half in (32, 16, 8, 4, 2, 1):
                total ^= total >> np.uint64(half)
            if total & ONE:
                values[birth] = 1
                odd[birth >> 6] |= _bit(birth)
    return values


@compiled
def on_edges(edges: Words, over: Over, on_births: Values, prime: int) -> Values:
    """Values of a cocycle on edges, shortest first, each from the smaller point to the larger.

    It is 0 on all shorter edges.
    """
    values, matrix = np.zeros(len(edges), np.int16), np.zeros(over.shape, np.int16)
    for place in range(len(edges)):
        u, v = _points(edges[place])
        point = over[u, v]
        if point >= 0:
            there = matrix[u, point] if u < point else -matrix[point, u]
            back = matrix[v, point] if v < point else -matrix[point, v]
            matrix[u, v] = values[place] = (there - back) % prime
        elif point <= BORN:
            matrix[u, v] = values[place] = on_births[BORN - point]
    return values


@compiled
def _point_of_lune(distances: Single, u: int, v: int) -> int:
    """A point of the lune of an edge, or -1."""
    point = len(distances) - 1
    while point >= 0 and not _in_lune(distances, u, v, point):
        point -= 1
    return point


@compiled
def _without(distances: Single, u: int, point: int, ends: NDArray[np.int64], n_ends: int) -> int:
    """Keep the ends of edges from ``u`` whose lunes the point is not in, and count them."""
    n_left = 0
    for place in range(n_ends):
        end = ends[place]
        ends[n_left] = end
        n_left += int(not _in_lune(distances, u, end, point))
    return n_left


@compiled
def _in_lune(distances: Single, u: int, v: int, point: int) -> bool:
    """Whether both are joined to the point before they are joined to each other."""
    length, longer = distances[u, v], max(distances[u, point], distances[v, point])
    if longer != length:
        return bool(longer < length)
    return bool(max(_edge(distances, u, point), _edge(distances, v, point)) < _edge(distances, u, v))


@compiled
def _parts(lune: Words, point: int, near: Words, unreached: Words, part: Words, others: NDArray[np.int64]) -> int:
    """One point of every part of a lune but that of the point given: they are written to ``others``, and counted."""
    for word in range(len(lune)):
        unreached[word] = lune[word] & ~near[point, word]
        part[word] = lune[word] & near[point, word]
    unreached[point >> 6] ^= _bit(point)
    part[point >> 6] |= _bit(point)
    n_others = 0
    while _points_left(part, unreached, near):
        other = _last(unreached)
        unreached[other >> 6] ^= _bit(other)
        part[:] = 0
        part[other >> 6] = _bit(other)
        others[n_others] = other
        n_others += 1
    return n_others


@compiled
def _points_left(part: Words, unreached: Words, near: Words) -> bool:
    """Let a part grow by all points that are joined to it, and say whether others are left."""
    grown = left = True
    while grown and left:
        grown = left = False
        for word in range(len(part)):
            bits = unreached[word]
            while bits:
                point = _highest(bits)
                bits ^= _bit(point)
                if _meet(near, 64 * word + point, part):
                    unreached[word] ^= _bit(point)
                    part[word] |= _bit(point)
                    grown = True
                else:
                    left = True
    return left


@compiled
def _write_cycle(
    u: int, v: int, first: int, second: int, distances: Single, over: Over, path: Words, cycle: Words
) -> Words:
    """The cycle u, first, v, second as a sum of births; ``path`` is room for the edges that are still to be gone over.

    The longest edge is next, so that edges which come in twice are gone before they are gone over: their number would
    double from step to step where many points coincide.
    """
    n_edges = 0
    for point in (first, second):
        n_edges = _toggle(u, point, distances, over, path, n_edges, cycle)
        n_edges = _toggle(v, point, distances, over, path, n_edges, cycle)
    while n_edges:
        if n_edges == len(path):
            path = np.append(path, np.empty_like(path))
        longest = path[:n_edges].argmax()
        start, end = _points(path[longest])
        n_edges -= 1
        path[longest] = path[n_edges]
        n_edges = _toggle(start, over[start, end], distances, over, path, n_edges, cycle)
        n_edges = _toggle(end, over[start, end], distances, over, path, n_edges, cycle)
    return path


@compiled
def _toggle(u: int, v: int, distances: Single, over: Over, path: Words, n_edges: int, cycle: Words) -> int:
    """Add an edge to a sum over Z/2, of births and of ``n_edges`` edges that have a lune; returns their number then."""
    u, v = min(u, v), max(u, v)
    point = over[u, v]
    if point <= BORN:
        cycle[(BORN - point) >> 6] ^= _bit(BORN - point)
    if point < 0:
        return n_edges
    edge = _edge(distances, u, v)
    for place in range(n_edges):
        if path[place] == edge:
            path[place] = path[n_edges - 1]
            return n_edges - 1
    path[n_edges] = edge
    return n_edges + 1


@compiled
def _fill(
    cycle: Words, length: np.uint32, bars: NDArray[np.uint32], starts: NDArray[np.int64], columns: Words,
    counts: NDArray[np.int64],
) -> Words:  # fmt: skip
    """Reduce a cycle that is filled by those filled before it, and end its youngest bar; nothing is left of it."""
    bar = _last(cycle)
    while bar >= 0 and starts[bar] >= 0:
        start = starts[bar]
        for word in range((bar >> 6) + 1):
            cycle[word] ^= columns[start + word]
        bar = _last(cycle)
    if bar < 0:
        return columns
    start, n_words = counts[N_WORDS], (bar >> 6) + 1
    while start + n_words > len(columns):
        columns = np.append(columns, np.empty_like(columns))
    for word in range(n_words):
        columns[start + word] = cycle[word]
        cycle[word] = 0
    starts[bar], bars[bar, 1] = start, length
    counts[N_WORDS] += n_words
    counts[N_ALIVE] -= 1
    return columns


@compiled
def _join(parent: NDArray[np.int64], u: int, v: int) -> bool:
    """Whether two points were in two components, which are one from now on."""
    while parent[u] != u:
        parent[u] = parent[parent[u]]
        u = parent[u]
    while parent[v] != v:
        parent[v] = parent[parent[v]]
        v = parent[v]
    parent[u] = v
    return u != v


@compiled
def _edge(distances: Single, u: int, v: int) -> np.uint64:
    """An edge as a word: the bits of its length, then its points. Words are in the order in which edges enter."""
    points = (np.uint64(min(u, v)) << PLACE) | np.uint64(max(u, v))
    return (np.uint64(np.float32(distances[u, v]).view(np.uint32)) << LENGTH) | points


@compiled
def _points(edge: np.uint64) -> tuple[int, int]:
    points = np.int64(edge & np.uint64(0xFFFFFFFF))
    return points >> 16, points & 0xFFFF  # type: ignore[return-value]


@compiled
def _bit(place: int) -> np.uint64:
    return ONE << np.uint64(place & 63)


@compiled
def _meeting(rows: Words, first: int, second: int, both: Words) -> int:
    """Write what two rows share, and return the last place of it, or -1."""
    for word in range(len(both)):
        both[word] = rows[first, word] & rows[second, word]
    return _last(both)


@compiled
def _meet(rows: Words, first: int, second: Words) -> bool:
    """Whether two rows share a place; the last places, those of central points, are the likeliest."""
    word = len(second) - 1
    while word >= 0 and not rows[first, word] & second[word]:
        word -= 1
    return word >= 0


@compiled
def _last(row: Words) -> int:
    """The last place in a row, or -1."""
    for word in range(len(row) - 1, -1, -1):
        if row[word]:
            return 64 * word + _highest(row[word])
    return -1


@compiled
def _highest(word: np.uint64) -> int:
    """Place of the highest bit of a word that is not 0."""
    place = 0
    for half in (32, 16, 8, 4, 2, 1):
        if word >> np.uint64(half):
            word >>= np.uint64(half)
            place += half
    return place
