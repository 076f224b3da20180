import assert from 'node:assert/strict';
import { test } from 'node:test';
import { viewOf } from '../src/explorer/aggregate.ts';
import { apply, History } from '../src/explorer/commands.ts';
import { csvOf, graphmlOf } from '../src/explorer/files.ts';
import { addressId, fromAccountTrace, fromAddress, fromTrace, fromTx, txId, units, type AddressReport, type TxReport } from '../src/explorer/learn.ts';
import { Graph, restOf, snapshot, stringify, sumOf } from '../src/explorer/model.ts';
import { fromTransactions, totalsOf } from '../src/explorer/reports.ts';
import { open } from '../src/explorer/saved.ts';
import { Neighbours, tableOf, treeOf, walk } from '../src/explorer/tree.ts';
import { viewText } from '../src/explorer/words.ts';
import { addressOf, RANSOM, txOf } from './browser/ledger.ts';

const C = 'bitcoin';
const BTC = { id: 'bitcoin/BTC', unit: 'BTC', decimals: 8 };
const place = { x: 0, y: 0, pinned: false };
const must = <T>(v: T | undefined | null): T => { assert.ok(v !== undefined && v !== null); return v; };
const showAll = (g: Graph): void => { apply(g, { do: 'show', places: [...g.facts.values()].filter((f) => f.kind !== 'entity').map((f) => f.id).map((id) => [id, place]) }); };

test('an address and its transactions tell of the same movements', () => {
  const report = must(addressOf(RANSOM));
  const one = new Graph(), other = new Graph();
  const txs = [...new Set(report.receipts.flatMap((r) => [r.txid, ...(r.spent_by ? [r.spent_by] : [])]))].map((id) => must(txOf(id)));
  apply(one, fromAddress(C, 'BTC', report));
  for (const t of txs) apply(one, fromTx(C, t));
  for (const t of txs) apply(other, fromTx(C, t));
  apply(other, fromAddress(C, 'BTC', report));
  const id = addressId(C, RANSOM);
  for (const g of [one, other]) {
    const paid = [...g.edgesOf(id, 'in')].reduce((n, e) => n + sumOf(e.movements).units, 0n);
    const known = report.receipts.reduce((n, r) => n + BigInt(r.value ?? 0), 0n);
    assert.equal(paid >= known && paid <= BigInt(report.received), true, 'no movement is counted twice');
  }
  const edges = (g: Graph): string => JSON.stringify([...g.edges.values()].map((e) => [e.key, e.movements.map((m) => [m.id, String(m.value), m.index])]).sort());
  assert.equal(edges(one), edges(other));
});

test('totals of an address count and sum what the answer does not list', () => {
  const report = must(addressOf(RANSOM));
  assert.ok(report.receipts.length < report.receipt_count);
  const g = new Graph();
  apply(g, fromAddress(C, 'BTC', report));
  showAll(g);
  const rest = must(restOf(g, addressId(C, RANSOM), 'in'));
  const listed = report.receipts.reduce((n, r) => n + BigInt(r.value ?? 0), 0n);
  assert.deepEqual(rest.unlisted?.sums?.get(BTC.id), BigInt(report.received) - listed);
  assert.equal(rest.unlisted?.count, 5);
  assert.match(viewText.rest(rest, () => BTC), /^5 movements not listed, [\d.]+ BTC$/);
});

test('amounts that are not exact are refused with their place', () => {
  assert.equal(units(21e14, 'x'), 2_100_000_000_000_000n);
  assert.throws(() => units(2 ** 53, 'output 0 of t'), /output 0 of t: 9007199254740992 is not an exact number/);
  assert.throws(() => units('1.5', 'x'), /exact/);
  assert.equal(units(null, 'x'), null);
  const tx: TxReport = { txid: 't', asset: 'BTC', time: 1, coinbase: false, inputs: [{ category: 'none', risk: 'none', value: 1.5, address: 'a', other: 'p:0' }], outputs: [] };
  assert.throws(() => fromTx(C, tx), /input 0 of t/);
});

