/** Random graphs and commands from a seed, for property tests; and the big fixture. */
import type { Command } from '../src/explorer/commands.ts';
import { edgeKey, type Edge, type Fact, type Graph, type Kind, type Level, type Movement, type Risk, type Total } from '../src/explorer/model.ts';
import { NO_FILTER } from '../src/explorer/filter.ts';

export type Random = () => number;

/** Mulberry32. */
export function seeded(seed: number): Random {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
export const pick = <T>(r: Random, list: readonly T[]): T => {
  const found = list[Math.floor(r() * list.length)];
  if (found === undefined) throw new Error('nothing to pick from');
  return found;
};
export const below = (r: Random, n: number): number => Math.floor(r() * n);

export function fact(id: string, kind: Kind, more: Partial<Fact> = {}): Fact {
  return { id, kind, label: '', risk: 'unknown', category: '', chain: 'bitcoin', ref: id, entity: null, time: null, hop: null, ...more };
}
export function move(id: string, value: bigint | null, time: number | null = null, tx = id, index = 0): Movement {
  return { id, tx, index, value, time };
}
export function edge(from: string, to: string, movements: Movement[], asset = 'BTC'): Edge {
  return { key: edgeKey(from, to, asset, 'payment'), from, to, asset, link: 'payment', movements };
}

/** A ledger of transactions with inputs and outputs between addresses of a few entities: as the API tells it. */
export function ledger(seed: number, txs = 30, addresses = 40, prefix = 't'): Extract<Command, { do: 'learn' }> {
  const r = seeded(seed);
  const facts: Fact[] = [];
  const edges = new Map<string, Edge & { movements: Movement[] }>();
  const totals = new Map<string, Total>();
  const put = (from: string, to: string, asset: string, m: Movement): void => {
    const key = edgeKey(from, to, asset, 'payment');
    const known = edges.get(key);
    if (known) known.movements.push(m);
    else edges.set(key, { key, from, to, asset, link: 'payment', movements: [m] });
  };
  for (let i = 0; i < addresses; i += 1) {
    facts.push(fact(`a${i}`, 'address', { entity: r() < 0.6 ? `e${below(r, 6)}` : null, risk: pick<Risk>(r, ['severe', 'high', 'low', 'unknown']), category: pick(r, ['exchange', 'mixer', '']) }));
  }
  for (let t = 0; t < txs; t += 1) {
    const id = `${prefix}${t}`;
    const asset = r() < 0.8 ? 'BTC' : 'LTC';
    facts.push(fact(id, 'transaction', { time: 1_000_000 + t * 600, ...(r() < 0.1 ? { shape: 'coinjoin' as const } : {}) }));
    const value = (): bigint | null => (r() < 0.05 ? null : BigInt(below(r, 2 ** 31)) * BigInt(1 + below(r, 1000)));
    const ins = 1 + (r() < 0.3 ? below(r, 4) : 0);
    for (let i = 0; i < ins; i += 1) put(`a${below(r, addresses)}`, id, asset, { id: `-${id}:${i}`, tx: id, index: i, value: value(), time: 1_000_000 + t * 600 });
    const outs = 1 + below(r, 4);
    for (let i = 0; i < outs; i += 1) put(id, `a${below(r, addresses)}`, asset, { id: `+${id}:${i}`, tx: id, index: i, value: value(), time: r() < 0.05 ? null : 1_000_000 + t * 600 });
    if (r() < 0.8) for (const side of ['in', 'out']) totals.set(`${id}|${side}`, { complete: true, count: null, sums: null });
  }
  return {
    do: 'learn', facts, edges: [...edges.values()], totals: [...totals],
    assets: [{ id: 'BTC', unit: 'BTC', decimals: 8 }, { id: 'LTC', unit: 'LTC', decimals: 8 }],
  };
}

/** Any command that fits the graph. */
export function command(r: Random, graph: Graph, depth = 0): Command {
  const all = [...graph.facts.keys()].sort();
  const shown = [...graph.shown.keys()].sort();
  const some = (list: string[]): string[] => (list.length === 0 ? [] : Array.from({ length: 1 + below(r, 4) }, () => pick(r, list)));
  const place = (): { x: number; y: number; pinned: boolean } => ({ x: below(r, 2000), y: below(r, 2000), pinned: r() < 0.5 });
  switch (below(r, depth > 1 ? 11 : 12)) {
    case 0: { const seed = below(r, 1e6); return ledger(seed, 3, 10, `t${seed}-`); }
    case 1: case 2: return { do: 'show', places: some(all).map((id) => [id, place()]) };
    case 3: return { do: 'hide', ids: some(shown) };
    case 4: return { do: 'move', places: some(shown).map((id) => [id, place()]) };
    case 5: return { do: 'mark', ids: some(shown), mark: pick(r, [{ colour: below(r, 4) }, { note: pick(r, ['', 'seen']) }, { label: 'mine' }]) };
    case 6: return { do: 'group', id: `g:${below(r, 5)}`, group: { label: 'group', members: some(shown), open: r() < 0.5 } };
    case 7: return { do: 'ungroup', id: `g:${below(r, 5)}` };
    case 8: return { do: 'set', key: 'level', value: pick<Level>(r, ['entity', 'address', 'transaction']) };
    case 9: return { do: 'set', key: 'folds', value: r() < 0.5 };
    case 10: return {
      do: 'set', key: 'filter', value: {
        ...NO_FILTER, from: r() < 0.5 ? 1_000_000 + below(r, 15) * 600 : null, dust: r() < 0.3, least: r() < 0.4 ? { BTC: BigInt(below(r, 2 ** 31)) * 100n } : {},
        assets: r() < 0.2 ? ['BTC'] : null, without: r() < 0.2 ? ['mixer'] : [], risks: r() < 0.2 ? ['severe', 'high'] : null,
      },
    };
    default: return { do: 'batch', name: 'several', commands: Array.from({ length: 1 + below(r, 4) }, () => command(r, graph, depth + 1)) };
  }
}

/** Layers of nodes with edges to the next ones, like the measurement in the design: 5,000 nodes and 20,000 edges. */
export function layered(nodes: number, edges: number, seed = 7, layers = Math.max(4, Math.round(Math.sqrt(nodes) / 3))): Extract<Command, { do: 'learn' }> {
  const r = seeded(seed);
  const facts: Fact[] = [];
  const layer: number[] = [];
  for (let i = 0; i < nodes; i += 1) {
    layer.push(i < layers ? i : below(r, layers));
    const risk: Risk = pick(r, ['unknown', 'unknown', 'unknown', 'low', 'medium', 'high', 'severe']);
    facts.push(fact(`a:bitcoin:bc1q${i.toString(36).padStart(6, '0')}${(i * 7919).toString(36).padStart(6, 'x')}`, 'address', { risk, hop: layer[i] ?? 0, category: risk === 'unknown' ? '' : pick(r, ['exchange', 'mixer', 'ransomware', 'gambling']) }));
  }
  const at: number[][] = Array.from({ length: layers }, () => []);
  layer.forEach((l, i) => at[l]?.push(i));
  const made = new Map<string, Edge>();
  for (let guard = 0; made.size < edges && guard < edges * 20; guard += 1) {
    const a = below(r, nodes);
    const next = at[(layer[a] ?? 0) + 1];
    if (!next || next.length === 0) continue;
    const from = facts[a]?.id ?? '', to = facts[pick(r, next)]?.id ?? '';
    const e = edge(from, to, Array.from({ length: 1 + below(r, 3) }, (_, k) => move(`m${made.size}:${k}`, BigInt(1 + below(r, 2 ** 31)), 1_700_000_000 + below(r, 31_536_000), `tx${made.size}`, k)));
    if (!made.has(e.key)) made.set(e.key, e);
  }
  return { do: 'learn', facts, edges: [...made.values()], totals: [], assets: [{ id: 'BTC', unit: 'BTC', decimals: 8 }] };
}
