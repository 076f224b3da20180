/** The graph's own endpoints over the made ledger, in the shapes of the desk's API. */
import type { LookupReport, NeighboursReport, Row, SumReport, TransactionsReport } from '../../src/explorer/reports.ts';
import type { AddressReport } from '../../src/explorer/learn.ts';
import { addressOf, entityOf, namesOf, RANSOM, search, txOf, txs } from './ledger.ts';

const BTC = { id: 'bip122:000000000019d6689c085ae165831e93/slip44:0', ticker: 'BTC', decimals: 8 };
const sum = (amount: number, count: number): SumReport => ({ asset: BTC, amount: String(amount), count, unknown: 0 });
const who = (address: string | null | undefined): Row['who'] => { const n = address ? namesOf(address) : undefined; return { label: n?.label ?? null, category: n?.category ?? 'none', risk: n?.risk ?? 'none', tags: n?.label ? 1 : 0 }; };

interface One { tx: string; time: number; amount: number; other: string[] }
/** Movements on a side of an address, or of all addresses of its entity: what it received, or what it spent. */
function sideOf(subjects: readonly string[], side: 'in' | 'out'): One[] {
  return txs.flatMap((t) => (side === 'in' ? t.outputs : t.inputs).filter((s) => subjects.includes(s.address ?? '')).map((s) => ({ tx: t.txid, time: t.time, amount: s.value ?? 0, other: (side === 'in' ? t.inputs : t.outputs).map((o) => o.address ?? '') })));
}

export function neighbours(q: URLSearchParams): NeighboursReport | undefined {
  const subject = q.get('subject') ?? '', side = q.get('direction') === 'in' ? 'in' : 'out', by = q.get('by') ?? 'address', limit = Number(q.get('limit') ?? 20);
  const members = q.get('entity') ? entityOf(subject) : [subject];
  const all = sideOf(members, side);
  if (all.length === 0 && !addressOf(subject)) return undefined;
  const from = Number(q.get('from_time') ?? 0), until = Number(q.get('to_time') ?? Infinity), least = Number(q.get('min_amount') ?? 0);
  const groups = new Map<string, One[]>();
  for (const m of all) {
    const key = by === 'transaction' ? m.tx : (m.other[0] ?? '');
    groups.set(key, [...(groups.get(key) ?? []), m]);
  }
  const rows = [...groups].map(([id, list]): Row => {
    const amount = list.reduce((n, m) => n + m.amount, 0);
    return {
      kind: by === 'transaction' ? 'transaction' : id ? by : 'created', id: id || null, who: by === 'transaction' ? { category: 'none', risk: 'none', tags: 0 } : who(id), asset: BTC, amount: String(amount), count: list.length, unknown: 0,
      divided: by !== 'transaction' && list.some((m) => m.other.length > 1), first_time: Math.min(...list.map((m) => m.time)), last_time: Math.max(...list.map((m) => m.time)),
    };
  }).sort((a, b) => Number(b.amount) - Number(a.amount) || ((a.id ?? '') < (b.id ?? '') ? -1 : 1));
  const passing = rows.filter((r) => Number(r.amount) >= least && (r.last_time ?? 0) >= from && (r.first_time ?? 0) < until);
  const listed = passing.slice(0, limit);
  const add = (list: readonly Row[]): SumReport => sum(list.reduce((n, r) => n + Number(r.amount), 0), list.reduce((n, r) => n + r.count, 0));
  return {
    chain: 'bitcoin', subject, direction: side, by, rows: listed, total: [add(rows)], listed: [add(listed)], rest: [add(rows.filter((r) => !listed.includes(r)))], filtered: [], more_rows: rows.length - listed.length, complete: true, notes: [],
  };
}

export function transactions(body: { transactions: { id: string }[]; between: string[] }): TransactionsReport {
  const party = (address: string | null | undefined): { address: string; who: Row['who']; entity: { id: string; addresses: number } | null } | null => (address ? { address, who: who(address), entity: entityOf(address).length > 1 ? { id: entityOf(address)[0] ?? '', addresses: entityOf(address).length } : null } : null);
  return {
    transactions: body.transactions.flatMap(({ id }) => {
      const t = txOf(id);
      if (!t) return [];
      return [{
        chain: 'bitcoin', id, time: t.time, coinbase: t.coinbase, coinjoin: t.coinjoin ?? null, rest_in: [], rest_out: [],
        movements: [
          ...t.inputs.map((s) => ({ id: s.other ?? '', kind: 'input', from: party(s.address), asset: BTC, amount: String(s.value) })),
          ...t.outputs.map((s, i) => ({ id: `${id}:${i}`, kind: 'output', to: party(s.address), asset: BTC, amount: String(s.value), spent_by: s.other ?? null })),
        ],
      }];
    }),
    between: body.between.flatMap((from) => txs.filter((t) => t.inputs.some((s) => s.address === from)).flatMap((t) => t.outputs.filter((s) => s.address !== from && body.between.includes(s.address ?? '')).map((s) => ({ chain: 'bitcoin', from, to: s.address ?? '', tx: t.txid, time: t.time, asset: BTC, amount: String(s.value) })))),
    more_between: [], missing: body.transactions.filter(({ id }) => !txOf(id)).map(({ id }) => ({ item: id, reason: 'is not in this ledger' })), complete: true, notes: [],
  };
}