test('transfers of an account chain, with coins that come into being, and pages that are left', () => {
  const asset = { id: 'eip155:1/slip44:60', ticker: 'ETH', decimals: 18 };
  const plain = { category: 'none', risk: 'none' }, pool = { label: 'Pool', category: 'defi', risk: 'low' };
  const t = (id: string, from: { address: string; who: typeof plain } | null, to: { address: string; who: typeof plain } | null = { address: '0xb', who: plain }): Parameters<typeof fromTransactions>[0]['transactions'][number] => ({
    chain: 'eip155:1', id: `0x${id}`, time: 5, rest_in: [], rest_out: [], movements: [{ id, kind: 'transfer', from, to, asset, amount: '1000000000000000001', transfer: 'value' }],
  });
  const g = new Graph();
  const transactions = [t('1', { address: '0xa', who: plain }), t('2', null), t('3', { address: '0xa', who: pool }), t('4', { address: '0xc', who: plain }, null)];
  for (const learn of fromTransactions({ transactions, between: [], more_between: [], missing: [], complete: true, notes: [] })) apply(g, learn);
  apply(g, totalsOf('a:eip155:1:0xb', { chain: 'eip155:1', subject: '0xb', direction: 'in', by: 'transaction', rows: [], total: [], listed: [], rest: [], filtered: [], more_rows: 0, complete: false, notes: [] }));
  showAll(g);
  const view = viewOf(g);
  assert.equal(view.edges.get('a:eip155:1:0xa>a:eip155:1:0xb>eip155:1/slip44:60')?.sum.units, 2_000_000_000_000_000_002n);
  assert.equal(view.nodes.get('u:eip155:1:created')?.label, 'created');
  assert.equal(view.nodes.get('u:eip155:1:destroyed')?.label, 'destroyed');
  assert.equal(view.nodes.get('a:eip155:1:0xa')?.label, 'Pool');
  assert.equal(viewText.rest(must(view.nodes.get('a:eip155:1:0xb')).rest.in, (id) => g.asset(id)), 'others not listed, amount unknown');
});

test('a trace marks edges; whole values come with the transactions', () => {
  const first = must(txOf(must(must(addressOf(RANSOM)).receipts[0]).txid));
  const vout = first.outputs.findIndex((o) => o.address === RANSOM);
  const g = new Graph();
  apply(g, fromTrace(C, 'BTC', { direction: 'forward', movements: [{ txid: first.txid, vout, address: RANSOM, category: 'ransomware', amount: 7, tx: 'spender', hops: 1 }], ends: [] }));
  const key = `${addressId(C, RANSOM)}>${txId(C, 'spender')}>${BTC.id}`;
  assert.equal(must(g.edges.get(key)).movements[0]?.marked, 7n);
  assert.equal(must(g.edges.get(key)).movements[0]?.value, null);
  apply(g, fromTx(C, first));
  const into = must(g.edges.get(`${txId(C, first.txid)}>${addressId(C, RANSOM)}>${BTC.id}`)).movements[0];
  assert.equal(into?.marked, 7n);
  assert.equal(into.value, BigInt(must(first.outputs[vout]?.value)));
});

test('a bridge is an edge of its own between chains, with what came out', () => {
  const a = { id: 'eip155:1/erc20:0x1', ticker: 'USDC', decimals: 6 }, b = { id: 'eip155:10/erc20:0x2', ticker: 'USDC', decimals: 6 };
  const from = { id: 'x1', chain: 'eip155:1', tx: '0x1', amount: '100', asset: a, time: 1, from: { address: '0xa', category: '' }, to: { address: '0xbridge', category: 'bridge' } };
  const to = { id: 'x2', chain: 'eip155:10', tx: '0x2', amount: '99', asset: b, time: 2, from: null, to: { address: '0xc', category: '' } };
  const g = new Graph();
  apply(g, fromAccountTrace({ movements: [{ transfer: from, marked: '100', hops: 1 }, { transfer: to, marked: '99', hops: 2 }], crossings: [{ from, to, kind: 'bridge', left: '100', reached: '99' }] }));
  const edge = must([...g.edges.values()].find((e) => e.link === 'bridge'));
  assert.deepEqual([edge.from, edge.to, edge.movements[0]?.into], ['a:eip155:1:0xa', 'a:eip155:10:0xc', { asset: b.id, value: 99n }]);
  apply(g, { do: 'show', places: [['a:eip155:1:0xa', place]] });
  const rest = must(restOf(g, 'a:eip155:1:0xa', 'out'));
  assert.equal(rest.sums.get(a.id)?.units, 100n, 'the payment into the bridge and the bridge are the same money');
  assert.equal(rest.neighbours, 2);
});

