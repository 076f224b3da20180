/**
 * The graph: what is known (facts, movements, totals), and what of it is drawn. A drawn edge is a known edge both of whose ends are drawn; what is
 * known and not drawn is the rest of the node at its drawn end. So no sum can be wrong by what a person added, removed or undid.
 */
import type { Asset, Sum } from './format.ts';
import type { Filter } from './filter.ts';

export type Kind = 'entity' | 'address' | 'transaction' | 'note' | 'group' | 'service';
export type Risk = 'severe' | 'high' | 'medium' | 'low' | 'unknown';
export type Side = 'in' | 'out';
/** What an edge says: a payment, a swap of one asset into another, a bridge to another chain, or a link that was inferred. */
export type Link = 'payment' | 'swap' | 'bridge' | 'inferred';
export type Level = 'entity' | 'address' | 'transaction';
export type LayoutName = 'flow' | 'time' | 'force' | 'manual';

export const RISKS: readonly Risk[] = ['severe', 'high', 'medium', 'low', 'unknown'];

export interface Fact {
  readonly id: string;
  readonly kind: Kind;
  /** What a person reads: a name by a tag, or nothing. */
  readonly label: string;
  readonly risk: Risk;
  readonly category: string;
  /** CAIP-2 id or name of the chain. */
  readonly chain: string;
  /** The address, transaction id or entity number itself. */
  readonly ref: string;
  /** Id of the entity that an address belongs to, where it is known. */
  readonly entity: string | null;
  /** Unix time of a transaction's block. */
  readonly time: number | null;
  /** Steps from the subject: negative where the money came from. */
  readonly hop: number | null;
  /** Shape that was recognized, such as a coinjoin. */
  readonly shape?: 'coinjoin' | 'coinbase';
}

/** One movement of units: an output, the spending of one, or a transfer. Its id is the same from whichever end it was learned. */
export interface Movement {
  readonly id: string;
  readonly tx: string;
  readonly index: number;
  /** Base units; null where nobody knows. */
  readonly value: bigint | null;
  readonly time: number | null;
  /** What a swap or bridge gave at the other end, where it differs. */
  readonly into?: { readonly asset: string; readonly value: bigint | null };
  /** Part of the value that a trace marked. */
  readonly marked?: bigint;
}

export interface Edge {
  readonly key: string;
  readonly from: string;
  readonly to: string;
  readonly asset: string;
  readonly link: Link;
  readonly movements: readonly Movement[];
}

/** What the ledger says of a whole side of a node. `complete` if all of its movements are known here. */
export interface Total {
  readonly complete: boolean;
  readonly count: number | null;
  readonly sums: readonly (readonly [asset: string, units: bigint])[] | null;
}

export interface Place {
  readonly x: number;
  readonly y: number;
  /** Whether a person put it there: no layout moves it then. */
  readonly pinned: boolean;
}

export interface Mark {
  readonly colour?: number;
  readonly note?: string;
  readonly label?: string;
}

export interface Group {
  readonly label: string;
  readonly members: readonly string[];
  readonly open: boolean;
}

export interface Settings {
  readonly level: Level;
  readonly layout: LayoutName;
  readonly folds: boolean;
  readonly filter: Filter;
}

/** The tables of a graph: all that a command may change. Marks are of nodes and of edges, by id and key. */
export interface Tables {
  facts: Fact;
  edges: Edge;
  totals: Total;
  shown: true;
  places: Place;
  marks: Mark;
  groups: Group;
  assets: Asset;
  settings: Settings[keyof Settings];
}
export type TableName = keyof Tables;
export const TABLES: readonly TableName[] = ['facts', 'edges', 'totals', 'shown', 'places', 'marks', 'groups', 'assets', 'settings'];

export const edgeKey = (from: string, to: string, asset: string, link: Link): string => `${from}>${to}>${asset}${link === 'payment' ? '' : `>${link}`}`;
export const totalKey = (id: string, side: Side): string => `${id}|${side}`;
export const other = (side: Side): Side => (side === 'in' ? 'out' : 'in');
export const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

const NONE: ReadonlyMap<string, Edge> = new Map();

