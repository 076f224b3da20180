import assert from 'node:assert/strict';
import { test } from 'node:test';
import { viewOf } from '../src/explorer/aggregate.ts';
import { apply, History } from '../src/explorer/commands.ts';
import { itemsOf } from '../src/explorer/begin.ts';
import { addressId, fromAddress, txId } from '../src/explorer/learn.ts';
import { Graph, restOf, snapshot, sumOf, type Side } from '../src/explorer/model.ts';
import { factOf, fromLinks, fromTransactions, totalsOf } from '../src/explorer/reports.ts';
import { percent } from '../src/explorer/scene.ts';
import { neighbours, transactions } from './browser/graph-api.ts';
import { addressOf, entityOf, RANSOM, txs } from './browser/ledger.ts';
import { below, command, ledger, pick, seeded } from './random.ts';

const addresses = [...new Set(txs.flatMap((t) => [...t.inputs, ...t.outputs].map((s) => s.address ?? '')).filter(Boolean))];

test('after an address was looked up, drawn and left-out amounts of each side are the ledger\'s, whatever is shown', () => {
  const r = seeded(11);
  for (let round = 0; round < 200; round += 1) {
    const address = pick(r, addresses), side = pick<Side>(r, ['in', 'out']), limit = 1 + below(r, 12);
    const graph = new Graph(), id = addressId('bitcoin', address);
    const report = neighbours(new URLSearchParams({ subject: address, direction: side, by: 'transaction', limit: String(limit) }));
    const about = addressOf(address);
    assert.ok(report && about);
    const ids = report.rows.flatMap((row) => (row.id ? [{ id: row.id }] : []));
    for (const learn of [fromAddress('bitcoin', 'BTC', about), ...fromTransactions(transactions({ transactions: ids, between: [] })), totalsOf(id, report)]) apply(graph, learn);
    const known = [...graph.facts.keys()];
    apply(graph, { do: 'show', places: [id, ...known.filter(() => r() < 0.5)].map((k) => [k, { x: 0, y: 0, pinned: false }]) });
    let drawn = 0n, count = 0;
    for (const e of viewOf(graph).edges.values()) if ((side === 'in' ? e.to : e.from) === id) { drawn += e.sum.units; count += e.movements.length; }
    const rest = restOf(graph, id, side);
    for (const s of rest?.sums.values() ?? []) drawn += s.units;
    for (const units of rest?.unlisted?.sums?.values() ?? []) drawn += units;
    count += (rest?.movements ?? 0) + (rest?.unlisted?.count ?? 0);
    assert.deepEqual([drawn.toString(), count], [report.total[0]?.amount ?? '0', report.total[0]?.count ?? 0], `${address} ${side}`);
  }
});

test('a transaction of the graph\'s API is the same as one of the ledger\'s page', () => {
  const graph = new Graph();
  const one = txs.find((t) => t.coinjoin);
  assert.ok(one);
  for (const learn of fromTransactions(transactions({ transactions: [{ id: one.txid }], between: [] }))) apply(graph, learn);
  const id = txId('bitcoin', one.txid);
  assert.equal(graph.facts.get(id)?.shape, 'coinjoin');
  for (const [side, list] of [['in', one.inputs], ['out', one.outputs]] as const) {
    const movements = [...graph.edgesOf(id, side)].flatMap((e) => e.movements);
    assert.equal(sumOf(movements).units, list.reduce((n, s) => n + BigInt(s.value ?? 0), 0n));
    assert.equal(restOf(graph, id, side)?.unlisted ?? null, null);
  }
});

test('transfers of account chains: assets by their own ids, fees left out, amounts that nobody knows', () => {
  const usdt = { id: 'eip155:1/erc20:0xdac17f958d2ee523a2206206994597c13d831ec7', ticker: 'USDT', decimals: 6 };
  const who = { category: 'exchange', risk: 'low', label: 'Pool' };
  const [learn] = fromTransactions({
    transactions: [{ chain: 'eip155:1', id: '0x1', time: 5, rest_in: [], rest_out: [], movements: [
      { id: 'a', kind: 'transfer', from: { address: '0xa', who }, to: { address: '0xb', who }, asset: usdt, amount: '18446744073709551616', transfer: 'token' },
      { id: 'b', kind: 'transfer', from: { address: '0xa', who }, to: null, asset: usdt, amount: null, transfer: 'token' },
      { id: 'c', kind: 'transfer', from: { address: '0xa', who }, to: { address: '0xm', who }, asset: usdt, amount: '1', transfer: 'fee' },
    ] }], between: [], more_between: [], missing: [], complete: true, notes: [],
  });
  assert.ok(learn);
  assert.deepEqual(learn.edges.map((e) => [e.from, e.to, e.asset, e.movements[0]?.value]), [['a:eip155:1:0xa', 'a:eip155:1:0xb', usdt.id, 18446744073709551616n], ['a:eip155:1:0xa', 'u:eip155:1:destroyed', usdt.id, null]]);
  assert.equal(learn.facts.some((f) => f.kind === 'transaction'), false);
});

