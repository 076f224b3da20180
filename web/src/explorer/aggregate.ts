/**
 * What is drawn of a graph: after filtering, with entities, groups, peel chains and coinjoins as one node each, and with transactions of one payer as
 * payments to each whom they pay. Movements are only ever moved together: each stands in exactly one drawn edge, inside one node, or among the inputs of
 * a transaction that became payments.
 */
import type { Sum } from './format.ts';
import { filtered, NO_FILTER, type Hidden } from './filter.ts';
import { folds } from './folds.ts';
import { addTo, byText, edgeKey, restOf, RISKS, sumOf, totalKey, type Edge, type Fact, type Graph, type Kind, type Level, type Mark, type Movement, type Rest, type Risk } from './model.ts';
import { Room } from './room.ts';

export interface ViewNode {
  readonly id: string;
  readonly kind: Kind;
  readonly label: string;
  readonly ref: string;
  readonly risk: Risk;
  readonly category: string;
  readonly chain: string;
  readonly time: number | null;
  readonly hop: number | null;
  readonly mark: Mark;
  /** Ids of the graph's nodes that this one stands for. */
  readonly members: readonly string[];
  readonly x: number;
  readonly y: number;
  readonly placed: boolean;
  readonly pinned: boolean;
  /** Movements between members: change that went back, steps of a peel chain. */
  readonly inside: readonly Inside[];
  readonly looked: { readonly in: boolean; readonly out: boolean };
  readonly rest: { readonly in: Rest | null; readonly out: Rest | null };
}
export interface Inside { readonly asset: string; readonly movements: readonly Movement[] }
export interface ViewEdge extends Edge { readonly sum: Sum; readonly mark?: Mark | undefined }
export interface View {
  readonly nodes: ReadonlyMap<string, ViewNode>;
  readonly edges: ReadonlyMap<string, ViewEdge>;
  readonly hidden: Hidden;
  /** Inputs of transactions that are drawn as payments. */
  readonly inputs: readonly Inside[];
  /** Transactions that stay nodes because more than one pays into them, or nobody looked who does. */
  readonly mixed: number;
}

export interface Work {
  nodes: Map<string, ViewNode>;
  edges: Map<string, ViewEdge>;
}

/** Two rests as one. Neighbours that both leave out count twice at most where members share them; movements never do. */
export function joinRests(a: Rest | null, b: Rest | null): Rest | null {
  if (!a || !b) return a ?? b;
  const sums = new Map(a.sums);
  for (const [asset, sum] of b.sums) addTo(sums, asset, sum);
  let unlisted = a.unlisted ?? b.unlisted;
  if (a.unlisted && b.unlisted) {
    const both = a.unlisted.sums && b.unlisted.sums ? new Map(a.unlisted.sums) : null;
    if (both && b.unlisted.sums) for (const [asset, units] of b.unlisted.sums) both.set(asset, (both.get(asset) ?? 0n) + units);
    const count = a.unlisted.count === null || b.unlisted.count === null ? null : a.unlisted.count + b.unlisted.count;
    unlisted = { count, sums: both };
  }
  return { neighbours: a.neighbours + b.neighbours, movements: a.movements + b.movements, sums, unlisted };
}

const worst = (nodes: readonly ViewNode[]): Risk => RISKS.find((r) => nodes.some((n) => n.risk === r)) ?? 'unknown';
const least = (values: readonly (number | null)[]): number | null => values.reduce<number | null>((m, v) => (v === null ? m : m === null || v < m ? v : m), null);

/** Nodes that become one. */
export interface Merge {
  readonly id: string;
  readonly kind: Kind;
  readonly label: string;
  readonly ref: string;
  readonly risk?: Risk;
  readonly category?: string;
  readonly members: readonly string[];
}

