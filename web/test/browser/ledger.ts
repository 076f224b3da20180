/** A small ledger that looks like a real one, answered as the API answers: a ransom, a peel chain, a mixer, an exchange. */
import type { AddressReport, TxReport, TxSide } from '../../src/explorer/learn.ts';

const B = 100_000_000;
const hex = (n: number): string => Array.from({ length: 64 }, (_, i) => ((n * 7919 + i * 104_729 + ((n * (i + 3)) % 97)) % 16).toString(16)).join('');
const LETTERS = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const addr = (n: number): string => `bc1q${Array.from({ length: 38 }, (_, i) => LETTERS[(n * 31 + i * 17 + (n >> 5) * (i + 3) + ((n + 7) * (i + 11)) % 29) % 32]).join('')}`;

const names = new Map<string, { label: string; category: string; risk: string; entity?: number }>();
const named = (n: number, label: string, category: string, risk: string, entity?: number): string => {
  names.set(addr(n), { label, category, risk, ...(entity === undefined ? {} : { entity }) });
  return addr(n);
};
export const txs: TxReport[] = [];
const spent = new Map<string, string>();
const outs = new Map<string, { address: string; value: number }>();
const side = (address: string, value: number, other: string | null): TxSide => {
  const n = names.get(address);
  return { address, value, label: n?.label ?? null, category: n?.category ?? 'none', risk: n?.risk ?? 'none', other };
};
let clock = 1_717_200_000;
function tx(inputs: readonly string[], outputs: readonly (readonly [string, number])[], more: Partial<TxReport> = {}): string {
  const id = hex(txs.length + 1);
  clock += 5_400 + ((txs.length * 7_001) % 40_000);
  for (const i of inputs) spent.set(i, id);
  outputs.forEach(([address, value], v) => outs.set(`${id}:${v}`, { address, value: Math.round(value * B) }));
  txs.push({
    txid: id, asset: 'BTC', time: clock, coinbase: inputs.length === 0, inputs: inputs.map((o) => { const s = outs.get(o); return side(s?.address ?? '', s?.value ?? 0, o); }),
    outputs: outputs.map(([address, value]) => side(address, Math.round(value * B), null)), ...more,
  });
  return id;
}

/** What tags say of an address, and the addresses of its entity, its first one first. */
export const namesOf = (address: string): { label: string; category: string; risk: string; entity?: number } | undefined => names.get(address);
export function entityOf(address: string): string[] {
  const entity = names.get(address)?.entity;
  return entity === undefined ? [address] : [...names].filter(([, n]) => n.entity === entity).map(([a]) => a);
}

export const RANSOM = named(1, 'Locky ransom', 'ransomware', 'severe', 1);
const collector = named(2, '', 'ransomware', 'severe', 1);
const exchange = named(3, 'Northwind Exchange', 'exchange', 'low', 2);
const hot = named(4, 'Northwind hot wallet', 'exchange', 'low', 2);
const mixer = named(5, 'BlendCoin', 'mixer', 'high', 3);
const gambling = named(6, 'LuckyDice', 'gambling', 'medium', 4);

// Thirty victims, each from an address of their own, most by way of the exchange.
for (let v = 0; v < 30; v += 1) {
  const fund = tx([], [[v % 3 === 0 ? exchange : addr(100 + v), 2 + (v % 7) * 0.35]]);
  tx([`${fund}:0`], [[RANSOM, 0.5 + (v % 5) * 0.25], [addr(200 + v), 1.2 + (v % 7) * 0.3]]);
}
const ransoms = (): string[] => [...outs].filter(([o, s]) => s.address === RANSOM && !spent.has(o)).map(([o]) => o);
const first = tx(ransoms().slice(0, 12), [[collector, 11.2]]);
const second = tx(ransoms().slice(0, 14), [[collector, 13.4]]);
let change = `${tx([`${first}:0`, `${second}:0`], [[addr(300), 24.1], [exchange, 0.45]])}:0`;
let left = 24.1;
for (let p = 1; p <= 8; p += 1) {
  const peel = 0.9 + (p % 3) * 0.4;
  left -= peel + 0.0002;
  change = `${tx([change], [[addr(300 + p), left], [p % 4 === 0 ? gambling : p % 2 === 0 ? exchange : addr(400 + p), peel]])}:0`;
}
const join = tx([change, `${tx([], [[addr(500), 5]])}:0`, `${tx([], [[addr(501), 5]])}:0`], [[mixer, 5], [addr(502), 5], [addr(503), 5], [addr(504), left - 5.01]], { coinjoin: 'whirlpool' });
tx([`${join}:1`], [[hot, 4.9], [addr(505), 0.09]]);
tx([`${join}:2`], [[addr(506), 2.5], [gambling, 2.49]]);

