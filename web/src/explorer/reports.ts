/** Answers of the graph's own endpoints (`/api/v1/graph/...`): their shapes, and what of them becomes facts. */
import type { Asset } from './format.ts';
import { addressId, assetOf, coin, Collected, entityId, isAccountChain, riskOf, txId, units, type AssetView, type Learn } from './learn.ts';
import { totalKey, type Fact, type Link, type Side } from './model.ts';

export interface SumReport { asset: AssetView; amount: string; count: number; unknown?: number | null }
export interface Who { label?: string | null; category: string; risk: string; tags?: number; source?: string | null; confidence?: string | null; by_cluster?: boolean }
export interface EntityRef { id: string | number; addresses: number; label?: string | null }
export interface Row {
  kind: string; id?: string | null; is_subject?: boolean; entity?: EntityRef | null; who: Who; asset: AssetView; amount: string; count: number; unknown?: number | null;
  divided?: boolean; first_time?: number | null; last_time?: number | null;
}
export interface NeighboursReport {
  chain: string; subject: string; direction: Side; by: string; rows: Row[]; total: SumReport[]; listed: SumReport[]; rest: SumReport[]; filtered: SumReport[];
  more_rows: number; complete: boolean; notes: string[];
}
interface End { address?: string | null; entity?: EntityRef | null; who: Who }
interface TxMovement { id: string; kind: string; from?: End | null; to?: End | null; asset: AssetView; amount?: string | null; transfer?: string | null; spent_by?: string | null }
export interface TransactionsReport {
  transactions: { chain: string; id: string; time: number | null; coinbase?: boolean; coinjoin?: string | null; movements: TxMovement[]; rest_in: SumReport[]; rest_out: SumReport[] }[];
  between: { chain: string; from: string; to: string; tx: string; time: number | null; asset: AssetView; amount?: string | null; divided?: boolean }[];
  more_between: SumReport[]; missing: { item: string; reason: string }[]; complete: boolean; notes: string[];
}
export interface LookupReport {
  items: { item: string; state: 'resolved' | 'ambiguous' | 'unknown'; choices: { kind: string; id: string; chain?: string | null; name?: string | null; category: string; risk: string; examples?: string[] }[]; reason?: string | null }[];
  resolved: number; ambiguous: number; unknown: number; repeated: number;
}
/** Items without a chain are on none that the desk stores: nothing can be drawn of them. */
export interface StartReport { items: { kind: string; id: string; chain?: string | null; why: string }[]; more: number; notes: string[] }
interface Point { start: number; received: string; received_count: number; sent: string; sent_count: number }
export interface FiguresReport { asset?: AssetView | null; tables: { name: string; as_of_block: { height: number }; figures: { name: string; unit: 'amount' | 'count' | 'time' | 'height' | 'transaction'; value: string }[] }[]; installed: number; notes: string[] }
export interface ActivityReport { period: string; assets: { asset: AssetView; points: Point[]; before?: { received: string; received_count: number; sent: string; sent_count: number } | null }[]; more_assets: number; complete: boolean; notes: string[] }

/** What a person bounds an expansion by; empty fields bound nothing. `least` is in base units and needs an asset on account chains. */
export interface Bounds { readonly most: number; readonly sort: 'amount' | 'newest' | 'oldest'; readonly asset: string; readonly least: string; readonly from: number | null; readonly until: number | null; readonly category: string }
export const UNBOUNDED: Bounds = { most: 12, sort: 'amount', asset: '', least: '', from: null, until: null, category: '' };

/** The graph's asset for one of the API's: coins of UTXO chains have one id, whichever endpoint names them. */
export const assetIn = (chain: string, view: AssetView): Asset => (isAccountChain(chain) ? assetOf(view) : coin(chain, view.ticker ?? view.id));

/** The exact totals of one side of a node. */
export function totalsOf(id: string, report: NeighboursReport): Learn {
  const c = new Collected();
  const sums = new Map<string, bigint>();
  let count = 0, unknown = 0;
  for (const s of report.total) {
    const asset = assetIn(report.chain, s.asset);
    c.assets.set(asset.id, asset);
    count += s.count;
    unknown += s.unknown ?? 0;
    sums.set(asset.id, (sums.get(asset.id) ?? 0n) + (units(s.amount, 'total') ?? 0n));
  }
  const open = !report.complete || unknown > 0;
  c.totals.push([totalKey(id, report.direction), { complete: false, count: report.complete ? count : null, sums: open ? null : [...sums] }]);
  return c.command();
}