/** Makes nodes into one each; edges between them go inside, edges across are joined by asset. */
export function contract(work: Work, merges: readonly Merge[], graph: Graph): Work {
  if (merges.length === 0) return work;
  const into = new Map<string, string>();
  const nodes = new Map(work.nodes);
  const inside = new Map<string, Inside[]>();
  for (const merge of merges) {
    const parts = merge.members.flatMap((id) => { const n = work.nodes.get(id); return n && !into.has(id) ? [n] : []; });
    const [first] = parts;
    if (!first) continue;
    for (const part of parts) {
      into.set(part.id, merge.id);
      nodes.delete(part.id);
    }
    const place = graph.places.get(merge.id);
    const inner = parts.flatMap((p) => p.inside);
    inside.set(merge.id, inner);
    nodes.set(merge.id, {
      id: merge.id, kind: merge.kind, label: merge.label || parts.find((p) => p.label)?.label || '', ref: merge.ref,
      risk: merge.risk && merge.risk !== 'unknown' ? merge.risk : worst(parts), category: merge.category || parts.find((p) => p.category)?.category || '', chain: first.chain,
      time: least(parts.map((p) => p.time)), hop: least(parts.map((p) => p.hop)), mark: graph.marks.get(merge.id) ?? {},
      members: parts.flatMap((p) => p.members),
      x: place?.x ?? parts.reduce((s, p) => s + p.x, 0) / parts.length, y: place?.y ?? parts.reduce((s, p) => s + p.y, 0) / parts.length,
      placed: place !== undefined || parts.every((p) => p.placed), pinned: place?.pinned ?? parts.some((p) => p.pinned), inside: inner,
      looked: { in: parts.every((p) => p.looked.in), out: parts.every((p) => p.looked.out) },
      rest: { in: parts.reduce<Rest | null>((r, p) => joinRests(r, p.rest.in), null), out: parts.reduce<Rest | null>((r, p) => joinRests(r, p.rest.out), null) },
    });
  }
  const joins = new Map<string, Edge & { movements: Movement[] }>();
  const edges = new Map<string, ViewEdge>();
  for (const edge of work.edges.values()) {
    const from = into.get(edge.from) ?? edge.from;
    const to = into.get(edge.to) ?? edge.to;
    if (from === edge.from && to === edge.to) edges.set(edge.key, edge);
    else if (from === to && edge.from !== edge.to) inside.get(from)?.push({ asset: edge.asset, movements: edge.movements });
    else {
      const key = edgeKey(from, to, edge.asset, edge.link);
      const known = joins.get(key);
      if (known) known.movements.push(...edge.movements);
      else joins.set(key, { key, from, to, asset: edge.asset, link: edge.link, movements: [...edge.movements] });
    }
  }
  for (const [key, edge] of joins) edges.set(key, { ...edge, movements: edge.movements, sum: sumOf(edge.movements) });
  return { nodes, edges };
}

/** The edges of each node, of one side. */
export function bySide(work: Work, side: 'in' | 'out'): Map<string, ViewEdge[]> {
  const map = new Map<string, ViewEdge[]>();
  for (const edge of work.edges.values()) {
    const id = side === 'in' ? edge.to : edge.from;
    const list = map.get(id);
    if (list) list.push(edge);
    else map.set(id, [edge]);
  }
  return map;
}

function nodeOf(graph: Graph, fact: Fact, whole: boolean): ViewNode {
  const place = graph.places.get(fact.id);
  const mark = graph.marks.get(fact.id) ?? {};
  const { id, kind, ref, risk, category, chain, time, hop } = fact;
  const before = graph.totals.get(totalKey(id, 'in')), after = graph.totals.get(totalKey(id, 'out'));
  return {
    id, kind, label: mark.label ?? fact.label, ref, risk, category, chain, time, hop, mark, members: [id], x: place?.x ?? 0, y: place?.y ?? 0,
    placed: place !== undefined, pinned: place?.pinned ?? false, inside: [], looked: { in: before !== undefined, out: after !== undefined },
    rest: { in: restOf(graph, id, 'in', before, whole), out: restOf(graph, id, 'out', after, whole) },
  };
}