export class Graph {
  readonly facts = new Map<string, Fact>();
  readonly edges = new Map<string, Edge>();
  readonly totals = new Map<string, Total>();
  readonly shown = new Map<string, true>();
  readonly places = new Map<string, Place>();
  readonly marks = new Map<string, Mark>();
  readonly groups = new Map<string, Group>();
  readonly assets = new Map<string, Asset>();
  readonly settings = new Map<string, Settings[keyof Settings]>();
  /** Sums of the known edges, made when they are first asked for. */
  private readonly sums = new Map<string, Sum>();
  private readonly leaving = new Map<string, Map<string, Edge>>();
  private readonly arriving = new Map<string, Map<string, Edge>>();
  /** Edges stand by their ends from when they are first asked for so: a large graph is drawn without. */
  private isIndexed = false;

  /** Sets or removes one entry: the only way in which a graph changes. Gives the former value. */
  set<T extends TableName>(table: T, key: string, value: Tables[T] | undefined): Tables[T] | undefined {
    const map = this[table] as unknown as Map<string, Tables[T]>;
    const before = map.get(key);
    if (value === undefined) map.delete(key);
    else map.set(key, value);
    if (table === 'edges') {
      this.sums.delete(key);
      if (this.isIndexed) this.index((value ?? before) as Edge | undefined, value !== undefined);
    }
    return before;
  }

  private index(edge: Edge | undefined, add: boolean): void {
    if (!edge) return;
    for (const [map, end] of [[this.leaving, edge.from], [this.arriving, edge.to]] as const) {
      let edges = map.get(end);
      if (!edges) map.set(end, (edges = new Map()));
      if (add) edges.set(edge.key, edge);
      else edges.delete(edge.key);
      if (edges.size === 0) map.delete(end);
    }
  }

  /** The sum of an edge: kept for one that is known, made anew for a part of one. */
  sum(edge: Edge): Sum {
    if (this.edges.get(edge.key) !== edge) return sumOf(edge.movements);
    let sum = this.sums.get(edge.key);
    if (!sum) this.sums.set(edge.key, (sum = sumOf(edge.movements)));
    return sum;
  }

  /** The known edges on one side of a node. */
  edgesOf(id: string, side: Side): Iterable<Edge> {
    if (!this.isIndexed) {
      this.isIndexed = true;
      for (const edge of this.edges.values()) this.index(edge, true);
    }
    return ((side === 'in' ? this.arriving : this.leaving).get(id) ?? NONE).values();
  }

  /** Whether a known neighbour of a side is not drawn. */
  leavesOut(id: string, side: Side): boolean {
    for (const edge of this.edgesOf(id, side)) if (!this.shown.has(side === 'in' ? edge.from : edge.to)) return true;
    return false;
  }

  /** An asset by its id; one that was never described has no known decimals. */
  asset(id: string): Asset {
    return this.assets.get(id) ?? { id, unit: id, decimals: null };
  }

  setting<K extends keyof Settings>(key: K, otherwise: Settings[K]): Settings[K] {
    return (this.settings.get(key) as Settings[K] | undefined) ?? otherwise;
  }
}

/** The sum of movements; those of unknown amount are counted. */
export function sumOf(movements: readonly Movement[]): Sum {
  let units = 0n;
  let unknown = 0;
  for (const m of movements) {
    if (m.value === null) unknown += 1;
    else units += m.value;
  }
  return { units, unknown };
}

export function addTo(sums: Map<string, Sum>, asset: string, sum: Sum): void {
  const before = sums.get(asset);
  sums.set(asset, before ? { units: before.units + sum.units, unknown: before.unknown + sum.unknown } : sum);
}

/** What is known of a side of a node and not drawn. */
export interface Rest {
  /** Neighbours that are known and not drawn. */
  readonly neighbours: number;
  readonly movements: number;
  readonly sums: ReadonlyMap<string, Sum>;
  /** Movements that the ledger has and that are not listed here: null count where only the ledger knows how many, null sums likewise. */
  readonly unlisted: { readonly count: number | null; readonly sums: ReadonlyMap<string, bigint> | null } | null;
}

