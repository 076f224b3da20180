/** Sentences about nodes, edges and what is left out: the same on the picture, in the tree and in tables. */
import type { View, ViewEdge, ViewNode } from './aggregate.ts';
import { shortened, sumText, time, type Asset, type Sum } from './format.ts';
import type { Kind, Rest, Risk } from './model.ts';
import { has, keys, t } from './texts.ts';

const kind = (k: Kind): string => t(`kind-${k}`);
export const riskWord = (r: Risk): string => t(`risk-${r}`);

const CATEGORY = 'category-is-';
/** A name as words. */
export const plain = (name: string): string => name.replace(/_/g, ' ');
/** The words that the desk's pages have for a category and for a tag's confidence; the name where they have none. */
export const categoryWord = (name: string): string => (has(CATEGORY + name) ? t(CATEGORY + name) : plain(name));
export const confidenceWord = (name: string): string => (has(`confidence-is-${name}`) ? t(`confidence-is-${name}`) : plain(name));
/** Names of all categories of which the page has a word. */
export const categories = (): string[] => keys().filter((k) => k.startsWith(CATEGORY)).map((k) => k.slice(CATEGORY.length));
/** Names of the categories that a text has between commas: by their words, of which two categories may have the same, or by their names. */
export function categoriesIn(text: string): string[] {
  const named = (part: string): string[] => {
    const same = (word: string): boolean => word.toLowerCase() === part.toLowerCase();
    const found = categories().filter((name) => same(categoryWord(name)));
    return found.length > 0 ? found : [part];
  };
  return text.split(/[,،、，]/).map((part) => part.trim()).filter((part) => part !== '').flatMap(named);
}
const isCategory = (text: string): boolean => text !== '' && text !== 'none';

/** All sums of several assets; the largest list of them is bounded. */
export function sums(all: ReadonlyMap<string, Sum>, asset: (id: string) => Asset, most = 2): string {
  const parts = [...all].filter(([, s]) => s.units !== 0n || s.unknown > 0).sort(([a], [b]) => (a < b ? -1 : 1));
  const texts = parts.slice(0, most).map(([id, sum]) => sumText(sum, asset(id)));
  if (parts.length > most) texts.push(t('more-assets', { n: parts.length - most }));
  return texts.join(', ');
}

/** `+16 more, 5.01 BTC`; the empty text where nothing is left out. */
function rest(r: Rest | null, asset: (id: string) => Asset): string {
  if (!r) return '';
  const all = new Map(r.sums);
  for (const [id, units] of r.unlisted?.sums ?? []) all.set(id, { units: (all.get(id)?.units ?? 0n) + units, unknown: all.get(id)?.unknown ?? 0 });
  const open = r.unlisted && !r.unlisted.sums;
  const more = r.unlisted ? (r.unlisted.count === null ? t('rest-others') : t('rest-unlisted', { n: r.unlisted.count })) : '';
  const shown = r.neighbours > 0 ? t('rest-more', { n: r.neighbours }) : '';
  const what = [shown, more].filter(Boolean).join(` ${t('and')} `);
  const sum = sums(all, asset);
  if (open) return sum ? t('rest-at-least', { what, sum }) : t('rest-amount-unknown', { what });
  return sum ? `${what}, ${sum}` : what;
}

/** The two lines in a node. */
function lines(node: ViewNode): { title: string; sub: string } {
  const ref = node.kind === 'note' ? '' : shortened(node.ref);
  const inside = node.inside.reduce((n, i) => n + i.movements.length, 0);
  const size = node.members.length > 1 ? t('parts', { n: node.members.length }) : '';
  const facts = node.kind === 'transaction' ? [node.time === null ? '' : time(node.time).replace(/:\d\d UTC$/, ' UTC')] : [isCategory(node.category) ? categoryWord(node.category) : '', size, inside > 0 ? t('inside', { n: inside }) : ''];
  const title = node.label || (node.kind === 'entity' ? `${kind('entity')} ${ref}` : ref);
  const sub = [node.label && node.kind !== 'note' && node.kind !== 'group' ? shortened(node.ref, 6, 4) : '', ...facts].filter(Boolean).join(', ') || kind(node.kind);
  return { title, sub };
}

export const viewText = { rest, lines };

/** A node in a sentence, for screen readers and tooltips. */
export function nodeSentence(node: ViewNode, asset: (id: string) => Asset): string {
  const parts = [`${kind(node.kind)} ${node.label || shortened(node.ref)}`];
  if (node.kind !== 'transaction' && node.kind !== 'note' && node.kind !== 'group') parts.push(t('risk-is', { risk: riskWord(node.risk) }));
  if (isCategory(node.category)) parts.push(categoryWord(node.category));
  if (node.kind === 'transaction') parts.push(time(node.time));
  const before = rest(node.rest.in, asset), after = rest(node.rest.out, asset);
  if (before) parts.push(t('not-drawn-before', { rest: before }));
  if (after) parts.push(t('not-drawn-after', { rest: after }));
  if (node.mark.note) parts.push(t('has-note', { note: node.mark.note }));
  return parts.join(', ');
}

/** An edge in a sentence. */
export function edgeSentence(edge: ViewEdge, view: View, asset: (id: string) => Asset): string {
  const name = (id: string): string => { const n = view.nodes.get(id); return n ? n.label || shortened(n.ref) : id; };
  return t('edge-sentence', { sum: sumText(edge.sum, asset(edge.asset)), from: name(edge.from), to: name(edge.to), n: edge.movements.length, link: edge.link });
}

/** What the whole picture shows and what it leaves out. */
export function summary(view: View, asset: (id: string) => Asset): string {
  let movements = 0;
  for (const e of view.edges.values()) movements += e.movements.length;
  const parts = [t('summary', { nodes: view.nodes.size, edges: view.edges.size, movements })];
  if (view.hidden.movements > 0 || view.hidden.nodes.length > 0) parts.push(t('summary-hidden', { nodes: view.hidden.nodes.length, movements: view.hidden.movements, sum: sums(view.hidden.sums, asset, 3) || t('nothing') }));
  if (view.hidden.undecided > 0) parts.push(t('summary-undecided', { n: view.hidden.undecided }));
  if (view.mixed > 0) parts.push(t('summary-mixed', { n: view.mixed }));
  return `${parts.join('; ')}.`;
}
