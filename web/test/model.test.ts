import assert from 'node:assert/strict';
import { test } from 'node:test';
import { viewOf, type Inside } from '../src/explorer/aggregate.ts';
import { apply, History, UNDO_LIMIT, type Command } from '../src/explorer/commands.ts';
import { NO_FILTER } from '../src/explorer/filter.ts';
import { Graph, hiddenNeighbours, revived, restOf, snapshot, stringify, sumOf, type Movement } from '../src/explorer/model.ts';
import { viewText } from '../src/explorer/words.ts';
import { below, command, edge, fact, ledger, move, seeded } from './random.ts';

const BTC = { id: 'BTC', unit: 'BTC', decimals: 8 };
const place = { x: 0, y: 0, pinned: false };

/** One address that 20 transactions paid, four of which are drawn. */
function fan(): Graph {
  const graph = new Graph();
  const facts = [fact('a', 'address'), ...Array.from({ length: 20 }, (_, i) => fact(`t${i}`, 'transaction'))];
  const edges = Array.from({ length: 20 }, (_, i) => edge(`t${i}`, 'a', [move(`+t${i}:0`, BigInt(i + 1) * 10_000_000n)]));
  apply(graph, { do: 'learn', facts, edges, totals: [['a|in', { complete: true, count: 20, sums: null }]], assets: [BTC] });
  apply(graph, { do: 'show', places: [['a', place], ...hiddenNeighbours(graph, 'a', 'in').slice(0, 0).map((n) => [n.id, place] as const)] });
  return graph;
}

test('a node says what it does not draw, and the sum is right after each change', () => {
  const graph = fan();
  const history = new History(graph);
  const largest = hiddenNeighbours(graph, 'a', 'in').slice(0, 4).map((n) => n.id);
  assert.deepEqual(largest, ['t19', 't18', 't17', 't16']);
  history.do({ do: 'show', places: largest.map((id) => [id, place]) });
  // 0.1 + 0.2 + ... + 1.6 = 13.6
  assert.equal(viewText.rest(restOf(graph, 'a', 'in'), () => BTC), '+16 more, 13.6 BTC');
  history.do({ do: 'hide', ids: ['t19'] });
  assert.equal(viewText.rest(restOf(graph, 'a', 'in'), () => BTC), '+17 more, 15.6 BTC');
  history.undo();
  assert.equal(viewText.rest(restOf(graph, 'a', 'in'), () => BTC), '+16 more, 13.6 BTC');
});

test('what only the ledger knows is counted and summed beside what is listed', () => {
  const graph = fan();
  apply(graph, { do: 'learn', facts: [], edges: [], totals: [['a|in', { complete: false, count: 120, sums: [['BTC', 10_000_000_000n]] }]] });
  apply(graph, { do: 'show', places: Array.from({ length: 20 }, (_, i) => [`t${i}`, place]) });
  assert.equal(viewText.rest(restOf(graph, 'a', 'in'), () => BTC), '100 movements not listed, 79 BTC');
  // More is known than the total says: then it is not known, rather than negative or nothing.
  apply(graph, { do: 'learn', facts: [], edges: [], totals: [['a|in', { complete: false, count: 120, sums: [['BTC', 5n]] }]] });
  assert.equal(viewText.rest(restOf(graph, 'a', 'in'), () => BTC), '100 movements not listed, amount unknown');
  apply(graph, { do: 'learn', facts: [], edges: [], totals: [['a|in', { complete: false, count: null, sums: null }]] });
  assert.equal(viewText.rest(restOf(graph, 'a', 'in'), () => BTC), 'others not listed, amount unknown');
});

test('a movement learned from both of its ends is one', () => {
  const graph = new Graph();
  const learn = (value: bigint | null, time: number | null): Command => ({ do: 'learn', facts: [fact('a', 'address'), fact('t', 'transaction')], edges: [edge('a', 't', [move('-x:0', value, time)])], totals: [] });
  apply(graph, learn(5n, null));
  apply(graph, learn(null, 7));
  const [only] = [...graph.edges.values()];
  assert.deepEqual(only?.movements, [move('-x:0', 5n, 7)]);
});

const idsOf = (list: Iterable<{ movements: readonly Movement[] }>): string[] => [...list].flatMap((e) => e.movements.map((m) => m.id));

