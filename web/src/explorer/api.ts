/** Questions to the desk's API. Every answer that is not whole says so in what it becomes. */
import type { Asset } from './format.ts';
import { coin, fromAccountTrace, fromAddress, fromTrace, fromTx, isAccountChain, txId, type AccountTrace, type AddressReport, type AssetView, type Learn, type Tag, type Trace, type TxReport } from './learn.ts';
import type { Fact, Side } from './model.ts';
import { t } from './texts.ts';
import { fromTransactions, totalsOf, UNBOUNDED, type ActivityReport, type Bounds, type EntityReport, type FiguresReport, type LinksReport, type LookupReport, type NeighboursReport, type StartReport, type TransactionsReport } from './reports.ts';
import type { PriceTable } from './worth.ts';

/** Transactions of which the movements are asked for at once. */
const DETAILED = 200;

export interface TraceOptions { direction: 'forward' | 'backward'; policy: string; hops: number; least: string; services: boolean; from: number | null; until: number | null; edges: number | null }
export interface ExposureLine { category: string; risk: string; direct: number | string; indirect: number | string; share_ppm: number }
export interface Exposure { asset: AssetView; source: ExposureLine[]; destination: ExposureLine[]; risk_score: number | null }
export interface Profile { tags: Tag[]; entity: AddressReport['entity']; exposures: Exposure[]; received: number | null; balance: number | null; gaps: string[] }
type AddressAnswer = AddressReport & { exposure?: { asset: string; source: ExposureLine[]; destination: ExposureLine[]; risk_score: number | null } | null };
export interface OwnTag { address: string; asset: string; label: string; source: string; category: string; confidence: string }
export interface SavedVersion { graph: number; version: number; item: number }
export class Conflict extends Error {}
/** What is asked about is not there. */
export class Missing extends Error {}

export class Api {
  /** Tickers of UTXO chains by name. */
  private readonly tickers = new Map<string, string>();
  /** Addresses of UTXO chains that are asked about now. */
  private readonly asked = new Map<string, Promise<AddressAnswer>>();
  constructor(private readonly base: string, private readonly get: typeof fetch = (...a) => fetch(...a)) {}

  private async ask<T>(path: string, query: Readonly<Record<string, string | number | boolean | null | undefined>> = {}, send?: { method: 'POST' | 'PUT'; body: string; type?: string }): Promise<T> {
    const q = new URLSearchParams();
    for (const [k, v] of Object.entries(query)) if (v !== null && v !== undefined && v !== '') q.set(k, String(v));
    const text = q.toString();
    const answer = await this.get(`${this.base}${path}${text ? `?${text}` : ''}`, {
      headers: { accept: 'application/json', ...(send ? { 'content-type': send.type ?? 'application/json' } : {}) }, ...(send ? { method: send.method, body: send.body } : {}),
    });
    const body = (await answer.json().catch(() => null)) as (T & { error?: string }) | null;
    const said = body?.error ?? t('api-status', { status: String(answer.status), path });
    if (answer.status === 409) throw new Conflict(said);
    if (answer.status === 404) throw new Missing(said);
    if (!answer.ok || body === null) throw new Error(said);
    return body;
  }

  setTicker(chain: string, ticker: string): void {
    this.tickers.set(chain, ticker);
  }

  /** The coin of a UTXO chain. */
  coinOf(chain: string): Asset {
    return coin(chain, this.tickers.get(chain) ?? chain);
  }

  /** What stands behind a node, on one side or both: the largest movements (or those within bounds) and the exact totals. */
  async look(fact: Fact, sides: readonly Side[], bounds: Bounds = UNBOUNDED): Promise<Learn[]> {
    return (await this.within(fact, sides, bounds)).learned;
  }

