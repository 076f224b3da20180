/** What of a graph is looked at: dates, amounts, assets, categories, dust. Sums are then of what is shown, and what is hidden is counted and summed. */
import type { Asset, Sum } from './format.ts';
import { addTo, sumOf, type Edge, type Graph, type Movement, type Risk } from './model.ts';

export interface Filter {
  /** Unix seconds, inclusive. */
  readonly from: number | null;
  /** Unix seconds, exclusive. */
  readonly until: number | null;
  /** Least base units of one movement, by asset. */
  readonly least: Readonly<Record<string, bigint>>;
  /** Most base units of one movement, by asset. */
  readonly most: Readonly<Record<string, bigint>>;
  /** Only these assets; null: all. */
  readonly assets: readonly string[] | null;
  /** Categories whose nodes are not shown. */
  readonly without: readonly string[];
  /** Only edges that begin or end at a node of these risks; null: all. */
  readonly risks: readonly Risk[] | null;
  /** Hide movements below the asset's dust limit. */
  readonly dust: boolean;
}

export const NO_FILTER: Filter = { from: null, until: null, least: {}, most: {}, assets: null, without: [], risks: null, dust: false };

/** What a filter hides of the drawn graph. */
export interface Hidden {
  readonly nodes: readonly string[];
  readonly movements: number;
  readonly sums: ReadonlyMap<string, Sum>;
  /** Movements of unknown time or amount that are shown although a bound on it is set. */
  readonly undecided: number;
}

/**
 * Below this an output costs about as much to spend as it is worth: 546 base units of bitcoin (the relay policy's limit of a P2PKH output at 3 sat/vB);
 * of other assets a thousandth of their unit; nothing where the decimals are not known.
 */
export function dustLimit(asset: Asset): bigint {
  if (asset.decimals === null) return 0n;
  if (asset.unit === 'BTC') return 546n;
  return asset.decimals < 3 ? 0n : 10n ** BigInt(asset.decimals - 3);
}

type Verdict = 'shown' | 'undecided' | 'hidden';

function judged(m: Movement, asset: Asset, filter: Filter): Verdict {
  let undecided = false;
  if (filter.from !== null || filter.until !== null) {
    if (m.time === null) undecided = true;
    else if ((filter.from !== null && m.time < filter.from) || (filter.until !== null && m.time >= filter.until)) return 'hidden';
  }
  const least = filter.least[asset.id];
  const most = filter.most[asset.id];
  const dust = filter.dust ? dustLimit(asset) : 0n;
  if (least !== undefined || most !== undefined || dust > 0n) {
    if (m.value === null) undecided = true;
    else if ((least !== undefined && m.value < least) || (most !== undefined && m.value > most) || m.value < dust) return 'hidden';
  }
  return undecided ? 'undecided' : 'shown';
}

export const isEmpty = (f: Filter): boolean =>
  f.from === null && f.until === null && f.assets === null && f.risks === null && !f.dust && f.without.length === 0
  && Object.keys(f.least).length === 0 && Object.keys(f.most).length === 0;

/** Whether both ends of each known edge are drawn. */
function isWhole(graph: Graph): boolean {
  for (const edge of graph.edges.values()) if (!graph.shown.has(edge.from) || !graph.shown.has(edge.to)) return false;
  return true;
}

/** The drawn edges with their movements that pass, and what does not; `whole` where no known edge leads to what is not drawn. A node all of whose drawn edges are hidden is hidden, unless it is a subject. */
export function filtered(graph: Graph, filter: Filter): { edges: ReadonlyMap<string, Edge>; hidden: Hidden; whole: boolean } {
  if (isEmpty(filter) && isWhole(graph)) return { edges: graph.edges, hidden: { nodes: [], movements: 0, sums: new Map(), undecided: 0 }, whole: true };
  const edges = new Map<string, Edge>();
  const sums = new Map<string, Sum>();
  const linked = new Set<string>();
  const without = new Set(filter.without);
  const drop = new Set<string>();
  for (const id of graph.shown.keys()) if (without.has(graph.facts.get(id)?.category ?? '')) drop.add(id);
  const risks = filter.risks && new Set(filter.risks);
  const risky = (id: string): boolean => !risks || risks.has(graph.facts.get(id)?.risk ?? 'unknown');
  const all = isEmpty(filter);
  let movements = 0;
  let undecided = 0;
  let whole = true;
  for (const edge of graph.edges.values()) {
    if (!graph.shown.has(edge.from) || !graph.shown.has(edge.to)) {
      whole = false;
      continue;
    }
    if (all) {
      edges.set(edge.key, edge);
      continue;
    }
    const out = drop.has(edge.from) || drop.has(edge.to) || (filter.assets !== null && !filter.assets.includes(edge.asset)) || !(risky(edge.from) || risky(edge.to));
    const asset = graph.asset(edge.asset);
    const gone: Movement[] = [];
    const kept: Movement[] = [];
    for (const m of edge.movements) {
      const verdict = out ? 'hidden' : judged(m, asset, filter);
      if (verdict === 'undecided') undecided += 1;
      (verdict === 'hidden' ? gone : kept).push(m);
    }
    if (gone.length > 0) {
      movements += gone.length;
      addTo(sums, edge.asset, sumOf(gone));
      for (const id of [edge.from, edge.to]) if (graph.facts.get(id)?.hop !== 0) linked.add(id);
    }
    if (kept.length > 0) edges.set(edge.key, gone.length > 0 ? { ...edge, movements: kept } : edge);
  }
  for (const edge of edges.values()) for (const id of [edge.from, edge.to]) linked.delete(id);
  for (const id of drop) linked.add(id);
  return { edges, hidden: { nodes: [...linked].sort(), movements, sums, undecided }, whole };
}

/** Movements by equal spans of time, of all drawn edges: for the slider. Null where none has a time. */
export function histogram(graph: Graph, bins: number): { from: number; until: number; counts: number[]; undated: number } | null {
  const times: number[] = [];
  let undated = 0;
  for (const edge of graph.edges.values()) {
    if (!graph.shown.has(edge.from) || !graph.shown.has(edge.to)) continue;
    for (const m of edge.movements) if (m.time === null) undated += 1; else times.push(m.time);
  }
  if (times.length === 0) return null;
  let from = Infinity;
  let last = -Infinity;
  for (const t of times) {
    if (t < from) from = t;
    if (t > last) last = t;
  }
  const until = last + 1;
  const counts = new Array<number>(bins).fill(0);
  for (const t of times) {
    const bin = Math.min(bins - 1, Math.floor(((t - from) / (until - from)) * bins));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return { from, until, counts, undated };
}