test('graphs of version 1 keep nodes, places and notes; an unknown form is refused', () => {
  const history = new History(new Graph());
  const again = open({ nodes: [{ id: RANSOM, kind: 'address', label: 'L', risk: 'severe', note: 'seen', x: 5, y: 6 }, { id: 'q:right:more', kind: 'more', x: 0, y: 0 }], edges: [] }, C, history);
  assert.deepEqual(again, [addressId(C, RANSOM)]);
  assert.deepEqual(history.graph.places.get(addressId(C, RANSOM)), { x: 5, y: 6, pinned: true });
  assert.equal(history.graph.marks.get(addressId(C, RANSOM))?.note, 'seen');
  assert.throws(() => open({ version: 3 }, C, new History(new Graph())), /does not read/);
  const copy = new History(new Graph());
  open(JSON.parse(stringify({ version: 2, log: history.log })), C, copy);
  assert.equal(snapshot(copy.graph), snapshot(history.graph));
});

function drawn(): Graph {
  const g = new Graph();
  const report: AddressReport = must(addressOf(RANSOM));
  apply(g, fromAddress(C, 'BTC', report));
  apply(g, { do: 'learn', facts: [{ ...must(g.facts.get(addressId(C, RANSOM))), hop: 0 }], edges: [], totals: [] });
  for (const r of report.receipts.slice(0, 3)) apply(g, fromTx(C, must(txOf(r.txid))));
  showAll(g);
  return g;
}

test('the tree has every node once, by distance and amount; arrows follow the money', () => {
  const g = drawn();
  const n = new Neighbours(viewOf(g));
  const rows = treeOf(n, () => true, (id) => g.asset(id));
  assert.equal(new Set(rows.map((r) => r.id)).size, n.view.nodes.size);
  assert.equal(rows.length, n.view.nodes.size);
  assert.equal(rows[0]?.id, addressId(C, RANSOM));
  assert.equal(rows.filter((r) => r.level === 1).length, 1);
  assert.match(must(rows[1]).text, /^received [\d.]+ BTC: transaction /);
  const right = must(walk(n, addressId(C, RANSOM), 'right', null));
  assert.equal(walk(n, right, 'left', null), addressId(C, RANSOM));
  const next = must(walk(n, right, 'down', addressId(C, RANSOM)));
  assert.equal(walk(n, next, 'up', addressId(C, RANSOM)), right);
  assert.ok(must(n.of(addressId(C, RANSOM), 'out')[0]).edge.sum.units >= must(n.of(addressId(C, RANSOM), 'out')[1]).edge.sum.units);
  const closed = treeOf(n, () => false, (id) => g.asset(id));
  assert.equal(closed.length, 1);
});

test('the table sorts by amount, and unknown times stand last either way', () => {
  const view = viewOf(drawn());
  const down = tableOf(view, 'units', true), up = tableOf(view, 'units', false);
  assert.equal(down.length, view.edges.size);
  for (let i = 1; i < down.length; i += 1) assert.ok(must(down[i - 1]).units >= must(down[i]).units && must(up[i - 1]).units <= must(up[i]).units);
  for (const descending of [true, false]) assert.equal(tableOf(view, 'first', descending).at(-1)?.first, null);
});

test('CSV has every movement with exact units, and runs no formula', () => {
  const g = drawn();
  const view = viewOf(g);
  apply(g, { do: 'mark', ids: [addressId(C, RANSOM)], mark: { label: '=HYPERLINK("x")' } });
  const csv = csvOf(viewOf(g), (id) => g.asset(id));
  const lines = csv.trimEnd().split('\r\n');
  assert.equal(lines.length - 1, [...view.edges.values()].reduce((n, e) => n + e.movements.length, 0));
  assert.ok(csv.includes('"\'=HYPERLINK(""x"")"'));
  const total = lines.slice(1).reduce((n, l) => n + BigInt(must(/,BTC,[\d.]*,(\d+),/.exec(l)?.[1])), 0n);
  assert.equal(total, [...view.edges.values()].reduce((n, e) => n + e.sum.units, 0n));
});

test('GraphML names all nodes and edges and escapes what people wrote', () => {
  const g = drawn();
  apply(g, { do: 'mark', ids: [addressId(C, RANSOM)], mark: { note: '<&"\u0000' } });
  const view = viewOf(g);
  const xml = graphmlOf(view, (id) => g.asset(id));
  assert.equal(xml.match(/<node /g)?.length, view.nodes.size);
  assert.equal(xml.match(/<edge /g)?.length, view.edges.size);
  assert.ok(xml.includes('&#60;&#38;&#34;\ufffd'));
});