/** Transactions with all of their movements. */
export function fromTransactions(report: TransactionsReport): Learn[] {
  return report.transactions.map((tx) => {
    const c = new Collected();
    const id = txId(tx.chain, tx.id);
    const isAccounts = isAccountChain(tx.chain);
    const party = (end: End | null | undefined, other: string): string => {
      const ref = end?.address;
      const at = ref ? addressId(tx.chain, ref) : `u:${isAccounts ? tx.chain : id}:${other}`;
      const entity = !isAccounts && end?.entity && end.entity.addresses > 1 ? entityId(tx.chain, end.entity.id) : null;
      const label = end?.who.label ?? (ref ? '' : isAccounts ? other : 'unknown address');
      c.fact({ id: at, kind: ref || !isAccounts ? 'address' : 'service', ref: ref ?? label, chain: tx.chain, label, category: end?.who.category ?? '', risk: riskOf(end?.who.risk), ...(entity ? { entity } : {}) });
      if (entity && end?.entity) c.fact({ id: entity, kind: 'entity', ref: ref ?? '', chain: tx.chain, label: end.entity.label ?? '', category: end.who.category, risk: riskOf(end.who.risk) });
      return at;
    };
    if (!isAccounts) c.fact({ id, kind: 'transaction', ref: tx.id, chain: tx.chain, time: tx.time, ...(tx.coinbase ? { shape: 'coinbase' as const } : tx.coinjoin ? { shape: 'coinjoin' as const } : {}) });
    const counts = { in: 0, out: 0 };
    tx.movements.forEach((m, i) => {
      const asset = assetIn(tx.chain, m.asset);
      c.assets.set(asset.id, asset);
      const value = units(m.amount, m.id);
      const index = Number(/:(\d{1,10})$/.exec(m.id)?.[1] ?? i);
      if (m.kind === 'input') {
        counts.in += 1;
        c.move(party(m.from, 'in'), id, asset.id, { id: `-${m.id}`, tx: tx.id, index, value, time: tx.time });
      } else if (m.kind === 'output') {
        counts.out += 1;
        const to = party(m.to, `out:${index}`);
        c.move(id, to, asset.id, { id: `+${m.id}`, tx: tx.id, index, value, time: tx.time });
        if (!m.spent_by) return;
        const spender = txId(tx.chain, m.spent_by);
        c.fact({ id: spender, kind: 'transaction', ref: m.spent_by, chain: tx.chain });
        c.move(to, spender, asset.id, { id: `-${m.id}`, tx: m.spent_by, index, value, time: null });
      } else if (m.transfer !== 'fee') c.move(party(m.from, 'created'), party(m.to, 'destroyed'), asset.id, { id: m.id, tx: tx.id, index: 0, value, time: tx.time });
    });
    if (!isAccounts) for (const side of ['in', 'out'] as const) {
      const rest = side === 'in' ? tx.rest_in : tx.rest_out;
      const isWhole = rest.length === 0;
      c.totals.push([totalKey(id, side), { complete: isWhole, count: isWhole ? null : counts[side] + rest.reduce((n, s) => n + s.count, 0), sums: null }]);
    }
    return c.command();
  });
}

/** The neighbour of a row as a fact. */
export function factOf(chain: string, row: Row): Fact | null {
  if (!row.id) return null;
  const about = { chain, label: row.who.label ?? '', risk: riskOf(row.who.risk), category: row.who.category, entity: null, time: null, hop: null };
  if (row.kind === 'transaction') return { ...about, id: txId(chain, row.id), kind: 'transaction', ref: row.id, time: row.first_time ?? null };
  if (row.kind === 'address') return { ...about, id: addressId(chain, row.id), kind: 'address', ref: row.id, entity: row.entity && row.entity.addresses > 1 && !isAccountChain(chain) ? entityId(chain, row.entity.id) : null };
  return null;
}

interface LinkEnd { account: string; amount: string; asset: AssetView; chain: string; transfers: string[]; tx?: string | null; height: number }
export interface LinksReport { links: { kind: string; state: string; rule: string; out?: LinkEnd | null; into?: LinkEnd | null }[]; next?: number | null; gaps: string[] }

/** Swaps and bridges of an account as edges of their own; one of which only one end is known is not drawn, and counted. */
export function fromLinks(report: LinksReport): { learn: Learn; halves: number } {
  const c = new Collected();
  let halves = 0;
  for (const l of report.links) {
    if (!l.out || !l.into) {
      halves += 1;
      continue;
    }
    const [from, to] = [l.out, l.into].map((end) => {
      const id = addressId(end.chain, end.account), asset = assetOf(end.asset);
      c.fact({ id, kind: 'address', ref: end.account, chain: end.chain });
      c.assets.set(asset.id, asset);
      return { id, asset: asset.id };
    });
    if (!from || !to) continue;
    const link: Link = l.out.chain === l.into.chain ? 'swap' : 'bridge';
    c.move(from.id, to.id, from.asset, {
      id: `x:${l.kind}:${l.out.transfers[0] ?? l.out.tx ?? ''}>${l.into.transfers[0] ?? l.into.tx ?? ''}`, tx: l.out.tx ?? '', index: 0, value: units(l.out.amount, l.kind), time: null,
      into: { asset: to.asset, value: units(l.into.amount, l.kind) },
    }, link);
  }
  return { learn: c.command(), halves };
}

export interface EntityReport {
  who: Who; members: number; addresses: string[]; received: SumReport[]; sent: SumReport[]; within: SumReport[]; tags: { label: string; category: string; source: string; confidence?: string | number | null; lastmod?: string | null }[]; tag_count: number;
  first_seen?: number | null; last_seen?: number | null; complete: boolean; notes: string[];
}
