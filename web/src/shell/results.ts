/** What the palette offers, from answers of the API. The addresses of pages are those of the server's own search page. */
import { categoryWord, t } from '../texts.ts';

export interface LookupHit { kind: string; id: string; name?: string | null; chain?: string | null; assets: string[]; category: string; risk: string; in_ledger: boolean; addresses: number; examples: string[] }
export interface Lookup { hits: LookupHit[]; more: number; unknown: string[]; notes: string[] }
export interface DeskHit { kind: string; id: string; title: string }
export interface MenuPage { name: string; href: string }

/** Where something opens in the explorer: a subject of its own, or a list. */
export type InGraph = { subject: string; chain: string } | { list: string[] };
export interface Option { group: string; title: string; detail: string; risk: string; href: string; graph: InGraph | null }

const KINDS: Readonly<Record<string, string>> = {
  customer: t('shell-kind-customer'), customers: t('shell-kind-customer'), event: t('shell-kind-event'), alert: t('shell-kind-alert'), hold: t('shell-kind-hold'), case: t('shell-kind-case'),
  request: t('shell-kind-request'), address: t('shell-kind-address'), transaction: t('shell-kind-transaction'), output: t('shell-kind-output'),
  block: t('shell-kind-block'), asset: t('shell-kind-asset'), actor: t('shell-kind-actor'), label: t('shell-kind-label'),
};
/** Groups that are no kinds: pages of the menu, the list of all results. */
export const PAGES = t('shell-pages'), REST = t('shell-all-results');
const groupOf = (kind: string): string => KINDS[kind] ?? kind;
const segment = (text: string): string => encodeURIComponent(text).replace(/%3A/g, ':');
export const searchPage = (q: string): string => `/search?${new URLSearchParams({ q }).toString()}`;

/** The page of a hit; of a name of several addresses, the list of results. */
export function pageOf(hit: LookupHit): string {
  const id = segment(hit.id), tx = segment(hit.id.split(':')[0] ?? '');
  const on = hit.chain ? `/accounts/${segment(hit.chain)}` : '';
  switch (hit.kind) {
    case 'address': return `${on}/address/${id}`;
    case 'transaction': return `${on}/tx/${id}`;
    case 'output': return `${on}/tx/${on ? id : tx}`;
    // Every chain has a block of a height.
    case 'block': return on ? `${on}/block/${id}` : `/block/${id}${hit.assets[0] ? `?chain=${segment(hit.assets[0])}` : ''}`;
    case 'asset': return on ? `${on}/asset/${hit.id.slice(hit.id.indexOf('/') + 1).split('/').map(segment).join('/')}` : searchPage(hit.id);
    default: return hit.addresses === 1 && hit.examples[0] ? `/address/${segment(hit.examples[0])}` : searchPage(hit.name ?? hit.id);
  }
}

function inGraph(hit: LookupHit): InGraph | null {
  const chain = hit.chain ?? '';
  if (hit.kind === 'address' || hit.kind === 'transaction') return { subject: hit.id, chain };
  if (hit.kind === 'output') return { subject: hit.id.split(':')[0] ?? '', chain };
  if ((hit.kind === 'actor' || hit.kind === 'label') && hit.examples.length > 0) return { list: hit.examples };
  return null;
}

function ofHit(hit: LookupHit): Option {
  const isName = hit.kind === 'actor' || hit.kind === 'label';
  const where = hit.chain && hit.in_ledger ? hit.chain : hit.assets.slice(0, 4).join(', ') + (hit.assets.length > 4 ? `, ${t('shell-more', { n: hit.assets.length - 4 })}` : '');
  const size = isName ? t('shell-addresses', { n: hit.addresses }) : '';
  const seen = isName || hit.in_ledger ? '' : t('shell-by-tags');
  const known = hit.category !== '' && hit.category !== 'unattributed';
  return {
    group: groupOf(hit.kind), title: hit.name ?? hit.id, risk: known ? hit.risk : '',
    detail: [hit.name && hit.name !== hit.id ? hit.id : '', known ? categoryWord(hit.category) : '', size, where, seen].filter(Boolean).join(', '),
    href: pageOf(hit), graph: inGraph(hit),
  };
}

/** Where the explorer opens something. */
export const graphPage = (graph: InGraph): string => ('list' in graph ? '/desk/graph' : `/desk/graph?${new URLSearchParams({ subject: graph.subject, ...(graph.chain ? { chain: graph.chain } : {}) }).toString()}`);

const ofDesk = (hit: DeskHit): Option => ({ group: groupOf(hit.kind), title: hit.title ? `${hit.id}: ${hit.title}` : hit.id, detail: '', risk: '', href: hit.kind === 'customers' ? `/desk/customers?${new URLSearchParams({ q: hit.id }).toString()}` : `/desk/${hit.kind}s/${segment(hit.id)}`, graph: null });
const ofPage = (page: MenuPage): Option => ({ group: PAGES, title: page.name, detail: '', risk: '', href: page.href, graph: null });

const isExact = (o: Option, words: string): boolean => o.group !== REST && (o.title.toLowerCase() === words || o.title.toLowerCase().startsWith(`${words}: `));

/** Most that is offered of one kind. */
const EACH = 6;

export interface Found { options: Option[]; left: number }

/** All that is offered for a question: pages that begin with it, what the desk has, what the ledgers have, other pages, the list of all results. */
export function offer(q: string, pages: readonly MenuPage[], desk: readonly DeskHit[], lookup: Lookup | null): Found {
  const words = q.toLowerCase();
  const named = pages.filter((p) => p.name.toLowerCase().includes(words));
  const first = named.filter((p) => p.name.toLowerCase().startsWith(words));
  const whole = (o: Option): boolean => isExact(o, words);
  const all = [...desk.map(ofDesk), ...(lookup?.hits ?? []).map(ofHit)];
  // What has the whole text as its name or number comes before what has it among other words.
  const groups = [...new Set(all.map((o) => o.group))].map((g) => all.filter((o) => o.group === g)).sort((a, b) => Number(b.some(whole)) - Number(a.some(whole)));
  const shown = groups.flatMap((g) => g.slice(0, EACH));
  const left = all.length - shown.length + (lookup?.more ?? 0);
  // A word that begins a page's name is a way to it only where nothing has the whole word.
  const exact = shown.some(whole);
  const begin = exact ? [] : first.map(ofPage);
  const end = named.filter((p) => exact || !first.includes(p)).map(ofPage);
  const rest: Option = { group: REST, title: t('shell-search-for', { q }), detail: left > 0 ? t('shell-more', { n: left }) : '', risk: '', href: searchPage(q), graph: null };
  return { options: [...begin, ...shown, ...end, rest], left };
}

/** Which option is marked once there are others for the same question: what a person moved to, or what has the whole text as its name; else the best, which is the first. */
export function marked(q: string, before: Option | undefined, moved: boolean, options: readonly Option[]): number {
  if (!before || (!moved && !isExact(before, q.toLowerCase()))) return 0;
  return Math.max(0, options.findIndex((o) => o.href === before.href && o.title === before.title));
}

/** What is said beside the results. */
export function remarks(lookup: Lookup | null): string[] {
  if (!lookup) return [];
  const unknown = lookup.unknown.length > 0 ? [t('shell-unknown', { what: lookup.unknown.slice(0, 3).join(', ') + (lookup.unknown.length > 3 ? `, ${t('shell-more', { n: lookup.unknown.length - 3 })}` : '') })] : [];
  return [...unknown, ...lookup.notes.map((n) => `${n}.`)];
}