test('totals that are not whole, or have unknown amounts, promise no sum', () => {
  const sum = { asset: { id: 'x', ticker: 'BTC', decimals: 8 }, amount: '7', count: 3 };
  const report = { chain: 'bitcoin', subject: 'a', direction: 'in' as const, by: 'address', rows: [], listed: [], rest: [], filtered: [], more_rows: 0, notes: [] };
  assert.deepEqual(totalsOf('a', { ...report, total: [sum], complete: true }).totals, [['a|in', { complete: false, count: 3, sums: [['bitcoin/BTC', 7n]] }]]);
  assert.deepEqual(totalsOf('a', { ...report, total: [sum], complete: false }).totals, [['a|in', { complete: false, count: null, sums: null }]]);
  assert.deepEqual(totalsOf('a', { ...report, total: [{ ...sum, unknown: 1 }], complete: true }).totals, [['a|in', { complete: false, count: 3, sums: null }]]);
});

test('rows as nodes: of what is neither an address nor a transaction there is none', () => {
  const row = { who: { category: 'mixer', risk: 'high', label: 'B' }, asset: { id: 'x' }, amount: '1', count: 1 };
  assert.deepEqual(factOf('bitcoin', { ...row, kind: 'address', id: RANSOM, entity: { id: entityOf(RANSOM)[0] ?? '', addresses: 2 } })?.entity, `e:bitcoin:${entityOf(RANSOM)[0] ?? ''}`);
  for (const kind of ['created', 'fee', 'unknown']) assert.equal(factOf('bitcoin', { ...row, kind, id: null }), null);
});

test('items of a pasted text and of a CSV file', () => {
  assert.deepEqual(itemsOf('address,amount\n"bc1qa",1\r\nbc1qb;bc1qa\t\'0xAB\'\n'), ['address', 'amount', 'bc1qa', '1', 'bc1qb', '0xAB']);
  assert.equal(itemsOf(Array.from({ length: 1500 }, (_, i) => `x${i}`).join('\n')).length, 1500);
});

test('shares in per cent round to what they are', () => {
  assert.deepEqual(([[1n, 3n], [1n, 10_000n], [0n, 5n], [5n, 5n], [15n, 1000n], [2n, 0n]] as const).map(([a, b]) => percent(a, b)), ['33 %', '<0.1 %', '0 %', '100 %', '1.5 %', '']);
});

test('a cleared history is an empty graph; a replayed moment shows no later movement and changes nothing', () => {
  const r = seeded(5), history = new History(new Graph());
  history.do(ledger(5));
  for (let i = 0; i < 50; i += 1) history.do(command(r, history.graph));
  const before = snapshot(history.graph);
  const at = 1_000_000 + 600 * 10;
  for (const e of viewOf(history.graph, at).edges.values()) for (const m of e.movements) assert.ok(m.time === null || m.time < at);
  assert.equal(snapshot(history.graph), before);
  history.clear();
  assert.equal(snapshot(history.graph), snapshot(new Graph()));
  assert.equal(history.undo(), null);
});

test('a swap and a bridge are edges of their own; one of which an end is not known is counted', () => {
  const end = (chain: string, ticker: string, amount: string, tx: string): { account: string; amount: string; asset: { id: string; ticker: string; decimals: number }; chain: string; transfers: string[]; tx: string; height: number } =>
    ({ account: '0xa', amount, asset: { id: `${chain}/${ticker}`, ticker, decimals: 6 }, chain, transfers: [`${tx}:0`], tx, height: 1 });
  const about = { state: 'settled', rule: 'r' };
  const { learn, halves } = fromLinks({ links: [
    { ...about, kind: 'swap', out: end('eip155:1', 'USDC', '5', '0x1'), into: end('eip155:1', 'USDT', '4', '0x1') },
    { ...about, kind: 'bridge', out: end('eip155:1', 'USDC', '7', '0x2'), into: end('eip155:10', 'USDC', '6', '0x3') },
    { ...about, kind: 'bridge', out: end('eip155:1', 'USDC', '9', '0x4'), into: null },
  ], gaps: [] });
  assert.equal(halves, 1);
  assert.deepEqual(learn.edges.map((e) => [e.link, e.to, e.movements[0]?.value, e.movements[0]?.into]), [['swap', 'a:eip155:1:0xa', 5n, { asset: 'eip155:1/USDT', value: 4n }], ['bridge', 'a:eip155:10:0xa', 7n, { asset: 'eip155:10/USDC', value: 6n }]]);
});
