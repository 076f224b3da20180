/**
 * Places for nodes. `flow`: layers from left to right by hop or time, ordered by weighted barycentre sweeps, then moved towards their neighbours as far as
 * the order allows. Deterministic: ties go by id. What a person placed (`pinned`) is not moved, and new nodes are put beside their parent without moving
 * what stands.
 */
import { COLUMN, Room, ROW } from './room.ts';

export interface Box {
  readonly id: string;
  readonly layer: number | null;
  readonly time: number | null;
  readonly x: number;
  readonly y: number;
  readonly pinned: boolean;
}
export interface Tie {
  readonly from: string;
  readonly to: string;
  /** Positive; heavier ties are kept straighter. */
  readonly weight: number;
}
export type Spot = readonly [id: string, x: number, y: number];

const SWEEPS = 8;

interface Net {
  readonly ids: string[];
  readonly at: Map<string, number>;
  /** Neighbours of node i are `ends[starts[i]..starts[i+1]]`. */
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
  readonly weights: Float64Array;
  readonly from: Uint32Array;
  readonly to: Uint32Array;
}

function net(boxes: readonly Box[], ties: readonly Tie[]): Net {
  const ids = boxes.map((b) => b.id).sort();
  const at = new Map(ids.map((id, i) => [id, i]));
  const pairs = ties.flatMap((t) => { const a = at.get(t.from), b = at.get(t.to); return a === undefined || b === undefined || a === b ? [] : [[a, b, t.weight] as const]; });
  pairs.sort((p, q) => p[0] - q[0] || p[1] - q[1] || p[2] - q[2]);
  const starts = new Uint32Array(ids.length + 1);
  for (const [a, b] of pairs) for (const n of [a, b]) starts[n + 1] = (starts[n + 1] ?? 0) + 1;
  for (let i = 0; i < ids.length; i += 1) starts[i + 1] = (starts[i + 1] ?? 0) + (starts[i] ?? 0);
  const fill = starts.slice();
  const ends = new Uint32Array(pairs.length * 2);
  const weights = new Float64Array(pairs.length * 2);
  for (const [a, b, w] of pairs) for (const [n, m] of [[a, b], [b, a]] as const) {
    const k = fill[n] ?? 0;
    ends[k] = m;
    weights[k] = w;
    fill[n] = k + 1;
  }
  return { ids, at, starts, ends, weights, from: Uint32Array.from(pairs, (p) => p[0]), to: Uint32Array.from(pairs, (p) => p[1]) };
}

/** Layers: the given hop; else one past the furthest predecessor, in the order of time and id where money goes in circles. */
function layersOf(g: Net, boxes: ReadonlyMap<string, Box>): Int32Array {
  const n = g.ids.length;
  const layer = new Int32Array(n);
  const given = new Uint8Array(n);
  const time = new Float64Array(n);
  g.ids.forEach((id, i) => {
    const box = boxes.get(id);
    time[i] = box?.time ?? Infinity;
    if (box && box.layer !== null) {
      layer[i] = box.layer;
      given[i] = 1;
    }
  });
  const out: number[][] = Array.from({ length: n }, () => []);
  const open = new Int32Array(n);
  for (let e = 0; e < g.from.length; e += 1) {
    const a = g.from[e] ?? 0, b = g.to[e] ?? 0;
    out[a]?.push(b);
    open[b] = (open[b] ?? 0) + 1;
  }
  const order = Array.from({ length: n }, (_, i) => i).sort((a, b) => ((time[a] ?? 0) < (time[b] ?? 0) ? -1 : (time[a] ?? 0) > (time[b] ?? 0) ? 1 : a - b));
  const ready = order.filter((i) => open[i] === 0);
  const done = new Uint8Array(n);
  let next = 0;
  for (let seen = 0; seen < n; seen += 1) {
    let i = ready.pop();
    // A circle: it is broken at its earliest node.
    while (i === undefined && next < n) {
      const first = order[next] ?? 0;
      next += 1;
      if (!done[first]) i = first;
    }
    if (i === undefined) break;
    if (done[i]) { seen -= 1; continue; }
    done[i] = 1;
    for (const to of out[i] ?? []) {
      open[to] = (open[to] ?? 0) - 1;
      if (done[to]) continue;
      if (!given[to]) layer[to] = Math.max(layer[to] ?? 0, (layer[i] ?? 0) + 1);
      if (open[to] === 0) ready.push(to);
    }
  }
  return layer;
}