for (const t of txs) t.outputs.forEach((o, v) => { o.other = spent.get(`${t.txid}:${v}`) ?? null; });

/** Base units of an output by its outpoint. */
export const outputOf = (outpoint: string): number => outs.get(outpoint)?.value ?? NaN;

export const txOf = (id: string): TxReport | undefined => txs.find((t) => t.txid === id);

export function addressOf(address: string): AddressReport | undefined {
  const receipts = [...outs].filter(([, s]) => s.address === address).map(([o, s]) => {
    const [txid = '', vout = '0'] = o.split(':');
    return { txid, vout: Number(vout), height: 800_000, time: txOf(txid)?.time ?? null, value: s.value, spent_by: spent.get(o) ?? null };
  });
  if (receipts.length === 0) return undefined;
  const n = names.get(address);
  const received = receipts.reduce((s, r) => s + r.value, 0);
  const balance = receipts.filter((r) => r.spent_by === null).reduce((s, r) => s + r.value, 0);
  const tags = n?.label ? [{ label: n.label, category: n.category, risk: n.risk, source: 'example', creator: 'example', pack: 'example', lastmod: '2024-05-01', confidence: 'ownership' }] : [];
  return {
    address, network: 'bitcoin', category: n?.category ?? 'none', risk: n?.risk ?? 'none', received, balance, receipt_count: receipts.length, receipts: receipts.slice(0, 25), tags,
    entity: n?.entity === undefined ? null : { cluster: n.entity, root_address: entityOf(address)[0] ?? address, addresses: entityOf(address).length, category: n.category, tag: tags[0] ?? null },
  };
}

export const search = (q: string): { hits: unknown[]; more: number; notes: string[]; unknown: string[] } => {
  const hits = [...names].filter(([a, n]) => n.label.toLowerCase().includes(q.toLowerCase()) || a === q).map(([id, n]) => ({ kind: 'address', id, chain: 'bitcoin', name: n.label, category: n.category, risk: n.risk, assets: ['BTC'], examples: [], in_ledger: true }));
  if (hits.length === 0 && addressOf(q)) hits.push({ kind: 'address', id: q, chain: 'bitcoin', name: '', category: 'none', risk: 'none', assets: ['BTC'], examples: [], in_ledger: true });
  if (hits.length === 0 && txOf(q)) hits.push({ kind: 'transaction', id: q, chain: 'bitcoin', name: '', category: 'none', risk: 'none', assets: ['BTC'], examples: [], in_ledger: true });
  return { hits, more: 0, notes: [], unknown: hits.length === 0 ? [q] : [] };
};

/** Follows all outputs by haircut, as much as a picture needs: whole amounts where all of a transaction's inputs are marked. */
export function trace(subject: string, hops: number): { direction: 'forward'; movements: unknown[]; ends: unknown[] } {
  const movements: unknown[] = [], ends: unknown[] = [];
  let open = [...outs].filter(([o, s]) => s.address === subject || o.startsWith(subject)).map(([o, s]) => ({ o, amount: s.value, hop: 1 }));
  for (let hop = 1; hop <= hops; hop += 1) {
    const next = new Map<string, number>();
    for (const { o, amount } of open) {
      const [txid = '', vout = '0'] = o.split(':');
      const s = outs.get(o);
      const n = names.get(s?.address ?? '');
      const place = { txid, vout: Number(vout), address: s?.address, label: n?.label || null, category: n?.category ?? 'none', amount };
      const by = spent.get(o);
      const service = n !== undefined && s?.address !== subject && n.category !== 'ransomware';
      if (!by || service) ends.push({ ...place, hops: hop, kind: service ? 'service' : 'unspent' });
      else {
        movements.push({ ...place, tx: by, height: 800_000, hops: hop });
        next.set(by, (next.get(by) ?? 0) + amount);
      }
    }
    open = [...next].flatMap(([id, marked]) => {
      const t = txOf(id);
      const total = t?.inputs.reduce((s, i) => s + (i.value ?? 0), 0) ?? 1;
      return (t?.outputs ?? []).map((x, v) => ({ o: `${id}:${v}`, amount: Math.floor(((x.value ?? 0) * Math.min(marked, total)) / total), hop }));
    });
  }
  // What the bound cuts is an end too.
  for (const { o, amount } of open) {
    const [txid = '', vout = '0'] = o.split(':');
    const s = outs.get(o), n = names.get(s?.address ?? '');
    ends.push({ txid, vout: Number(vout), address: s?.address, label: n?.label || null, category: n?.category ?? 'none', amount, hops: hops + 1, kind: 'max_hops' });
  }
  return { direction: 'forward', movements, ends };
}