  /** The same, with the ids of what the bounds let through. */
  async within(fact: Fact, sides: readonly Side[], bounds: Bounds): Promise<{ learned: Learn[]; rows: ReadonlySet<string> }> {
    const all = (learned: Learn[]): { learned: Learn[]; rows: ReadonlySet<string> } => ({ learned, rows: new Set(learned.flatMap((l) => l.facts.map((f) => f.id))) });
    if (fact.kind === 'transaction') return all(isAccountChain(fact.chain) ? await this.transactions(fact.chain, [fact.ref]) : [await this.transaction(fact.chain, fact.ref)]);
    if ((fact.kind !== 'address' && fact.kind !== 'entity') || fact.id.startsWith('u:')) return all([]);
    // A transaction has no category: its other ends do, so more of them are read and chosen from.
    const isByCategory = bounds.category !== '' && !isAccountChain(fact.chain);
    const asked: Bounds = { ...bounds, most: isByCategory ? DETAILED : Math.max(bounds.most, 25), category: isByCategory ? '' : bounds.category };
    const [identity, ...reports] = await Promise.all([this.identity(fact), ...sides.map((side) => this.neighbours(fact, side, 'transaction', asked))]);
    const txs = [...new Set(reports.flatMap((r) => r.rows.flatMap((row) => (row.kind === 'transaction' && row.id ? [row.id] : []))))];
    const details = await this.transactions(fact.chain, txs);
    const rows = isAccountChain(fact.chain) ? all(details).rows : isByCategory ? ofCategories(fact, details, bounds.category.split(',').map((c) => c.trim())) : new Set(txs.map((tx) => txId(fact.chain, tx)));
    return { learned: [...identity, ...details, ...reports.map((r) => totalsOf(fact.id, r))], rows };
  }

  /** What the desk says of an address of a UTXO chain. Its look and its profile are often asked for together: they share the answer. */
  private address(fact: Fact): Promise<AddressAnswer> {
    let answer = this.asked.get(fact.id);
    if (!answer) {
      answer = this.ask<AddressAnswer>(`/address/${encodeURIComponent(fact.ref)}`, { chain: fact.chain }).finally(() => { this.asked.delete(fact.id); });
      this.asked.set(fact.id, answer);
    }
    return answer;
  }

  /** Names of an address, and the entity that it belongs to. */
  private async identity(fact: Fact): Promise<Learn[]> {
    if (isAccountChain(fact.chain) || fact.kind !== 'address') return [];
    return [fromAddress(fact.chain, this.tickers.get(fact.chain) ?? fact.chain, await this.address(fact))];
  }

  neighbours(fact: Fact, side: Side, by: 'transaction' | 'address' | 'entity', b: Bounds): Promise<NeighboursReport> {
    return this.ask('/graph/neighbours', {
      subject: fact.ref, entity: fact.kind === 'entity' ? true : null, direction: side, by, sort: b.sort, asset: b.asset, min_amount: b.least, from_time: b.from, to_time: b.until, category: b.category, limit: b.most,
      without_fees: isAccountChain(fact.chain) ? true : null, chain: fact.chain,
    });
  }

  prices(): Promise<PriceTable> {
    return this.ask('/prices');
  }

  /** Movements of transactions, a bounded number at a time. */
  async transactions(chain: string, ids: readonly string[]): Promise<Learn[]> {
    const parts: Learn[] = [];
    for (let i = 0; i < ids.length; i += DETAILED) {
      const transactions = ids.slice(i, i + DETAILED).map((id) => ({ id, chain }));
      parts.push(...fromTransactions(await this.ask<TransactionsReport>('/graph/transactions', {}, { method: 'POST', body: JSON.stringify({ transactions, between: [], chain }) })));
    }
    return parts;
  }

  /** Payments between addresses of a chain. */
  between(chain: string, addresses: readonly string[]): Promise<TransactionsReport> {
    return this.ask('/graph/transactions', {}, { method: 'POST', body: JSON.stringify({ transactions: [], between: addresses, chain }) });
  }

  lookup(items: readonly string[], chain: string): Promise<LookupReport> {
    return this.ask('/graph/lookup', {}, { method: 'POST', body: JSON.stringify({ items, ...(chain ? { chain } : {}) }) });
  }