/** Values as near to the wanted ones as an order with least distances allows (least squares, by pooling adjacent violators). */
export function separated(wanted: readonly number[], gap: number): number[] {
  const blocks: { sum: number; count: number }[] = [];
  wanted.forEach((w, i) => {
    let block = { sum: w - i * gap, count: 1 };
    for (let last = blocks.at(-1); last && last.sum / last.count > block.sum / block.count; last = blocks.at(-1)) {
      blocks.pop();
      block = { sum: last.sum + block.sum, count: last.count + block.count };
    }
    blocks.push(block);
  });
  const out: number[] = [];
  for (const { sum, count } of blocks) for (let k = 0; k < count; k += 1) out.push(sum / count + out.length * gap);
  return out;
}

/** Rows of nodes within given columns; both the order and the heights. */
function rows(g: Net, column: Int32Array, gap: number): Float64Array {
  const n = g.ids.length;
  const columns = new Map<number, number[]>();
  for (let i = 0; i < n; i += 1) {
    const list = columns.get(column[i] ?? 0);
    if (list) list.push(i);
    else columns.set(column[i] ?? 0, [i]);
  }
  const order = [...columns.keys()].sort((a, b) => a - b);
  const y = new Float64Array(n);
  // At first the heaviest stand above; what the sweeps leave equal stays so.
  const heft = new Float64Array(n);
  for (let i = 0; i < n; i += 1) for (let k = g.starts[i] ?? 0; k < (g.starts[i + 1] ?? 0); k += 1) heft[i] = (heft[i] ?? 0) + (g.weights[k] ?? 0);
  for (const list of columns.values()) list.sort((a, b) => (heft[b] ?? 0) - (heft[a] ?? 0) || a - b);
  for (const list of columns.values()) list.forEach((i, k) => { y[i] = (k - (list.length - 1) / 2) * gap; });
  const mean = (i: number, side: -1 | 0 | 1): number => {
    let sum = 0, all = 0;
    for (let k = g.starts[i] ?? 0; k < (g.starts[i + 1] ?? 0); k += 1) {
      const m = g.ends[k] ?? 0;
      const span = (column[m] ?? 0) - (column[i] ?? 0);
      if (side !== 0 && Math.sign(span) !== side) continue;
      const w = (g.weights[k] ?? 0) / (1 + Math.abs(span));
      sum += w * (y[m] ?? 0);
      all += w;
    }
    return all > 0 ? sum / all : (y[i] ?? 0);
  };
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    const side = sweep % 2 === 0 ? -1 : 1;
    for (const c of side < 0 ? order : [...order].reverse()) {
      const list = columns.get(c) ?? [];
      const want = new Map(list.map((i) => [i, mean(i, side)]));
      list.sort((a, b) => (want.get(a) ?? 0) - (want.get(b) ?? 0));
      const placed = separated(list.map((i) => want.get(i) ?? 0), gap);
      list.forEach((i, k) => { y[i] = placed[k] ?? 0; });
    }
  }
  // Heights once more towards both sides, in the order that stands.
  for (const c of order) {
    const list = columns.get(c) ?? [];
    const placed = separated(list.map((i) => mean(i, 0)), gap);
    list.forEach((i, k) => { y[i] = placed[k] ?? 0; });
  }
  return y;
}

const round = (v: number): number => Math.round(v * 10) / 10;

