/** Sentences about nodes, edges and what is left out: the same on the picture, in the tree and in tables. */
import type { View, ViewEdge, ViewNode } from './aggregate.ts';
import { counted, shortened, sumText, time, type Asset, type Sum } from './format.ts';
import type { Kind, Link, Rest, Risk } from './model.ts';

export const KINDS: Readonly<Record<Kind, string>> = { entity: 'entity', address: 'address', transaction: 'transaction', note: 'note', group: 'group', service: 'service' };
export const LINKS: Readonly<Record<Link, string>> = { payment: 'payment', swap: 'swap', bridge: 'bridge', inferred: 'inferred link' };
export const RISK_WORDS: Readonly<Record<Risk, string>> = { severe: 'severe', high: 'high', medium: 'medium', low: 'low', unknown: 'unknown' };

/** All sums of several assets; the largest list of them is bounded. */
export function sums(all: ReadonlyMap<string, Sum>, asset: (id: string) => Asset, most = 2): string {
  const parts = [...all].filter(([, s]) => s.units !== 0n || s.unknown > 0).sort(([a], [b]) => (a < b ? -1 : 1));
  const texts = parts.slice(0, most).map(([id, sum]) => sumText(sum, asset(id)));
  if (parts.length > most) texts.push(`${parts.length - most} assets more`);
  return texts.join(', ');
}

/** `+16 more, 5.01 BTC`; the empty text where nothing is left out. */
function rest(r: Rest | null, asset: (id: string) => Asset): string {
  if (!r) return '';
  const all = new Map(r.sums);
  for (const [id, units] of r.unlisted?.sums ?? []) all.set(id, { units: (all.get(id)?.units ?? 0n) + units, unknown: all.get(id)?.unknown ?? 0 });
  const open = r.unlisted && !r.unlisted.sums;
  const more = r.unlisted ? (r.unlisted.count === null ? 'others not listed' : `${counted(r.unlisted.count, 'movement')} not listed`) : '';
  const shown = r.neighbours > 0 ? `+${r.neighbours} more` : '';
  const what = [shown, more].filter(Boolean).join(' and ');
  const sum = sums(all, asset);
  if (open) return sum ? `${what}, at least ${sum}` : `${what}, amount unknown`;
  return sum ? `${what}, ${sum}` : what;
}

/** The two lines in a node. */
function lines(node: ViewNode): { title: string; sub: string } {
  const ref = node.kind === 'note' ? '' : shortened(node.ref);
  const inside = node.inside.reduce((n, i) => n + i.movements.length, 0);
  const size = node.members.length > 1 ? counted(node.members.length, 'part') : '';
  const facts = node.kind === 'transaction' ? [node.time === null ? '' : time(node.time).replace(/:\d\d UTC$/, ' UTC')] : [node.category && node.category !== 'none' ? node.category : '', size, inside > 0 ? `${inside} inside` : ''];
  const title = node.label || (node.kind === 'entity' ? `entity ${ref}` : ref);
  const sub = [node.label && node.kind !== 'note' && node.kind !== 'group' ? shortened(node.ref, 6, 4) : '', ...facts].filter(Boolean).join(', ') || KINDS[node.kind];
  return { title, sub };
}

export const viewText = { rest, lines };

/** A node in a sentence, for screen readers and tooltips. */
export function nodeSentence(node: ViewNode, asset: (id: string) => Asset): string {
  const parts = [`${KINDS[node.kind]} ${node.label || shortened(node.ref)}`];
  if (node.kind !== 'transaction' && node.kind !== 'note' && node.kind !== 'group') parts.push(`risk ${RISK_WORDS[node.risk]}`);
  if (node.category && node.category !== 'none') parts.push(node.category);
  if (node.kind === 'transaction') parts.push(time(node.time));
  const before = rest(node.rest.in, asset), after = rest(node.rest.out, asset);
  if (before) parts.push(`not drawn before it: ${before}`);
  if (after) parts.push(`not drawn after it: ${after}`);
  if (node.mark.note) parts.push(`note: ${node.mark.note}`);
  return parts.join(', ');
}

/** An edge in a sentence. */
export function edgeSentence(edge: ViewEdge, view: View, asset: (id: string) => Asset): string {
  const name = (id: string): string => { const n = view.nodes.get(id); return n ? n.label || shortened(n.ref) : id; };
  return `${sumText(edge.sum, asset(edge.asset))} from ${name(edge.from)} to ${name(edge.to)} in ${counted(edge.movements.length, edge.link === 'payment' ? 'movement' : LINKS[edge.link])}`;
}

/** What the whole picture shows and what it leaves out. */
export function summary(view: View, asset: (id: string) => Asset): string {
  const movements = [...view.edges.values()].reduce((n, e) => n + e.movements.length, 0);
  const parts = [`${counted(view.nodes.size, 'node')}, ${counted(view.edges.size, 'edge')} of ${counted(movements, 'movement')}`];
  if (view.hidden.movements > 0 || view.hidden.nodes.length > 0) {
    const sum = sums(view.hidden.sums, asset, 3);
    parts.push(`hidden by filters: ${counted(view.hidden.nodes.length, 'node')}, ${counted(view.hidden.movements, 'movement')}${sum ? ` of ${sum}` : ''}`);
  }
  if (view.hidden.undecided > 0) parts.push(`${counted(view.hidden.undecided, 'movement')} of unknown time or amount shown`);
  if (view.mixed > 0) parts.push(`${counted(view.mixed, 'transaction')} kept as nodes because more than one pays into them or their payers were not looked up`);
  return `${parts.join('; ')}.`;
}