  /** What an alert, case, event, request or customer begins with. */
  start(kind: string, id: string): Promise<StartReport> {
    return this.ask('/graph/start', { [kind]: id });
  }

  /** Swaps and bridges of an account. */
  links(fact: Fact): Promise<LinksReport> {
    return this.ask(`/account-chains/links/${encodeURIComponent(fact.ref)}`, { chain: fact.chain, order: 'newest' });
  }

  entity(fact: Fact): Promise<EntityReport> {
    return this.ask(`/entities/${encodeURIComponent(fact.chain)}/${encodeURIComponent(fact.ref)}`);
  }

  activity(fact: Fact): Promise<ActivityReport> {
    return this.ask(`/addresses/${encodeURIComponent(fact.ref)}/activity`, { chain: fact.chain, period: 'month' });
  }

  /** What was computed over the whole chain. */
  figures(fact: Fact): Promise<FiguresReport> {
    return this.ask(`/addresses/${encodeURIComponent(fact.ref)}/figures`, { chain: fact.chain });
  }

  /** Tags, entity and exposure of an address. */
  async profile(fact: Fact): Promise<Profile> {
    if (!isAccountChain(fact.chain)) {
      const r = await this.address(fact);
      const ticker = this.tickers.get(fact.chain) ?? r.exposure?.asset ?? fact.chain;
      const exposures = r.exposure ? [{ ...r.exposure, asset: { id: `${fact.chain}/${ticker}`, ticker, decimals: 8 } }] : [];
      return { tags: r.tags, entity: r.entity, exposures, received: r.received, balance: r.balance, gaps: [] };
    }
    interface AccountSide { by_category: ExposureLine[] }
    const [about, exposure] = await Promise.all([
      this.ask<{ tags?: Tag[]; gaps?: string[] }>(`/account-chains/address/${encodeURIComponent(fact.ref)}`, { chain: fact.chain }),
      this.ask<{ assets: { asset: AssetView; source: AccountSide; destination: AccountSide; risk_score: number | null }[]; gaps: string[] }>(`/account-chains/exposure/${encodeURIComponent(fact.ref)}`, { chain: fact.chain }).catch((e: unknown) => ({ assets: [], gaps: [e instanceof Error ? e.message : String(e)] })),
    ]);
    return {
      tags: about.tags ?? [], entity: null, received: null, balance: null, gaps: [...(about.gaps ?? []), ...exposure.gaps],
      exposures: exposure.assets.map((a) => ({ asset: a.asset, risk_score: a.risk_score, source: a.source.by_category, destination: a.destination.by_category })),
    };
  }

  /** Why two addresses are held to be of one owner. */
  async explain(a: Fact, b: Fact): Promise<{ joined: boolean; steps: { from: string; to: string; heuristic: string; txid?: string; through?: string }[] }> {
    if (isAccountChain(a.chain)) return this.ask(`/account-chains/explain/${encodeURIComponent(a.ref)}/${encodeURIComponent(b.ref)}`, { chain: a.chain });
    return this.ask('/explain', { a: a.ref, b: b.ref, chain: a.chain });
  }

  private async transaction(chain: string, tx: string): Promise<Learn> {
    const report = await this.ask<TxReport>(`/tx/${tx}`, { chain });
    this.tickers.set(chain, report.asset);
    return fromTx(chain, report);
  }

  async trace(fact: Fact, o: TraceOptions, asset: string | null): Promise<Learn> {
    const query = { subject: fact.ref, direction: o.direction, policy: o.policy, max_hops: o.hops, min_value: o.least, through_services: o.services, from_time: o.from, until_time: o.until, max_edges: o.edges, chain: fact.chain };
    if (isAccountChain(fact.chain)) return fromAccountTrace(await this.ask<AccountTrace>('/account-chains/trace', { ...query, links: true, asset }));
    return fromTrace(fact.chain, this.tickers.get(fact.chain) ?? fact.chain, await this.ask<Trace>('/trace', query));
  }

