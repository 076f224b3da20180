/** Questions to the desk's API. Every answer that is not whole says so in what it becomes. */
import { fromAccountTrace, fromAddress, fromTrace, fromTransfers, fromTx, isAccountChain, type AccountTrace, type AddressReport, type Learn, type Trace, type Transfer, type TransfersPage, type TxReport } from './learn.ts';
import type { Fact, Side } from './model.ts';

/** Pages of transfers that are read for one side of an address. */
const PAGES = 5;

export interface Hit { kind: string; id: string; chain?: string | null; name?: string | null; category: string; risk: string; assets: string[]; examples: string[]; in_ledger: boolean }
export interface Lookup { hits: Hit[]; more: number; notes: string[]; unknown: string[] }
export interface TraceOptions { direction: 'forward' | 'backward'; policy: string; hops: number; least: string; services: boolean }

export class Api {
  /** Tickers of UTXO chains by name. */
  private readonly tickers = new Map<string, string>();
  constructor(private readonly base: string, private readonly get: typeof fetch = (...a) => fetch(...a)) {}

  private async ask<T>(path: string, query: Readonly<Record<string, string | number | boolean | null | undefined>> = {}): Promise<T> {
    const q = new URLSearchParams();
    for (const [k, v] of Object.entries(query)) if (v !== null && v !== undefined && v !== '') q.set(k, String(v));
    const text = q.toString();
    const answer = await this.get(`${this.base}${path}${text ? `?${text}` : ''}`, { headers: { accept: 'application/json' } });
    const body = (await answer.json().catch(() => null)) as (T & { error?: string }) | null;
    if (!answer.ok || body === null) throw new Error(body?.error ?? `The server answered ${answer.status} to ${path}.`);
    return body;
  }

  search(q: string): Promise<Lookup> {
    return this.ask<Lookup>('/search', { q });
  }

  setTicker(chain: string, ticker: string): void {
    this.tickers.set(chain, ticker);
  }

  /** What stands behind a node, on one side or both. */
  async look(fact: Fact, sides: readonly Side[]): Promise<Learn[]> {
    if (fact.kind === 'transaction') return [await this.transaction(fact.chain, fact.ref)];
    if (fact.kind !== 'address' || fact.id.startsWith('u:')) return [];
    if (!isAccountChain(fact.chain)) {
      const report = await this.ask<AddressReport>(`/address/${encodeURIComponent(fact.ref)}`, { chain: fact.chain });
      return [fromAddress(fact.chain, this.tickers.get(fact.chain) ?? fact.chain, report)];
    }
    return Promise.all(sides.map((side) => this.transfers(fact, side)));
  }

  /** Tags and totals of an address, for the panel. */
  address(fact: Fact): Promise<Partial<AddressReport> & { tags: AddressReport['tags']; balances?: unknown[]; gaps?: string[] }> {
    return this.ask(isAccountChain(fact.chain) ? `/account-chains/address/${encodeURIComponent(fact.ref)}` : `/address/${encodeURIComponent(fact.ref)}`, { chain: fact.chain });
  }

  private async transaction(chain: string, tx: string): Promise<Learn> {
    if (!isAccountChain(chain)) {
      const report = await this.ask<TxReport>(`/tx/${tx}`, { chain });
      this.tickers.set(chain, report.asset);
      return fromTx(chain, report);
    }
    throw new Error('Transactions of account chains are drawn as transfers between addresses.');
  }

  private async transfers(fact: Fact, side: Side): Promise<Learn> {
    const all: Transfer[] = [];
    let after: number | null = null;
    for (let page = 0; page < PAGES; page += 1) {
      const answer: TransfersPage = await this.ask(`/account-chains/address/${encodeURIComponent(fact.ref)}/transfers`, { chain: fact.chain, direction: side, order: 'newest', after, without_fees: true });
      all.push(...answer.transfers);
      after = answer.next ?? null;
      if (after === null) break;
    }
    return fromTransfers(fact.ref, fact.chain, side, all, after === null);
  }

  /** Transfers of a transaction of an account chain, as the transfers of nobody's side. */
  async transactionTransfers(chain: string, hash: string): Promise<Transfer[]> {
    return (await this.ask<{ transfers: Transfer[] }>(`/account-chains/transaction/${hash}`, { chain })).transfers;
  }

  async trace(fact: Fact, o: TraceOptions, asset: string | null): Promise<Learn> {
    const query = { subject: fact.ref, direction: o.direction, policy: o.policy, max_hops: o.hops, min_value: o.least, through_services: o.services, chain: fact.chain };
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

  /** Adds a graph to a case; gives the number of the item. */
  async save(id: string, subject: string, title: string, body: string): Promise<number> {
    const answer = await this.get(`${this.base}/desk/cases/${encodeURIComponent(id)}`, {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: `{"step":"add","kind":"graph","key":${JSON.stringify(subject)},"title":${JSON.stringify(title)},"body":${body}}`,
    });
    const made = (await answer.json().catch(() => null)) as { item?: number; error?: string } | null;
    if (!answer.ok || made?.item === undefined) throw new Error(made?.error ?? `The server answered ${answer.status}.`);
    return made.item;
  }
}
