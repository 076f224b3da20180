/** The same picture as a tree and as a table, for keyboards and screen readers: the level is the distance from the subject, siblings go by amount. */
import type { View, ViewEdge } from './aggregate.ts';
import { sumText, type Asset } from './format.ts';
import { byText } from './model.ts';
import { t } from './texts.ts';
import { nodeSentence } from './words.ts';

export interface TreeRow {
  readonly id: string;
  readonly parent: string | null;
  readonly level: number;
  /** Place among siblings, from 1, and how many they are. */
  readonly place: number;
  readonly siblings: number;
  readonly children: number;
  readonly open: boolean;
  readonly text: string;
}

export interface Neighbour {
  readonly id: string;
  readonly edge: ViewEdge;
  readonly side: 'in' | 'out';
}

const larger = (a: Neighbour, b: Neighbour): number => (a.edge.sum.units === b.edge.sum.units ? byText(a.edge.key, b.edge.key) : a.edge.sum.units > b.edge.sum.units ? -1 : 1);

/** Neighbours by node and side, largest amount first. */
export class Neighbours {
  private readonly map = new Map<string, Neighbour[]>();
  constructor(readonly view: View) {
    for (const edge of view.edges.values()) {
      if (edge.from === edge.to) continue;
      this.put(edge.from, { id: edge.to, edge, side: 'out' });
      this.put(edge.to, { id: edge.from, edge, side: 'in' });
    }
    for (const list of this.map.values()) list.sort((a, b) => (a.side === b.side ? larger(a, b) : a.side === 'out' ? -1 : 1));
  }
  private put(id: string, n: Neighbour): void {
    const list = this.map.get(id);
    if (list) list.push(n);
    else this.map.set(id, [n]);
  }
  of(id: string, side?: 'in' | 'out'): readonly Neighbour[] {
    const list = this.map.get(id) ?? [];
    return side ? list.filter((n) => n.side === side) : list;
  }
}

/** Where a tree begins: subjects, and what no subject reaches. */
function roots(view: View): string[] {
  const subjects = [...view.nodes.values()].filter((n) => n.hop === 0).map((n) => n.id);
  if (subjects.length > 0) return subjects;
  const paid = new Set([...view.edges.values()].map((e) => e.to));
  const first = [...view.nodes.keys()].filter((id) => !paid.has(id));
  return first.length > 0 ? first : [...view.nodes.keys()].slice(0, 1);
}

/** Rows of a tree in order; each node stands once, at its least distance. Children of closed nodes are left out; those above `reveal` are open. */
export function treeOf(neighbours: Neighbours, isOpen: (id: string, level: number) => boolean, asset: (id: string) => Asset, reveal: string | null = null): TreeRow[] {
  const { view } = neighbours;
  const children = new Map<string | null, Neighbour[]>([[null, []]]);
  const seen = new Set<string>();
  const parents = new Map<string, string>();
  const queue: string[] = [];
  const tops: string[] = [];
  const start = (id: string): void => {
    if (seen.has(id)) return;
    seen.add(id);
    tops.push(id);
    queue.push(id);
    for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
      const list: Neighbour[] = [];
      for (const n of neighbours.of(at)) {
        if (seen.has(n.id)) continue;
        seen.add(n.id);
        list.push(n);
        parents.set(n.id, at);
        queue.push(n.id);
      }
      children.set(at, list);
    }
  };
  // All subjects are at level 1, so they are taken before anything is walked.
  const first = roots(view);
  for (const id of first) start(id);
  for (const id of view.nodes.keys()) start(id);
  const above = new Set<string>();
  for (let at = reveal === null ? undefined : parents.get(reveal); at !== undefined; at = parents.get(at)) above.add(at);
  const rows: TreeRow[] = [];
  const put = (id: string, parent: string | null, level: number, place: number, siblings: number, via: Neighbour | null): void => {
    const node = view.nodes.get(id);
    if (!node) return;
    const list = children.get(id) ?? [];
    const open = list.length > 0 && (above.has(id) || isOpen(id, level));
    const how = via ? `${t(via.side === 'out' ? 'tree-received' : 'tree-paid', { sum: sumText(via.edge.sum, asset(via.edge.asset)) })}: ` : '';
    rows.push({ id, parent, level, place, siblings, children: list.length, open, text: how + nodeSentence(node, asset) });
    if (open) list.forEach((n, i) => { put(n.id, id, level + 1, i + 1, list.length, n); });
  };
  tops.forEach((id, i) => { put(id, null, 1, i + 1, tops.length, null); });
  return rows;
}

export type Step = 'right' | 'left' | 'up' | 'down';

/**
 * The node that an arrow leads to: right where most of the money went, left where most came from, up and down among those on the same side of the node
 * that the walk came from (or that pays or is paid most), by amount.
 */
export function walk(neighbours: Neighbours, at: string, step: Step, from: string | null): string | null {
  if (step === 'right' || step === 'left') return neighbours.of(at, step === 'right' ? 'out' : 'in')[0]?.id ?? null;
  const back = neighbours.of(at).find((n) => n.id === from) ?? neighbours.of(at, 'in')[0] ?? neighbours.of(at, 'out')[0];
  if (!back) return null;
  const siblings = unique(neighbours.of(back.id, back.side === 'in' ? 'out' : 'in').map((n) => n.id));
  const i = siblings.indexOf(at) + (step === 'down' ? 1 : -1);
  return siblings[i] ?? null;
}

/** The node from which `walk` sees siblings. */
export const origin = (neighbours: Neighbours, at: string): string | null => (neighbours.of(at, 'in')[0] ?? neighbours.of(at, 'out')[0])?.id ?? null;

const unique = (ids: readonly string[]): string[] => [...new Set(ids)];

export interface TableRow {
  readonly key: string;
  readonly from: string;
  readonly to: string;
  readonly asset: string;
  readonly units: bigint;
  readonly unknown: number;
  readonly movements: number;
  readonly first: number | null;
  readonly last: number | null;
}
export type Column = 'from' | 'to' | 'asset' | 'units' | 'movements' | 'first' | 'last';

/** One row an edge, sorted; ties by key. */
export function tableOf(view: View, column: Column, descending: boolean): TableRow[] {
  const name = (id: string): string => { const n = view.nodes.get(id); return n ? n.label || n.ref : id; };
  const rows = [...view.edges.values()].map((e): TableRow => {
    const times = e.movements.flatMap((m) => (m.time === null ? [] : [m.time]));
    return {
      key: e.key, from: name(e.from), to: name(e.to), asset: e.asset, units: e.sum.units, unknown: e.sum.unknown, movements: e.movements.length,
      first: times.length > 0 ? times.reduce((a, b) => Math.min(a, b)) : null, last: times.length > 0 ? times.reduce((a, b) => Math.max(a, b)) : null,
    };
  });
  const sign = descending ? -1 : 1;
  return rows.sort((a, b) => {
    const x = a[column], y = b[column];
    // What is not known stands last either way.
    if (x === null || y === null) return x === y ? byText(a.key, b.key) : x === null ? 1 : -1;
    return (x < y ? -sign : x > y ? sign : 0) || byText(a.key, b.key);
  });
}