  /** Transactions and addresses on the ways between two addresses of a UTXO chain. */
  async paths(from: Fact, to: Fact): Promise<{ txs: string[]; addresses: string[] }> {
    if (isAccountChain(from.chain) || isAccountChain(to.chain)) {
      const found = await this.ask<{ steps: { transfer: { from?: { address: string } | null; to?: { address: string } | null } }[] }[]>('/account-chains/paths', { from: from.ref, to: to.ref, chain: from.chain, to_chain: to.chain, links: true });
      return { txs: [], addresses: found.flatMap((p) => p.steps.flatMap((s) => [s.transfer.from?.address, s.transfer.to?.address].filter((a): a is string => Boolean(a)))) };
    }
    const found = await this.ask<{ steps: { address: string; txid: string }[] }[]>('/paths', { from: from.ref, to: to.ref, chain: from.chain });
    return { txs: found.flatMap((p) => p.steps.map((s) => s.txid)), addresses: found.flatMap((p) => p.steps.map((s) => s.address)) };
  }

  /** Saves a graph in a case: a first version, or the next one after `base`. Throws `Conflict` when another person saved one meanwhile. */
  save(id: string, known: { graph: number; version: number } | null, subject: string, title: string, body: string): Promise<SavedVersion> {
    const path = `/desk/cases/${encodeURIComponent(id)}/graphs`;
    const text = JSON.stringify(title);
    if (!known) return this.ask(path, {}, { method: 'POST', body: `{"title":${text},"subject":${JSON.stringify(subject)},"body":${body}}` });
    return this.ask(`${path}/${known.graph}`, {}, { method: 'PUT', body: `{"base_version":${known.version},"title":${text},"body":${body}}` });
  }

  version(id: string, graph: number, version: number): Promise<{ title: string; created_by: string; created: number; version: number; body: unknown }> {
    return this.ask(`/desk/cases/${encodeURIComponent(id)}/graphs/${graph}/${version}`);
  }
  versions(id: string, graph: number): Promise<{ graph: number; title: string; versions: { version: number; item: number; created: number; created_by: string }[] }> {
    return this.ask(`/desk/cases/${encodeURIComponent(id)}/graphs/${graph}`);
  }

  /** Adds an item to a case; gives its number. */
  async addToCase(id: string, kind: 'address' | 'transaction' | 'note', key: string, title: string): Promise<number | null> {
    const made = await this.ask<{ item?: number | null }>(`/desk/cases/${encodeURIComponent(id)}`, {}, { method: 'POST', body: JSON.stringify({ step: 'add', kind, key, title, body: {} }) });
    return made.item ?? null;
  }

  /** States a tag of the desk's own. */
  ownTag(tag: OwnTag, reason: string): Promise<unknown> {
    return this.ask('/tags/own', {}, { method: 'POST', body: JSON.stringify({ tag, reason }) });
  }

  /** The signed bundle of what is drawn, a tar file. */
  async bundle(body: string): Promise<Blob> {
    const answer = await this.get(`${this.base}/graph/bundle`, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    if (!answer.ok) throw new Error(((await answer.json().catch(() => null)) as { error?: string } | null)?.error ?? t('api-status', { status: String(answer.status), path: '/graph/bundle' }));
    return answer.blob();
  }
}

/** Addresses of some categories among the ends of transactions, and those transactions. */
function ofCategories(subject: Fact, details: readonly Learn[], categories: readonly string[]): ReadonlySet<string> {
  const wanted = new Set<string>();
  for (const learn of details) {
    const ends = learn.facts.filter((f) => f.kind === 'address' && f.id !== subject.id && categories.includes(f.category)).map((f) => f.id);
    if (ends.length === 0) continue;
    for (const id of ends) wanted.add(id);
    for (const f of learn.facts) if (f.kind === 'transaction' && f.time !== null) wanted.add(f.id);
  }
  return wanted;
}