/** Entities with more than one drawn address, or that were learned as such. */
function entities(graph: Graph, work: Work): Merge[] {
  const found = new Map<string, string[]>();
  for (const node of work.nodes.values()) {
    const entity = graph.facts.get(node.id)?.entity;
    if (!entity || node.kind !== 'address') continue;
    const list = found.get(entity);
    if (list) list.push(node.id);
    else found.set(entity, [node.id]);
  }
  return [...found].map(([id, members]) => {
    const fact = graph.facts.get(id);
    const own = work.nodes.has(id) ? [id] : [];
    return { id, kind: 'entity' as const, label: fact?.label ?? '', ref: fact?.ref ?? id, members: [...own, ...members], ...(fact ? { risk: fact.risk, category: fact.category } : {}) };
  });
}

/** Whether all that pays into a transaction is known and stands in these edges: nothing was not looked at, removed or filtered. */
export function wholeIn(graph: Graph, node: ViewNode, into: readonly ViewEdge[]): boolean {
  if (graph.totals.get(totalKey(node.id, 'in'))?.complete !== true || node.rest.in !== null) return false;
  let known = 0;
  for (const edge of graph.edgesOf(node.id, 'in')) known += edge.movements.length;
  return known === into.reduce((n, e) => n + e.movements.length, 0);
}

/** Draws each transaction of which the only payer is known as payments from that payer. */
function payments(graph: Graph, work: Work): { work: Work; inputs: Inside[]; mixed: number } {
  const arriving = bySide(work, 'in');
  const leaving = bySide(work, 'out');
  const nodes = new Map(work.nodes);
  const edges = new Map(work.edges);
  const inputs: Inside[] = [];
  const joins = new Map<string, Movement[]>();
  const made = new Map<string, Edge>();
  let mixed = 0;
  for (const node of work.nodes.values()) {
    if (node.kind !== 'transaction') continue;
    const into = arriving.get(node.id) ?? [];
    const out = leaving.get(node.id) ?? [];
    if (into.length === 0 || out.length === 0 || node.mark.note) continue;
    const payer = into[0]?.from ?? '';
    const whole = wholeIn(graph, node, into);
    const plain = [...into, ...out].every((e) => e.link === 'payment');
    if (!whole || !plain || into.some((e) => e.from !== payer)) {
      mixed += 1;
      continue;
    }
    const owner = nodes.get(payer);
    if (!owner || owner.kind === 'transaction') continue;
    nodes.delete(node.id);
    const back: Inside[] = [];
    for (const e of into) {
      edges.delete(e.key);
      inputs.push({ asset: e.asset, movements: e.movements });
    }
    for (const e of out) {
      edges.delete(e.key);
      if (e.to === payer) {
        back.push({ asset: e.asset, movements: e.movements });
        continue;
      }
      const key = edgeKey(payer, e.to, e.asset, 'payment');
      const list = joins.get(key);
      if (list) list.push(...e.movements);
      else joins.set(key, [...e.movements]);
      made.set(key, { ...e, key, from: payer });
    }
    nodes.set(payer, { ...owner, inside: [...owner.inside, ...back], rest: { in: owner.rest.in, out: joinRests(owner.rest.out, node.rest.out) } });
  }
  for (const [key, movements] of joins) {
    const edge = made.get(key);
    const stands = edges.get(key);
    if (!edge) continue;
    const all = [...(stands?.movements ?? []), ...movements];
    edges.set(key, { ...edge, movements: all, sum: sumOf(all) });
  }
  return { work: { nodes, edges }, inputs, mixed };
}