export function lookup(body: { items: string[] }): LookupReport {
  const items = body.items.map((item) => {
    const { hits } = search(item) as { hits: { kind: string; id: string; name: string; category: string; risk: string }[] };
    const found = hits.length > 0 ? hits : addressOf(item) ? [{ kind: 'address', id: item, name: '', category: 'none', risk: 'none' }] : [];
    return { item, state: found.length === 0 ? 'unknown' as const : found.length === 1 ? 'resolved' as const : 'ambiguous' as const, choices: found.slice(0, 20).map((h) => ({ ...h, chain: 'bitcoin', examples: [h.id] })) };
  });
  const of = (state: string): number => items.filter((i) => i.state === state).length;
  return { items, resolved: of('resolved'), ambiguous: of('ambiguous'), unknown: of('unknown'), repeated: 0 };
}

export const begun = (q: URLSearchParams): unknown => (q.get('alert') === '12'
  ? { items: [{ kind: 'address', id: RANSOM, chain: 'bitcoin', why: 'the destination of the withdrawal' }, { kind: 'address', id: 'x1', why: 'another' }], more: 0, notes: [] }
  : { items: [], more: 0, notes: [] });

export function activity(address: string): unknown {
  const months = new Map<string, { received: number; received_count: number; sent: number; sent_count: number }>();
  for (const side of ['in', 'out'] as const) for (const m of sideOf([address], side)) {
    const key = new Date(m.time * 1000).toISOString().slice(0, 7);
    const at = months.get(key) ?? { received: 0, received_count: 0, sent: 0, sent_count: 0 };
    if (side === 'in') { at.received += m.amount; at.received_count += 1; } else { at.sent += m.amount; at.sent_count += 1; }
    months.set(key, at);
  }
  const points = [...months].sort().map(([key, p]) => ({ start: Date.parse(`${key}-01T00:00:00Z`) / 1000, ...p, received: String(p.received), sent: String(p.sent) }));
  return { chain: 'bitcoin', address, period: 'month', assets: points.length > 0 ? [{ asset: BTC, points }] : [], more_assets: 0, complete: true, notes: [] };
}

/** Figures over the whole chain: of the ransom's address alone, as if of the others no table were installed. */
export const figures = (address: string): unknown => ({
  chain: 'bitcoin', address, asset: BTC, notes: [], installed: address === RANSOM ? 1 : 0,
  tables: address === RANSOM ? [{ name: 'address_summary', as_of_block: { height: 800_000, hash: '00' }, figures: [{ name: 'received', unit: 'amount', value: '1500000000' }, { name: 'receipts', unit: 'count', value: '30' }] }] : [],
});

/** Exposure of an address as its report carries it. */
export const exposed = (report: AddressReport | undefined): unknown => report && {
  ...report, exposure: { asset: 'BTC', amount: report.received, risk_score: 87, unknown_receipts: 0, source: [{ category: 'exchange', risk: 'low', direct: 1_000_000_000, indirect: 0, share_ppm: 380_000 }], destination: [{ category: 'mixer', risk: 'high', direct: 0, indirect: 500_000_000, share_ppm: 190_000 }, { category: 'exchange', risk: 'low', direct: 45_000_000, indirect: 90_000_000, share_ppm: 51_000 }] },
};

/** Graphs of a case, with their versions. */
export class Graphs {
  private readonly versions: { title: string; subject: string; body: unknown }[] = [];
  save(body: { title: string; subject?: string; base_version?: number; body: unknown }): { status: number; answer: unknown } {
    if (body.base_version !== undefined && body.base_version !== this.versions.length) return { status: 409, answer: { error: `ben saved version ${this.versions.length} first.` } };
    this.versions.push({ title: body.title, subject: body.subject ?? '', body: body.body });
    return { status: 200, answer: { graph: 1, version: this.versions.length, item: this.versions.length } };
  }
  list(): unknown { return { graph: 1, title: this.versions[0]?.title ?? '', versions: this.versions.map((_, i) => ({ version: i + 1, item: i + 1, created: 1_717_200_000 + i, created_by: 'ann', title: '', bytes: 1 })) }; }
  one(version: number): unknown { const v = this.versions[version - 1]; return v && { graph: 1, version, item: version, ...v, created: 1_717_200_000, created_by: 'ann' }; }
}