test('random graphs: every drawn edge is the sum of its movements, and every movement stands once', () => {
  for (let seed = 1; seed <= 120; seed += 1) {
    const graph = new Graph();
    const r = seeded(seed);
    apply(graph, ledger(seed));
    apply(graph, { do: 'show', places: [...graph.facts.keys()].filter(() => r() < 0.85).map((id) => [id, { x: below(r, 900), y: below(r, 900), pinned: false }]) });
    for (let i = 0; i < 6; i += 1) {
      const c = command(r, graph);
      if (c.do !== 'hide') apply(graph, c);
    }
    const drawn = [...graph.edges.values()].filter((e) => graph.shown.has(e.from) && graph.shown.has(e.to));
    for (const level of ['transaction', 'address', 'entity'] as const) for (const folds of [false, true]) {
      apply(graph, { do: 'set', key: 'level', value: level });
      apply(graph, { do: 'set', key: 'folds', value: folds });
      const view = viewOf(graph);
      for (const e of view.edges.values()) {
        assert.deepEqual(e.sum, sumOf(e.movements), `${seed} ${level} ${e.key}`);
        assert.ok(view.nodes.has(e.from) && view.nodes.has(e.to), `${seed} ${level}: ${e.key} ends nowhere`);
      }
      const inside: Inside[] = [...view.nodes.values()].flatMap((n) => n.inside);
      const placed = [...idsOf(view.edges.values()), ...idsOf(inside), ...idsOf(view.inputs)];
      assert.equal(new Set(placed).size, placed.length, `${seed} ${level} ${folds}: a movement is drawn twice`);
      assert.equal(placed.length + view.hidden.movements, idsOf(drawn).length, `${seed} ${level} ${folds}: a movement is missing`);
      const members = [...view.nodes.values()].flatMap((n) => n.members);
      assert.equal(new Set(members).size, members.length);
    }
  }
});

test('random graphs: what is drawn and what is left out of a node is all that is known of it', () => {
  for (let seed = 1; seed <= 60; seed += 1) {
    const graph = new Graph();
    const r = seeded(seed + 1000);
    apply(graph, ledger(seed));
    apply(graph, { do: 'show', places: [...graph.facts.keys()].filter(() => r() < 0.5).map((id) => [id, place]) });
    const view = viewOf(graph);
    for (const node of view.nodes.values()) for (const side of ['in', 'out'] as const) {
      const all = new Map<string, bigint>();
      for (const e of graph.edgesOf(node.id, side)) all.set(e.asset, (all.get(e.asset) ?? 0n) + sumOf(e.movements).units);
      const said = new Map<string, bigint>();
      for (const e of view.edges.values()) if ((side === 'in' ? e.to : e.from) === node.id) said.set(e.asset, (said.get(e.asset) ?? 0n) + e.sum.units);
      for (const [asset, sum] of node.rest[side]?.sums ?? []) said.set(asset, (said.get(asset) ?? 0n) + sum.units);
      assert.deepEqual([...said].sort(), [...all].sort(), `${seed} ${node.id} ${side}`);
    }
  }
});

test('filters: sums are of what is shown, and what is hidden is counted', () => {
  const graph = new Graph();
  apply(graph, {
    do: 'learn', facts: [fact('a', 'address', { hop: 0 }), fact('b', 'address'), fact('c', 'address', { category: 'mixer' })], totals: [], assets: [BTC],
    edges: [edge('a', 'b', [move('1', 100n, 10), move('2', 60_000n, 20), move('3', null, 30)]), edge('a', 'c', [move('4', 70_000n, null)])],
  });
  apply(graph, { do: 'show', places: ['a', 'b', 'c'].map((id) => [id, place]) });
  apply(graph, { do: 'set', key: 'filter', value: { ...NO_FILTER, dust: true } });
  let view = viewOf(graph);
  assert.deepEqual(view.edges.get('a>b>BTC')?.sum, { units: 60_000n, unknown: 1 });
  assert.equal(view.hidden.movements, 1);
  assert.deepEqual(view.hidden.sums.get('BTC'), { units: 100n, unknown: 0 });
  assert.equal(view.hidden.undecided, 1);
  apply(graph, { do: 'set', key: 'filter', value: { ...NO_FILTER, from: 15, until: 25 } });
  view = viewOf(graph);
  assert.deepEqual(view.edges.get('a>b>BTC')?.sum, { units: 60_000n, unknown: 0 });
  assert.equal(view.hidden.undecided, 1, 'the movement of unknown time stays');
  apply(graph, { do: 'set', key: 'filter', value: { ...NO_FILTER, without: ['mixer'] } });
  view = viewOf(graph);
  assert.deepEqual(view.hidden.nodes, ['c']);
  assert.equal(view.hidden.movements, 1);
});

