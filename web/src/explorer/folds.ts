/** Chains of transactions that are one thing to an investigator: peel chains, and coinjoins of coinjoins. */
import { bySide, wholeIn, type Merge, type ViewEdge, type Work } from './aggregate.ts';
import type { Graph } from './model.ts';
import { t } from './texts.ts';

/** Fewer transactions than this stay as they are. */
export const LEAST_PEELS = 3;

/** What is between two transactions: an address that was paid once and spent once, of which nothing is left out. */
function between(work: Work, id: string, arriving: Map<string, ViewEdge[]>, leaving: Map<string, ViewEdge[]>): string | null {
  const node = work.nodes.get(id);
  const [next, ...more] = leaving.get(id) ?? [];
  if (!node || !next || more.length > 0 || (node.kind !== 'address' && node.kind !== 'entity') || (arriving.get(id) ?? []).length !== 1) return null;
  if (node.mark.note || node.rest.in || node.rest.out || node.hop === 0) return null;
  return work.nodes.get(next.to)?.kind === 'transaction' ? next.to : null;
}

/** Merges for peel chains (each transaction has one payer and at most two outputs, one of which the next one spends) and for linked coinjoins. */
export function folds(graph: Graph, work: Work): Merge[] {
  const arriving = bySide(work, 'in');
  const leaving = bySide(work, 'out');
  const isJoin = (id: string): boolean => graph.facts.get(id)?.shape === 'coinjoin';
  const peels = (id: string): boolean => {
    const node = work.nodes.get(id);
    const out = leaving.get(id) ?? [];
    return node?.kind === 'transaction' && !isJoin(id) && !node.mark.note && node.hop !== 0 && (arriving.get(id) ?? []).length === 1 && out.length <= 2 && !node.rest.out
      && wholeIn(graph, node, arriving.get(id) ?? []);
  };
  const next = new Map<string, { via: string; to: string }>();
  const before = new Set<string>();
  for (const id of [...work.nodes.keys()].sort()) {
    if (!peels(id)) continue;
    const ways = (leaving.get(id) ?? []).flatMap((e) => { const to = between(work, e.to, arriving, leaving); return to && peels(to) ? [{ via: e.to, to }] : []; });
    const [way] = ways;
    // Where both outputs go on in the same shape it is not one chain.
    if (!way || ways.length > 1 || before.has(way.to)) continue;
    next.set(id, way);
    before.add(way.to);
  }
  const merges: Merge[] = [];
  for (const id of [...next.keys()].sort()) {
    if (before.has(id)) continue;
    const members = [id];
    let count = 1;
    for (let way = next.get(id); way && !members.includes(way.to); way = next.get(way.to)) {
      members.push(way.via, way.to);
      count += 1;
    }
    if (count >= LEAST_PEELS) merges.push({ id: `g:peel:${id}`, kind: 'group', label: t('fold-peels', { n: count }), ref: id, members });
  }
  return [...merges, ...joins(work, isJoin, arriving, leaving)];
}

/** Coinjoins that spend one another's outputs, with what is between them. */
function joins(work: Work, isJoin: (id: string) => boolean, arriving: Map<string, ViewEdge[]>, leaving: Map<string, ViewEdge[]>): Merge[] {
  const merges: Merge[] = [];
  const seen = new Set<string>();
  for (const id of [...work.nodes.keys()].sort()) {
    if (!isJoin(id) || seen.has(id)) continue;
    const members = new Set([id]);
    const todo = [id];
    let count = 0;
    for (let at = todo.pop(); at !== undefined; at = todo.pop()) {
      count += 1;
      seen.add(at);
      for (const e of leaving.get(at) ?? []) {
        const to = between(work, e.to, arriving, leaving);
        if (!to || !isJoin(to)) continue;
        members.add(e.to);
        if (!members.has(to)) todo.push(to);
        members.add(to);
      }
      for (const e of arriving.get(at) ?? []) {
        const from = arriving.get(e.from)?.[0]?.from;
        if (!from || !isJoin(from) || between(work, e.from, arriving, leaving) !== at) continue;
        members.add(e.from);
        if (!members.has(from)) todo.push(from);
        members.add(from);
      }
    }
    if (count > 1) merges.push({ id: `g:join:${id}`, kind: 'group', label: t('fold-joins', { n: count }), ref: id, members: [...members].sort() });
  }
  return merges;
}
