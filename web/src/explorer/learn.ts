/** Answers of the API as facts. Amounts of UTXO chains come as JSON numbers, which are refused where they are not exact; those of account chains as text. */
import type { Command } from './commands.ts';
import type { Asset } from './format.ts';
import { edgeKey, totalKey, type Edge, type Fact, type Link, type Movement, type Risk, type Total } from './model.ts';

export type Learn = Extract<Command, { do: 'learn' }>;

export const addressId = (chain: string, address: string): string => `a:${chain}:${address}`;
export const txId = (chain: string, tx: string): string => `t:${chain}:${tx}`;
export const entityId = (chain: string, cluster: number | string): string => `e:${chain}:${cluster}`;
/** Account chains are named by CAIP-2 ids. */
export const isAccountChain = (chain: string): boolean => chain.includes(':');

/** Parts of the API's answers that are used; the OpenAPI document has all of them. */
export interface TxSide { address?: string | null; value?: number | null; label?: string | null; category: string; risk: string; other?: string | null }
export interface TxReport { txid: string; asset: string; time: number; coinbase: boolean; coinjoin?: string | null; inputs: TxSide[]; outputs: TxSide[] }
export interface Receipt { txid: string; vout: number; height?: number | null; time?: number | null; value?: number | null; spent_by?: string | null; replaced_at?: number | null }
export interface Tag { label: string; category: string; risk: string; source: string; creator: string; pack: string; lastmod: string; confidence: string }
export interface AddressReport {
  address: string; network: string; category: string; risk: string; received: number; balance: number; receipt_count: number; receipts: Receipt[]; tags: Tag[];
  entity?: { cluster: number; root_address: string; addresses: number; category: string; tag?: Tag | null } | null;
}
export interface AssetView { id: string; ticker?: string | null; decimals?: number | null }
interface TracedParty { address: string; category: string; label?: string | null }
interface TracedTransfer { id: string; chain: string; tx: string; amount: string; asset: AssetView; time: number; from?: TracedParty | null; to?: TracedParty | null }
export interface AccountTrace {
  movements: { transfer: TracedTransfer; marked: string; hops: number }[];
  crossings: { from: TracedTransfer; to: TracedTransfer; kind: string; left: string; reached: string; error_ppm?: number | null }[];
}
export interface Trace {
  direction: 'forward' | 'backward';
  movements: { address?: string | null; label?: string | null; category: string; txid: string; vout: number; amount: number; tx: string; via?: string | null; hops: number }[];
  ends: { address?: string | null; label?: string | null; category: string; txid: string; vout: number; amount: number; kind: string; hops: number }[];
}

const RISK: Readonly<Record<string, Risk>> = { severe: 'severe', high: 'high', medium: 'medium', low: 'low' };
/** A risk of the API; `none` means that nothing is known. */
export const riskOf = (text: string | undefined | null): Risk => RISK[text ?? ''] ?? 'unknown';

/** Base units of a JSON number or text. */
export function units(value: number | string | null | undefined, what: string): bigint | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'number' ? Number.isSafeInteger(value) : /^-?\d{1,80}$/.test(value)) return BigInt(value);
  throw new Error(`${what}: ${String(value)} is not an exact number of base units.`);
}

/** Facts, movements and totals while an answer is read. */
export class Collected {
  readonly facts = new Map<string, Fact>();
  readonly edges = new Map<string, Edge & { movements: Movement[] }>();
  readonly totals: [string, Total][] = [];
  readonly assets = new Map<string, Asset>();

  fact(fact: Partial<Fact> & Pick<Fact, 'id' | 'kind' | 'ref' | 'chain'>): void {
    this.facts.set(fact.id, { label: '', risk: 'unknown', category: '', entity: null, time: null, hop: null, ...this.facts.get(fact.id), ...fact });
  }
  move(from: string, to: string, asset: string, movement: Movement, link: Link = 'payment'): void {
    const key = edgeKey(from, to, asset, link);
    const edge = this.edges.get(key);
    if (!edge) this.edges.set(key, { key, from, to, asset, link, movements: [movement] });
    else if (!edge.movements.some((m) => m.id === movement.id)) edge.movements.push(movement);
  }
  command(): Learn {
    return { do: 'learn', facts: [...this.facts.values()], edges: [...this.edges.values()], totals: this.totals, assets: [...this.assets.values()] };
  }
}