/** What one side of a drawn node leaves out; null if nothing. `whole`: it is known that all known neighbours of all nodes are drawn. */
export function restOf(graph: Graph, id: string, side: Side, total = graph.totals.get(totalKey(id, side)), whole = false): Rest | null {
  if ((!total || total.complete) && (whole || !graph.leavesOut(id, side))) return null;
  const hidden = new Set<string>();
  const sums = new Map<string, Sum>();
  const known = new Map<string, bigint>();
  let movements = 0;
  let listed = 0;
  for (const edge of graph.edgesOf(id, side)) {
    const end = side === 'in' ? edge.from : edge.to;
    if (edge.link !== 'payment') {
      // The payment into the swap or bridge is counted already: only the neighbour is new.
      if (!graph.shown.has(end)) hidden.add(end);
      continue;
    }
    const sum = graph.sum(edge);
    listed += edge.movements.length;
    known.set(edge.asset, (known.get(edge.asset) ?? 0n) + sum.units);
    if (graph.shown.has(end)) continue;
    hidden.add(end);
    movements += edge.movements.length;
    addTo(sums, edge.asset, sum);
  }
  const unlisted = unlistedOf(total, listed, known);
  if (hidden.size === 0 && !unlisted) return null;
  return { neighbours: hidden.size, movements, sums, unlisted };
}

function unlistedOf(total: Total | undefined, listed: number, known: ReadonlyMap<string, bigint>): Rest['unlisted'] {
  if (!total || total.complete) return null;
  const count = total.count === null ? null : total.count - listed;
  if (count !== null && count <= 0) return null;
  if (!total.sums) return { count, sums: null };
  const sums = new Map<string, bigint>();
  for (const [asset, units] of total.sums) {
    const left = units - (known.get(asset) ?? 0n);
    // More is known than the total says: the ledger has moved on, so the rest is not known.
    if (left < 0n) return { count, sums: null };
    if (left > 0n) sums.set(asset, left);
  }
  if (count === null && sums.size === 0) return null;
  return { count, sums };
}

/** Whether a side was looked at: a total of it was given. */
export const looked = (graph: Graph, id: string, side: Side): boolean => graph.totals.has(totalKey(id, side));

/** Neighbours of a side that are known and not drawn, largest amount of their first asset first; ties by id. */
export function hiddenNeighbours(graph: Graph, id: string, side: Side): { id: string; edges: Edge[] }[] {
  const found = new Map<string, Edge[]>();
  for (const edge of graph.edgesOf(id, side)) {
    const end = side === 'in' ? edge.from : edge.to;
    if (graph.shown.has(end)) continue;
    const list = found.get(end);
    if (list) list.push(edge);
    else found.set(end, [edge]);
  }
  const size = (edges: Edge[]): bigint => edges.reduce((n, e) => { const s = graph.sum(e).units; return s > n ? s : n; }, 0n);
  return [...found]
    .map(([end, edges]) => ({ id: end, edges, size: size(edges) }))
    .sort((a, b) => (a.size === b.size ? byText(a.id, b.id) : a.size > b.size ? -1 : 1))
    .map(({ id: end, edges }) => ({ id: end, edges }));
}

/** The same graph as text, sorted: equal for equal graphs. */
export function snapshot(graph: Graph): string {
  const out: Record<string, unknown> = {};
  for (const table of TABLES) out[table] = [...graph[table]].sort(([a], [b]) => byText(a, b));
  return stringify(out);
}

/** JSON in which base units stand as `{"$": "digits"}`. */
export const stringify = (value: unknown): string => JSON.stringify(value, (_, v: unknown) => (typeof v === 'bigint' ? { $: v.toString() } : v));

/** Parsed JSON of `stringify` with its base units as numbers again, in place: a reviver of `JSON.parse` is several times slower. */
export function revived(v: unknown): unknown {
  if (typeof v !== 'object' || v === null) return v;
  if (Array.isArray(v)) {
    for (let i = 0; i < v.length; i += 1) if (typeof v[i] === 'object') v[i] = revived(v[i]);
    return v;
  }
  const o = v as Record<string, unknown>;
  const digits = o['$'];
  if (typeof digits === 'string' && /^-?\d{1,80}$/.test(digits) && Object.keys(o).length === 1) return BigInt(digits);
  for (const key in o) if (typeof o[key] === 'object') o[key] = revived(o[key]);
  return o;
}