/** What is drawn, sorted by id and key, so that the same graph gives the same view. With `until` (Unix seconds) it is the graph as it was then. */
export function viewOf(graph: Graph, until: number | null = null): View {
  const level: Level = graph.setting('level', 'transaction');
  const filter = graph.setting('filter', NO_FILTER);
  const { edges, hidden, whole } = filtered(graph, until === null ? filter : { ...filter, until: filter.until === null ? until : Math.min(until, filter.until) });
  const gone = new Set(hidden.nodes);
  let work: Work = { nodes: new Map(), edges: new Map() };
  for (const id of [...graph.shown.keys()].sort()) {
    const fact = graph.facts.get(id);
    if (fact && !gone.has(id)) work.nodes.set(id, nodeOf(graph, fact, whole));
  }
  // In order from the beginning, so that a large view is not built twice.
  for (const edge of inOrder(edges.values(), work.nodes.keys())) {
    const { key, from, to, asset, link, movements } = edge;
    work.edges.set(key, { key, from, to, asset, link, movements, sum: graph.sum(edge) });
  }
  if (level === 'entity') work = contract(work, entities(graph, work), graph);
  const groups = [...graph.groups].filter(([, g]) => !g.open).sort(([a], [b]) => byText(a, b));
  work = contract(work, groups.map(([id, g]) => ({ id, kind: 'group', label: g.label, ref: id, members: held(work, g.members) })), graph);
  if (graph.setting('folds', false)) work = contract(work, folds(graph, work), graph);
  let inputs: Inside[] = [];
  let mixed = 0;
  if (level !== 'transaction') ({ work, inputs, mixed } = payments(graph, work));
  for (const [key, mark] of graph.marks) {
    const edge = work.edges.get(key);
    if (edge) work.edges.set(key, { ...edge, mark });
  }
  return { nodes: parted(sorted(work.nodes), graph), edges: sorted(work.edges), hidden, inputs, mixed };
}

/**
 * Nodes apart from one another. Whatever stands where nothing else does stays there; what stands for others in their midst, or where another of this level
 * stands already, gets the nearest free row. What a person placed stays, upon others too, and moves none of them.
 */
function parted(nodes: Map<string, ViewNode>, graph: Graph): Map<string, ViewNode> {
  const room = new Room();
  const held: ViewNode[] = [], late: ViewNode[] = [];
  for (const n of nodes.values()) {
    const isPlaced = graph.places.has(n.id);
    if (isPlaced && n.pinned) held.push(n);
    else if (isPlaced && room.isFree(n.x, n.y)) room.take(n.x, n.y);
    else late.push(n);
  }
  if (late.length === 0) return nodes;
  for (const n of held) room.take(n.x, n.y);
  for (const n of late) {
    const y = room.row(n.x, n.y);
    room.take(n.x, y);
    if (y !== n.y) nodes.set(n.id, { ...n, y });
  }
  return nodes;
}

/** Edges by their ends in the order of `ids`, then by key. Numbers are compared, since long keys that begin alike are slow to sort. */
function inOrder(edges: Iterable<Edge>, ids: Iterable<string>): Edge[] {
  const rank = new Map<string, number>();
  for (const id of ids) rank.set(id, rank.size);
  const n = rank.size;
  const list = Array.from(edges, (edge) => ({ edge, at: (rank.get(edge.from) ?? n) * (n + 1) + (rank.get(edge.to) ?? n) }));
  return list.sort((a, b) => a.at - b.at || byText(a.edge.key, b.edge.key)).map((e) => e.edge);
}

function sorted<T>(map: Map<string, T>): Map<string, T> {
  if (isSorted(map.keys())) return map;
  const out = new Map<string, T>();
  for (const key of [...map.keys()].sort()) {
    const value = map.get(key);
    if (value !== undefined) out.set(key, value);
  }
  return out;
}

function isSorted(keys: Iterable<string>): boolean {
  let before = '';
  for (const key of keys) {
    if (key < before) return false;
    before = key;
  }
  return true;
}

/** The view's nodes that hold members of a group: at the level of entities an address stands in its entity. */
function held(work: Work, members: readonly string[]): string[] {
  const wanted = new Set(members);
  return [...work.nodes.values()].filter((n) => wanted.has(n.id) || n.members.some((m) => wanted.has(m))).map((n) => n.id);
}
