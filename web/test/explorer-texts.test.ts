import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { actionsOf, keyOf } from '../src/explorer/actions.ts';
import { has, keys, load, t } from '../src/explorer/texts.ts';

const CATALOGUE = '../crates/app/page/locales/en/explorer.ftl';

test('values, plurals of the language, selection in selection', () => {
  assert.equal(t('say-added', { n: 1 }), '1 node added.');
  assert.equal(t('say-added', { n: 1204 }), '1,204 nodes added.');
  assert.equal(t('edge-sentence', { sum: '1 BTC', from: 'a', to: 'b', n: 2, link: 'payment' }), '1 BTC from a to b in 2 movements');
  assert.equal(t('edge-sentence', { sum: '1 BTC', from: 'a', to: 'b', n: 2, link: 'swap' }), '1 BTC from a to b in a swap');
  assert.equal(t('no-such-key'), 'no-such-key');
  load('few =\n    { $n ->\n        [one] one\n        [few] few\n       *[other] many\n    }\nquoted = { "{" }{ $a }\nlong = one\n    two\n', 'pl');
  assert.deepEqual([1, 3, 5].map((n) => t('few', { n })), ['one', 'few', 'many']);
  assert.equal(t('quoted', { a: 'x' }), '{x');
  assert.equal(t('long'), 'one two');
  assert.throws(() => { load('bad = { NUMBER($n) }'); }, /neither a value nor a selection/);
  load(readFileSync(CATALOGUE, 'utf8'));
});

test('every text that a source names is in the catalogue, and each of the catalogue is named', () => {
  const folder = 'src/explorer/';
  const source = readdirSync(folder).map((f) => readFileSync(folder + f, 'utf8')).join('\n');
  const starts = new Set([...source.matchAll(/`([a-z]+-(?:[a-z]+-)?)\$\{/g)].map((m) => m[1] ?? ''));
  for (const [, key = ''] of source.matchAll(/\bt\('([\w-]+)'/g)) assert.ok(has(key), `${key} is not in explorer.ftl`);
  const unused = keys().filter((k) => !source.includes(`'${k}'`) && ![...starts].some((s) => k.startsWith(s)) && !['few', 'quoted', 'long'].includes(k));
  assert.deepEqual(unused, []);
});

test('every action has a name and a key of its own; keys are read from events', () => {
  const none = new Proxy({}, { get: () => () => undefined }) as never;
  const actions = actionsOf({ selected: new Set(), surface: {}, graph: {}, history: {} } as never, none);
  const seen = new Map<string, string>();
  for (const a of actions) {
    assert.notEqual(a.name, `action-${a.id}`, `${a.id} has no name`);
    assert.ok(a.keys.length > 0, `${a.id} has no key`);
    for (const key of a.keys) {
      assert.equal(seen.get(key), undefined, `${key} is of ${a.id} and ${seen.get(key) ?? ''}`);
      seen.set(key, a.id);
    }
  }
  const press = (key: string, more: object = {}): string => keyOf({ key, code: '', ctrlKey: false, metaKey: false, shiftKey: false, altKey: false, ...more });
  assert.deepEqual([press('T', { shiftKey: true }), press('?', { shiftKey: true }), press('Z', { ctrlKey: true, shiftKey: true }), press('¡', { code: 'Digit1', altKey: true }), press('ArrowLeft', { ctrlKey: true })], ['Shift+T', '?', 'Ctrl+Shift+z', 'Alt+1', 'Ctrl+ArrowLeft']);
});