test('transactions of one payer become payments; one with several payers, or an input that a filter hides, stays', () => {
  const graph = new Graph();
  const whole = { complete: true, count: null, sums: null };
  apply(graph, {
    do: 'learn', assets: [BTC], totals: [['t|in', whole], ['u|in', whole]],
    facts: [fact('a', 'address', { entity: 'e' }), fact('b', 'address', { entity: 'e' }), fact('c', 'address'), fact('t', 'transaction'), fact('u', 'transaction')],
    edges: [edge('a', 't', [move('-1', 100n)]), edge('t', 'c', [move('+1', 60n)]), edge('t', 'a', [move('+2', 39n)]), edge('a', 'u', [move('-3', 9n)]), edge('b', 'u', [move('-4', 20n)]), edge('u', 'c', [move('+5', 28n)])],
  });
  apply(graph, { do: 'show', places: [...graph.facts.keys()].map((id) => [id, place]) });
  apply(graph, { do: 'set', key: 'level', value: 'address' });
  let view = viewOf(graph);
  assert.deepEqual([...view.nodes.keys()], ['a', 'b', 'c', 'u']);
  assert.equal(view.edges.get('a>c>BTC')?.sum.units, 60n);
  assert.deepEqual(view.nodes.get('a')?.inside.map((i) => i.movements.map((m) => m.id)), [['+2']]);
  assert.equal(view.mixed, 1);
  apply(graph, { do: 'set', key: 'filter', value: { ...NO_FILTER, least: { BTC: 10n } } });
  assert.ok(viewOf(graph).nodes.has('u'), 'the hidden input may be of another payer');
  apply(graph, { do: 'set', key: 'filter', value: NO_FILTER });
  apply(graph, { do: 'set', key: 'level', value: 'entity' });
  view = viewOf(graph);
  assert.deepEqual([...view.nodes.keys()], ['c', 'e']);
  assert.equal(view.edges.get('e>c>BTC')?.sum.units, 88n);
});

test('a peel chain is one node with its count, and the peels leave it', () => {
  const graph = new Graph();
  const facts = [fact('a0', 'address', { hop: 0 })];
  const edges = [];
  const totals: [string, { complete: true; count: null; sums: null }][] = [];
  for (let i = 0; i < 5; i += 1) {
    facts.push(fact(`t${i}`, 'transaction'), fact(`a${i + 1}`, 'address'), fact(`p${i}`, 'address'));
    edges.push(edge(`a${i}`, `t${i}`, [move(`-${i}`, BigInt(100 - i * 10))]), edge(`t${i}`, `a${i + 1}`, [move(`+${i}c`, BigInt(90 - i * 10))]), edge(`t${i}`, `p${i}`, [move(`+${i}p`, 10n)]));
    totals.push([`t${i}|in`, { complete: true, count: null, sums: null }]);
  }
  apply(graph, { do: 'learn', facts, edges, totals, assets: [BTC] });
  apply(graph, { do: 'show', places: facts.map((f) => [f.id, place]) });
  apply(graph, { do: 'set', key: 'folds', value: true });
  const view = viewOf(graph);
  const fold = view.nodes.get('g:peel:t0');
  assert.equal(fold?.label, 'peel chain of 5 transactions');
  assert.equal(fold?.members.length, 9);
  assert.equal([...view.edges.values()].filter((e) => e.from === 'g:peel:t0').length, 6);
});

test('200 random commands undone give the first state; redone they give the last', () => {
  for (let seed = 1; seed <= 5; seed += 1) {
    const r = seeded(seed);
    const graph = new Graph();
    apply(graph, ledger(seed));
    const history = new History(graph);
    const first = snapshot(graph);
    for (let i = 0; i < UNDO_LIMIT; i += 1) history.do(command(r, graph));
    const last = snapshot(graph);
    const seen = stringify([...viewOf(graph).edges.values()]);
    let steps = 0;
    while (history.undo()) steps += 1;
    assert.equal(steps, UNDO_LIMIT);
    assert.equal(snapshot(graph), first);
    while (history.redo());
    assert.equal(snapshot(graph), last);
    assert.equal(stringify([...viewOf(graph).edges.values()]), seen, 'the view does not depend on the way to it');
  }
});

test('a saved log gives the same graph again, and only 200 steps go back', () => {
  const r = seeded(42);
  const history = new History(new Graph());
  history.do(ledger(1), 'ann', 5);
  for (let i = 0; i < 250; i += 1) history.do(command(r, history.graph));
  const saved = revived(JSON.parse(stringify(history.log))) as History['log'];
  const again = new History(new Graph());
  again.replay(saved);
  assert.equal(snapshot(again.graph), snapshot(history.graph));
  assert.equal(again.log[0]?.by, 'ann');
  let steps = 0;
  while (history.undo()) steps += 1;
  assert.equal(steps, 200);
  assert.equal(history.log.length, 51);
});
