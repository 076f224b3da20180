/** What a graph begins with: what was typed, pasted or read from a file, and what an object of the desk names. */
import type { App } from './app.ts';
import { addFacts, expand, several } from './expand.ts';
import { sentence } from './format.ts';
import { addressId, isAccountChain, riskOf, txId, type Learn } from './learn.ts';
import type { Fact } from './model.ts';
import type { LookupReport } from './reports.ts';
import { has, t } from './texts.ts';

type Choice = LookupReport['items'][number]['choices'][number];

/** A found thing as a fact; null for what is not drawn, such as a block. */
function chosen(choice: Choice, chain: string): Fact[] {
  const on = choice.chain ?? chain;
  const about = { chain: on, label: choice.name ?? '', risk: riskOf(choice.risk), category: choice.category, entity: null, time: null, hop: 0 };
  switch (choice.kind) {
    case 'address': return [{ ...about, id: addressId(on, choice.id), kind: 'address', ref: choice.id }];
    case 'transaction': case 'output': { const ref = choice.id.replace(/:\d+$/, ''); return [{ ...about, id: txId(on, ref), kind: 'transaction', ref }]; }
    // A name stands for the addresses that have it.
    case 'actor': case 'label': return (choice.examples ?? []).slice(0, 20).map((ref) => ({ ...about, id: addressId(on, ref), kind: 'address', ref }));
    default: return [];
  }
}

/** The first of a list, and how many more there are. */
const listed = (all: readonly string[]): string => all.slice(0, 5).join(', ') + (all.length > 5 ? ` ${t('and-more', { n: all.length - 5 })}` : '');

/** Items of a pasted text or a CSV file: fields between spaces, commas, semicolons and lines, without quotes, each once. */
export function itemsOf(text: string): string[] {
  return [...new Set(text.split(/[\s,;]+/).map((part) => part.trim().replace(/^["']|["']$/g, '')).filter((part) => part !== ''))];
}

/** Transfers of transactions of account chains, which are drawn in their place: asked for together, chain by chain. */
async function transfers(app: App, txs: readonly { chain: string; ref: string }[]): Promise<Learn[]> {
  const refs = new Map<string, Set<string>>();
  for (const { chain, ref } of txs) refs.set(chain, (refs.get(chain) ?? new Set()).add(ref));
  const learned: Learn[] = [];
  for (const [chain, of] of refs) learned.push(...(await app.api.transactions(chain, [...of])));
  return learned;
}

const addressesOf = (learned: readonly Learn[]): Fact[] => learned.flatMap((l) => l.facts.filter((f) => f.kind === 'address'));

/** Looks up what was typed or pasted (1,000 items at most), or a list, and adds what was found. */
export async function addPasted(app: App, text: string | readonly string[], chain: string): Promise<string> {
  // A line without an address in it may be a name of several words.
  const isName = typeof text === 'string' && !/[\n,;]/.test(text.trim()) && !/[0-9a-zA-Z]{20}/.test(text);
  const items = typeof text !== 'string' ? [...new Set(text)] : isName ? [text.trim()].filter(Boolean) : itemsOf(text);
  if (items.length === 0) return t('say-type-something');
  if (items.length > 1_000) return t('say-too-many', { n: items.length });
  const found = await app.api.lookup(items, chain);
  const facts: Fact[] = [];
  const missed: string[] = [], doubtful: string[] = [];
  for (const { item, state, choices } of found.items) {
    const first = choices.map((c) => chosen(c, chain)).find((f) => f.length > 0);
    if (!first) missed.push(item);
    else facts.push(...first);
    if (first && state === 'ambiguous') doubtful.push(item);
  }
  const hasTransfers = (f: Fact): boolean => f.kind === 'transaction' && isAccountChain(f.chain);
  const learned = await transfers(app, facts.filter(hasTransfers));
  const drawn = [...facts.filter((f) => !hasTransfers(f)), ...addressesOf(learned)];
  const said = drawn.length > 0 ? await addFacts(app, drawn, learned) : '';
  return [said, missed.length > 0 ? t('say-not-found', { list: listed(missed) }) : '', doubtful.length > 0 ? t('say-ambiguous', { list: listed(doubtful) }) : ''].filter(Boolean).join(' ');
}

/** Begins with what an alert, case, event, request or customer names. */
export async function begin(app: App, kind: string, id: string): Promise<string> {
  const found = await app.api.start(kind, id);
  const nowhere = found.items.filter((i) => !i.chain).map((i) => i.id);
  const facts = found.items.flatMap((i): Fact[] => {
    const on = i.chain;
    if (!on || (i.kind === 'transaction' && isAccountChain(on))) return [];
    const kindOf = i.kind === 'transaction' ? 'transaction' : 'address';
    return [{ id: (kindOf === 'transaction' ? txId : addressId)(on, i.id), kind: kindOf, ref: i.id, chain: on, label: '', risk: 'unknown', category: '', entity: null, time: null, hop: 0 }];
  });
  const learned = await transfers(app, found.items.slice(0, 50).flatMap((i) => (i.chain && i.kind === 'transaction' && isAccountChain(i.chain) ? [{ chain: i.chain, ref: i.id }] : [])));
  facts.push(...addressesOf(learned));
  const missing = [nowhere.length > 0 ? t('say-nowhere', { list: listed(nowhere) }) : '', ...found.notes.map(sentence), ...(found.more > 0 ? [t('say-more-items', { n: found.more })] : [])].filter(Boolean).slice(0, 4).join(' ');
  if (facts.length === 0) return `${t('say-nothing-to-start', { what: t(has(`kind-${kind}`) ? `kind-${kind}` : 'kind-subject'), id })} ${missing}`;
  await addFacts(app, facts, learned);
  app.surface.fit();
  // A few are expanded at once; of many a person chooses.
  if (facts.length <= 3) await expand(app, ['in', 'out']);
  else await expandNames(app, facts);
  app.surface.fit();
  return `${t('say-started', { what: t(`kind-${kind}`), id, n: facts.length })} ${missing} ${app.summary()}`.replace(/ +/g, ' ');
}

/** Looks up names and what lies between nodes, without adding others. */
async function expandNames(app: App, facts: readonly Fact[]): Promise<void> {
  const { got } = await several(facts.slice(0, 60), (f) => app.api.look(f, ['in', 'out']));
  app.do({ do: 'batch', name: t('do-look-up'), commands: got.flat() });
}