export const coin = (chain: string, ticker: string): Asset => ({ id: `${chain}/${ticker}`, unit: ticker, decimals: 8 });

/** The index in `txid:index`, so that a spent output is the same movement whichever end tells of it. */
const outputIndex = (outpoint: string | null | undefined): number | null => { const found = /:(\d{1,10})$/.exec(outpoint ?? ''); return found ? Number(found[1]) : null; };

/** A transaction of a UTXO chain: all of what pays into it and whom it pays, and who spent what it paid. */
export function fromTx(chain: string, tx: TxReport): Learn {
  const c = new Collected();
  const asset = coin(chain, tx.asset);
  c.assets.set(asset.id, asset);
  const id = txId(chain, tx.txid);
  const shape = tx.coinbase ? { shape: 'coinbase' as const } : tx.coinjoin ? { shape: 'coinjoin' as const } : {};
  c.fact({ id, kind: 'transaction', ref: tx.txid, chain, time: tx.time, ...shape });
  const party = (side: TxSide, which: string): string => {
    const end = side.address ? addressId(chain, side.address) : `u:${id}:${which}`;
    c.fact({ id: end, kind: 'address', ref: side.address ?? 'unknown address', chain, label: side.label ?? (side.address ? '' : 'unknown address'), category: side.category, risk: riskOf(side.risk) });
    return end;
  };
  tx.inputs.forEach((side, i) => {
    const from = party(side, 'in');
    c.move(from, id, asset.id, { id: `-${side.other ?? `${tx.txid}#${i}`}`, tx: tx.txid, index: outputIndex(side.other) ?? i, value: units(side.value, `input ${i} of ${tx.txid}`), time: tx.time });
  });
  tx.outputs.forEach((side, i) => {
    const to = party(side, `out:${i}`);
    const value = units(side.value, `output ${i} of ${tx.txid}`);
    c.move(id, to, asset.id, { id: `+${tx.txid}:${i}`, tx: tx.txid, index: i, value, time: tx.time });
    if (!side.other) return;
    const spender = txId(chain, side.other);
    c.fact({ id: spender, kind: 'transaction', ref: side.other, chain });
    c.move(to, spender, asset.id, { id: `-${tx.txid}:${i}`, tx: side.other, index: i, value, time: null });
  });
  for (const side of ['in', 'out'] as const) c.totals.push([totalKey(id, side), { complete: true, count: null, sums: null }]);
  return c.command();
}

/** An address of a UTXO chain. The answer lists its first receipts; what lies beyond is counted and summed by its totals. */
export function fromAddress(chain: string, ticker: string, report: AddressReport): Learn {
  const c = new Collected();
  const asset = coin(chain, ticker);
  c.assets.set(asset.id, asset);
  const id = addressId(chain, report.address);
  const entity = report.entity && report.entity.addresses > 1 ? entityId(chain, report.entity.root_address) : null;
  const tag = report.tags[0] ?? report.entity?.tag;
  c.fact({ id, kind: 'address', ref: report.address, chain, label: tag?.label ?? '', category: report.category, risk: riskOf(report.risk), entity });
  if (entity && report.entity) c.fact({ id: entity, kind: 'entity', ref: report.entity.root_address, chain, label: report.entity.tag?.label ?? '', category: report.entity.category, risk: riskOf(report.entity.tag?.risk) });
  let beyond = 0n, gone = 0n, outsideSpent = 0n;
  for (const r of report.receipts) {
    const value = units(r.value, `receipt ${r.txid}:${r.vout}`);
    const from = txId(chain, r.txid);
    c.fact({ id: from, kind: 'transaction', ref: r.txid, chain, time: r.time ?? null });
    c.move(from, id, asset.id, { id: `+${r.txid}:${r.vout}`, tx: r.txid, index: r.vout, value, time: r.time ?? null });
    // Totals are of stored blocks only.
    if (r.height === null || r.height === undefined) beyond += value ?? 0n;
    else if (r.replaced_at !== null && r.replaced_at !== undefined) gone += value ?? 0n;
    if (!r.spent_by) continue;
    if (r.height === null || r.height === undefined) outsideSpent += value ?? 0n;
    const to = txId(chain, r.spent_by);
    c.fact({ id: to, kind: 'transaction', ref: r.spent_by, chain });
    c.move(id, to, asset.id, { id: `-${r.txid}:${r.vout}`, tx: r.spent_by, index: r.vout, value, time: null });
  }
  const complete = report.receipts.length === report.receipt_count;
  const received = units(report.received, 'received') ?? 0n, balance = units(report.balance, 'balance') ?? 0n;
  c.totals.push([totalKey(id, 'in'), { complete, count: report.receipt_count, sums: [[asset.id, received + beyond]] }]);
  c.totals.push([totalKey(id, 'out'), { complete, count: null, sums: [[asset.id, received - balance - gone + outsideSpent]] }]);
  return c.command();
}

export const assetOf = (view: AssetView): Asset => ({ id: view.id, unit: view.ticker ?? view.id, decimals: view.decimals ?? null });

/** A trace of a UTXO chain: outputs and what spends them, with what was marked. Whole values come with the transactions. */
export function fromTrace(chain: string, ticker: string, trace: Trace): Learn {
  const c = new Collected();
  const asset = coin(chain, ticker);
  c.assets.set(asset.id, asset);
  const sign = trace.direction === 'forward' ? 1 : -1;
  const place = (p: Trace['ends'][number] | Trace['movements'][number]): string => {
    const end = p.address ? addressId(chain, p.address) : `u:${txId(chain, p.txid)}:out:${p.vout}`;
    c.fact({ id: end, kind: 'address', ref: p.address ?? 'unknown address', chain, label: p.label ?? (p.address ? '' : 'unknown address'), category: p.category, hop: sign * (2 * p.hops) });
    const maker = txId(chain, p.txid);
    c.fact({ id: maker, kind: 'transaction', ref: p.txid, chain });
    const marked = units(p.amount, `${p.txid}:${p.vout}`) ?? 0n;
    c.move(maker, end, asset.id, { id: `+${p.txid}:${p.vout}`, tx: p.txid, index: p.vout, value: null, time: null, marked });
    return end;
  };
  for (const m of trace.movements) {
    const end = place(m);
    // Forward the answer names what spends the output; backward what made it, and by `via` what spent it.
    const spent = trace.direction === 'forward' ? m.tx : m.via;
    if (!spent) continue;
    const spender = txId(chain, spent);
    c.fact({ id: spender, kind: 'transaction', ref: spent, chain });
    c.move(end, spender, asset.id, { id: `-${m.txid}:${m.vout}`, tx: spent, index: m.vout, value: null, time: null, marked: units(m.amount, spent) ?? 0n });
  }
  for (const end of trace.ends) place(end);
  return c.command();
}

/** A trace over account chains: transfers, and swaps and bridges as edges of their own. */
export function fromAccountTrace(trace: AccountTrace): Learn {
  const c = new Collected();
  const party = (t: TracedTransfer, p: TracedParty | null | undefined, other: string): string => {
    const end = p ? addressId(t.chain, p.address) : `u:${t.chain}:${other}`;
    c.fact({ id: end, kind: p ? 'address' : 'service', ref: p?.address ?? other, chain: t.chain, label: p?.label ?? (p ? '' : other), category: p?.category ?? '' });
    return end;
  };
  const asset = (view: AssetView): string => { const a = assetOf(view); c.assets.set(a.id, a); return a.id; };
  for (const { transfer: t, marked } of trace.movements) {
    c.move(party(t, t.from, 'created'), party(t, t.to, 'destroyed'), asset(t.asset), { id: t.id, tx: t.tx, index: 0, value: units(t.amount, t.id), time: t.time, marked: units(marked, t.id) ?? 0n });
  }
  for (const { from, to, kind, left } of trace.crossings) {
    const link: Link = from.chain === to.chain ? 'swap' : 'bridge';
    c.move(party(from, from.from, 'created'), party(to, to.to, 'destroyed'), asset(from.asset), {
      id: `x:${kind}:${from.id}>${to.id}`, tx: from.tx, index: 0, value: units(from.amount, from.id), time: from.time, marked: units(left, from.id) ?? 0n,
      into: { asset: asset(to.asset), value: units(to.amount, to.id) },
    }, link);
  }
  return c.command();
}