/** Places of a layout in which no two nodes are too near one another: what a person placed stays, and what would lie there goes to the nearest free row. */
function spots(g: Net, boxes: ReadonlyMap<string, Box>, x: (i: number) => number, y: (i: number) => number): Spot[] {
  const room = new Room([...boxes.values()].filter((b) => b.pinned).map((b) => [b.x, b.y]));
  const found = g.ids.map((id, i): Spot => { const b = boxes.get(id); return b?.pinned ? [id, b.x, b.y] : [id, round(x(i)), round(y(i))]; });
  const covered = found.map(([id, px, py]) => boxes.get(id)?.pinned !== true && !room.isFree(px, py));
  found.forEach(([id, px, py], i) => { if (boxes.get(id)?.pinned !== true && !covered[i]) room.take(px, py); });
  return found.map(([id, px, py], i) => {
    if (!covered[i]) return [id, px, py];
    const free = round(room.row(px, py));
    room.take(px, free);
    return [id, px, free];
  });
}

export function flow(boxes: readonly Box[], ties: readonly Tie[]): Spot[] {
  const g = net(boxes, ties);
  const by = new Map(boxes.map((b) => [b.id, b]));
  const layer = layersOf(g, by);
  const y = rows(g, layer, ROW);
  return spots(g, by, (i) => (layer[i] ?? 0) * COLUMN, (i) => y[i] ?? 0);
}

/** Columns by time: as far apart as the times are, but a column at least; nodes without a time stand beside their neighbours. */
export function timeAxis(boxes: readonly Box[], ties: readonly Tie[]): Spot[] {
  const g = net(boxes, ties);
  const by = new Map(boxes.map((b) => [b.id, b]));
  const when = g.ids.map((id) => by.get(id)?.time ?? null);
  for (let pass = 0; pass < 4; pass += 1) {
    const now = [...when];
    now.forEach((t, i) => {
      if (t !== null) return;
      for (let k = g.starts[i] ?? 0; k < (g.starts[i + 1] ?? 0); k += 1) {
        const near = now[g.ends[k] ?? 0] ?? null;
        const mine = when[i] ?? null;
        if (near !== null && (mine === null || near < mine)) when[i] = near;
      }
    });
  }
  const times = [...new Set(when.filter((t) => t !== null))].sort((a, b) => a - b);
  const first = times[0] ?? 0;
  const span = Math.max(1, (times.at(-1) ?? 0) - first);
  // At most 24 columns, each a span of time.
  const bins = Math.min(24, times.length || 1);
  const column = Int32Array.from(when, (t) => (t === null ? -1 : Math.min(bins - 1, Math.floor(((t - first) / span) * bins))));
  const used = [...new Set(column)].sort((a, b) => a - b);
  const rank = new Map(used.map((c, i) => [c, i]));
  const dense = column.map((c) => rank.get(c) ?? 0);
  const y = rows(g, dense, ROW);
  return spots(g, by, (i) => (dense[i] ?? 0) * COLUMN, (i) => y[i] ?? 0);
}

/** Places for new nodes in the column beside their parent, nearest free row first. Nothing that stands is moved. */
export function beside(parent: { x: number; y: number }, side: 'in' | 'out', ids: readonly string[], standing: Iterable<readonly [number, number]>): Spot[] {
  return stacked({ x: parent.x + (side === 'out' ? COLUMN : -COLUMN), y: parent.y - ((ids.length - 1) / 2) * ROW }, ids, standing);
}

/** Places for new nodes in a column, from a place down as far as rows are free. */
export function stacked(first: { x: number; y: number }, ids: readonly string[], standing: Iterable<readonly [number, number]>): Spot[] {
  const room = new Room(standing);
  const x = round(first.x);
  return ids.map((id, k) => {
    const y = round(room.row(x, round(first.y + k * ROW)));
    room.take(x, y);
    return [id, x, y];
  });
}
